/**
 * What a source knows of a broker beyond counts, where it can list: limits, consumers, connections, alarms.
 *
 * Part of the steward's port (`Steward.ts`): a surveyor that can see all this has an `insight`; AMQP alone has none. Every
 * field says what is, never what should be. `null`: the source does not say; times are ms, sizes bytes, rates a second.
 * Figures may be seconds old.
 */
import type { Effect } from "effect"
import type { QueueFacts } from "./Steward.ts"
import type { StewardError } from "./StewardError.ts"

/** A consumer as the broker has it. */
export interface ConsumerFacts {
  readonly tag: string
  /** The name that its connection gave itself; `""`: none. */
  readonly connection: string
  /** The instance of the process that holds it, where it is one of Warren's; `undefined`: it is none; `null`: not told yet. */
  readonly instance: string | null | undefined
  /** Where it comes from: `127.0.0.1:50123`. */
  readonly peer: string
  readonly user: string
  readonly prefetch: number | null
  /** Whether messages go to it: on a queue that allows one consumer at a time, the others wait. */
  readonly active: boolean
}

/** The limits in force on a queue, its own arguments and a policy's taken together; `null`: no limit. */
export interface QueueLimits {
  readonly messageTtl: number | null
  readonly maxLength: number | null
  readonly maxBytes: number | null
  readonly overflow: "drop-head" | "reject-publish"
  readonly expires: number | null
  readonly deliveryLimit: number | null
  /** `null`: what is dropped is gone. */
  readonly deadLetterExchange: string | null
  readonly singleActiveConsumer: boolean
}

/** One queue, seen closely. */
export interface QueueInsight extends QueueFacts {
  /** `running`, `down`, … */
  readonly state: string | null
  /** The policy that gives it limits; `null`: none. */
  readonly policy: string | null
  readonly limits: QueueLimits
  /** Bytes of what waits, bodies alone. */
  readonly bytes: number | null
  readonly holders: ReadonlyArray<ConsumerFacts>
  /** Messages a second, over the last seconds. */
  readonly rates: {
    readonly published: number | null
    readonly delivered: number | null
    readonly acked: number | null
    readonly redelivered: number | null
  }
}

/** One exchange. */
export interface ExchangeInsight {
  readonly name: string
  readonly type: string
  /** Where messages go that no queue wants; `null`: nowhere. */
  readonly alternate: string | null
}

/** A connection to the broker, of any virtual host that the source can see. */
export interface ConnectionFacts {
  /** The name that it gave itself; `""`: none. */
  readonly name: string
  readonly vhost: string
  readonly user: string
  readonly peer: string
  /** `running`, `blocked`, `blocking`, `flow`, … */
  readonly state: string
  /** The process and the apps it speaks for, where it is one of Warren's. */
  readonly instance: string | undefined
  readonly apps: ReadonlyArray<string>
  /** ms since the epoch. */
  readonly connectedAt: number | null
}

/** One node of the broker. */
export interface NodeFacts {
  readonly name: string
  readonly running: boolean
  /** Publishers are blocked while one of them is set. */
  readonly memoryAlarm: boolean
  readonly diskAlarm: boolean
  readonly memoryUsed: number | null
  readonly memoryLimit: number | null
  readonly diskFree: number | null
  readonly diskLimit: number | null
}

/** What a user may do in a virtual host, as patterns of names. */
export interface PermissionFacts {
  readonly user: string
  readonly configure: string
  readonly write: string
  readonly read: string
}

/** See the top of the file. */
export interface Insight {
  /** One queue; `undefined`: there is none of that name. */
  readonly queue: (name: string) => Effect.Effect<QueueInsight | undefined, StewardError>
  /** One exchange; `undefined`: there is none of that name. */
  readonly exchange: (name: string) => Effect.Effect<ExchangeInsight | undefined, StewardError>
  /** Every binding of an exchange, with queues of any name. */
  readonly bindings: (
    exchange: string,
  ) => Effect.Effect<ReadonlyArray<{ readonly queue: string; readonly key: string }>, StewardError>
  /** Connections to every virtual host. */
  readonly connections: Effect.Effect<ReadonlyArray<ConnectionFacts>, StewardError>
  readonly nodes: Effect.Effect<ReadonlyArray<NodeFacts>, StewardError>
  /** `undefined`: that user has no permissions here, or they cannot be seen. */
  readonly permissions: (user: string) => Effect.Effect<PermissionFacts | undefined, StewardError>
  /** Queues of this name's beginning in other virtual hosts. */
  readonly elsewhere: (
    prefix: string,
  ) => Effect.Effect<ReadonlyArray<{ readonly vhost: string; readonly queue: string }>, StewardError>
}
