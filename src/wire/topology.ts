/**
 * Names and arguments of everything Warren declares in a broker, derived from apps and contracts.
 *
 * Users never write these; `warren topology` prints them. Why each queue is as it is: docs/guarantees.md.
 */
import type { QueueSpec, Route, Topology } from "../transport/mod.ts"

/** Exchange names of wire protocol v1. */
export const Exchange = { events: "warren.events", calls: "warren.calls", control: "warren.control" } as const

/** Delays of the retry tiers in ms; a wanted delay rounds up to the next one. */
export const retryTiers: ReadonlyArray<readonly [name: string, ms: number]> = [
  ["1s", 1_000],
  ["5s", 5_000],
  ["30s", 30_000],
  ["2m", 120_000],
  ["10m", 600_000],
  ["1h", 3_600_000],
]

/** The tier for a wanted delay in ms: the shortest that is not shorter, else the longest. */
export const tierFor = (delay: number): readonly [name: string, ms: number] =>
  retryTiers.find(([, ms]) => ms >= delay) ?? retryTiers.at(-1)!

/** Redeliveries after crashes before the broker itself dead-letters a message. */
export const deliveryLimit = 20

/**
 * Looks at a dead letter before the broker drops it: more than anybody takes. Said in every declaration, since RabbitMQ 4
 * has a limit of 20 where nothing is said, and 3.x takes no word for "none".
 */
export const deadDeliveryLimit = 1_000_000_000

/** Calls that may wait in one call's queue; beyond it callers get `Overloaded`. */
export const callQueueLimit = 10_000

/** How long a reply queue outlives its connection, ms. */
export const replyQueueExpiry = 60_000

/** Queue names. */
export const QueueName = {
  listener: (app: string, handler: string) => `warren.on.${app}.${handler}`,
  call: (type: string) => `warren.calls.${type}`,
  schedule: (app: string, handler: string) => `warren.every.${app}.${handler}`,
  token: (app: string, handler: string) => `warren.token.${app}.${handler}`,
  replies: (instance: string) => `warren.replies.${instance}`,
  control: (instance: string) => `warren.control.${instance}`,
  /** Of whoever taps; it exists as long as that: `tap.ts`. */
  tap: (instance: string, key: string) => `warren.tap.${instance}.${key}`,
  retry: (tier: string) => `warren.retry.${tier}`,
  dead: (app: string) => `warren.dead.${app}`,
  /** Questions who is there, for one of those that know everybody; it exists where there is a crowd. */
  directory: "warren.directory",
  /** What was once there, and which contracts were spoken: `ledger.ts`. */
  ledger: "warren.ledger",
  contracts: "warren.contracts",
} as const

/** Where packets go. */
export const routeTo = {
  event: (type: string): Route => ({ exchange: Exchange.events, key: type }),
  call: (type: string): Route => ({ exchange: Exchange.calls, key: type }),
  queue: (name: string): Route => ({ exchange: "", key: name }),
  retry: (delay: number, queue: string): Route => ({ exchange: QueueName.retry(tierFor(delay)[0]), key: queue }),
  cancel: (type: string): Route => ({ exchange: Exchange.control, key: `cancel.${type}` }),
  presence: (kind: "announce" | "ask"): Route => ({ exchange: Exchange.control, key: `presence.${kind}` }),
  /** Of and to processes that handle nothing: few want to know of those, and there may be many. */
  presenceOfCallers: (kind: "announce" | "ask"): Route => ({
    exchange: Exchange.control,
    key: `presence.caller.${kind}`,
  }),
} as const

/** What a process's control queue is bound to, by what the process does: it hears nothing that it has no use for. */
export const ControlKeys = {
  /** Every process: who handles something, and who looks for those that handle nothing. */
  always: [routeTo.presence("announce").key, routeTo.presenceOfCallers("ask").key],
  /** One that serves calls, or lists all processes: those that handle nothing, too. */
  watching: [routeTo.presenceOfCallers("announce").key],
  /** One that handles something: who looks for it, and which of the calls that it serves are cancelled. */
  handling: (calls: ReadonlyArray<string>): ReadonlyArray<string> => [
    routeTo.presence("ask").key,
    ...calls.map((type) => routeTo.cancel(type).key),
  ],
} as const

/** Binds a process's control queue, which must exist. */
export const controlTopology = (instance: string, keys: ReadonlyArray<string>): Topology => ({
  exchanges: [],
  queues: [],
  bindings: keys.map((key) => ({ exchange: Exchange.control, queue: QueueName.control(instance), key })),
})

/** What every process needs: the exchanges, and its own reply and control queues. */
export const processTopology = (instance: string): Topology => ({
  exchanges: [
    { name: Exchange.events, type: "topic" },
    { name: Exchange.calls, type: "direct" },
    { name: Exchange.control, type: "topic" },
  ],
  queues: [
    { name: QueueName.replies(instance), type: "classic", expires: replyQueueExpiry },
    { name: QueueName.control(instance), type: "classic", durable: false, exclusive: true, autoDelete: true },
  ],
  bindings: controlTopology(instance, ControlKeys.always).bindings,
})

/** Where a newcomer to a crowd asks; without anybody who knows it goes, so that the question comes back. */
export const directoryTopology: Topology = {
  exchanges: [],
  queues: [{ name: QueueName.directory, type: "classic", autoDelete: true }],
  bindings: [],
}

/** Parts of a document that lie beside each other until somebody joins them. */
export const ledgerParts = 64

/** The ledger: two queues, each of which keeps its newest messages alone. */
export const ledgerTopology: Topology = {
  exchanges: [],
  queues: [QueueName.ledger, QueueName.contracts].map((name) => ({
    name,
    type: "classic",
    maxLength: ledgerParts,
    overflow: "drop-head",
  })),
  bindings: [],
}

/** The retry tiers: a fanout exchange and a queue each, whose messages come back to the queue named by their key. */
export const retryTopology: Topology = {
  exchanges: retryTiers.map(([tier]) => ({ name: QueueName.retry(tier), type: "fanout" })),
  queues: retryTiers.map(([tier, ms]) => ({
    name: QueueName.retry(tier),
    type: "quorum",
    messageTtl: ms,
    deadLetterExchange: "",
  })),
  bindings: retryTiers.map(([tier]) => ({ exchange: QueueName.retry(tier), queue: QueueName.retry(tier), key: "" })),
}

/** The dead-letter queue of an app. */
export const deadTopology = (app: string): Topology => ({
  exchanges: [],
  queues: [{
    name: QueueName.dead(app),
    type: "quorum",
    deliveryLimit: deadDeliveryLimit,
    // one that an older version made holds letters, and cannot be changed
    tolerates: ["deliveryLimit"],
  }],
  bindings: [],
})

/** A listener's own durable queue. `ordered`: one consumer at a time. */
export const listenerTopology = (app: string, handler: string, type: string, ordered: boolean): Topology => {
  const name = QueueName.listener(app, handler)
  return {
    exchanges: [],
    queues: [durableQueue(name, app, ordered)],
    bindings: [{ exchange: Exchange.events, queue: name, key: type }],
  }
}

/** The queue that holds a schedule's ticks, and the one whose single token says which process makes them. */
export const scheduleTopology = (app: string, handler: string): Topology => ({
  exchanges: [],
  queues: [
    durableQueue(QueueName.schedule(app, handler), app, true),
    // a token that is lost is offered anew: it is no dead letter
    { name: QueueName.token(app, handler), type: "quorum", singleActiveConsumer: true },
  ],
  bindings: [],
})

const durableQueue = (name: string, app: string, single: boolean): QueueSpec => ({
  name,
  type: "quorum",
  deliveryLimit,
  deadLetterExchange: "",
  deadLetterKey: QueueName.dead(app),
  singleActiveConsumer: single,
})

/** The queue of a call; gone with its last server, so that callers learn at once that nobody serves it. */
export const callTopology = (type: string): Topology => ({
  exchanges: [],
  queues: [{ name: QueueName.call(type), type: "classic", autoDelete: true, maxLength: callQueueLimit }],
  bindings: [{ exchange: Exchange.calls, queue: QueueName.call(type), key: type }],
})
