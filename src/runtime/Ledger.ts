/**
 * Writes into the team's ledger what this process is and sends, so that it is remembered when nobody runs any more.
 *
 * Part of `Core`, on a transport that is shared; what the ledger is stands in `src/wire/ledger.ts`. Writes when there is news, now and
 * then while there is none, and at the end; a process that handles and sends nothing never writes. Nobody waits for it,
 * and what cannot be written is not told to anybody: it is for inspection alone.
 */
import { Clock, Effect, Exit, Random, Scope } from "effect"
import { fingerprint, memberSchema } from "../contract/mod.ts"
import type { Delivery } from "../transport/mod.ts"
import {
  type Contracts,
  decodeContracts,
  decodeLedger,
  encodeContracts,
  encodeLedger,
  joinContracts,
  joinLedgers,
  type Ledger,
  ledgerPacket,
  ledgerParts,
  ledgerTopology,
  QueueName,
  routeTo,
} from "../wire/mod.ts"
import type { Work } from "./Announcer.ts"
import type { CoreShape } from "./Core.ts"
import type { Tally } from "./stats/Tally.ts"

/** What of a core it stands on. */
export type LedgerCore =
  & Pick<CoreShape, "ids" | "instance" | "machine" | "now" | "presence" | "settings" | "spoken" | "transport">
  & {
    readonly tally: Tally
    readonly works: ReadonlyArray<Work>
    readonly isReady: () => boolean
  }

/** While there is no news, one process of an app writes in that time, ms. */
const pause = 60_000
/** Processes that handle nothing do not know how many they are: so many times more seldom. */
const callers = 10
/** What is there comes at once; nothing came: there is nothing, or it is in other hands, ms. */
const patience = { first: 200, more: 20 } as const
/** So many processes write beside each other; of more each begins later. */
const crowd = 50
/** The last word may take so long. */
const courtesy = "2 seconds"

/** Keeps the ledger until the scope closes. */
export const keepLedger = Effect.fnUntraced(function* (core: LedgerCore): Effect.fn.Return<void, never, Scope.Scope> {
  const { presence, settings, transport } = core
  if (!transport.traits.shared) return
  const startedAt = core.now()
  let written = ""
  let writtenAt = 0
  let isDeclared = false
  const told = new Set<string>()
  const throng = (): number => Math.max(1, (presence.directory?.size ?? 0) / crowd)

  const write = Effect.fnUntraced(function* (ended: boolean) {
    if (!isDeclared) {
      yield* transport.declare(ledgerTopology)
      isDeclared = true
    }
    const now = core.now()
    const news = signature(core)
    yield* revise(
      core,
      QueueName.ledger,
      (parts) =>
        encodeLedger(
          parts.reduce((all, part) => joinLedgers(all, decodeLedger(part), now), ownPart(core, startedAt, now, ended)),
        ),
    )
    written = news
    writtenAt = now
    const contracts = ownContracts(core, now).filter((one) => !told.has(keyOf(one)))
    if (contracts.length === 0) return
    yield* revise(
      core,
      QueueName.contracts,
      (parts) =>
        encodeContracts(
          parts.reduce((all: Contracts, part) => joinContracts(all, decodeContracts(part), now), contracts),
        ),
    )
    for (const one of contracts) told.add(keyOf(one))
  })

  /** Before that there is nothing to look at, unless there is news: whoever counts the others reads the whole directory. */
  let lookAt = 0
  const isDue = (): boolean => {
    const news = signature(core)
    if (news === "" || !core.isReady()) return false
    if (news !== written) return true
    const now = core.now()
    if (now < Math.max(lookAt, writtenAt + pause)) return false
    lookAt = now + pause
    return now - writtenAt >= pause * (core.works.length > 0 ? Math.max(1, siblings(core)) : callers)
  }

  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => signature(core) === "" || !core.isReady() ? Effect.void : write(true)).pipe(
      Effect.interruptible,
      Effect.timeoutOption(courtesy),
      Effect.ignore,
    )
  )
  const beat = Math.min(5_000, settings.heartbeat)
  yield* Effect.gen(function* () {
    // soon after it began, then when there is news: processes that begin together do not write together
    yield* Effect.sleep(yield* Random.nextBetween(beat / 10, beat / 4))
    for (;;) {
      const isNow = isDue() && (throng() === 1 || (yield* Random.next) * throng() < 1)
      if (isNow) yield* Effect.ignore(write(false))
      yield* Effect.sleep(yield* Random.nextBetween(beat * 0.5, beat))
    }
  }).pipe(Effect.forkScoped)
})

const keyOf = ({ type, fingerprint }: { readonly type: string; readonly fingerprint: string }) =>
  `${type} ${fingerprint}`

/**
 * Takes the parts that are there and puts one in their place, own words joined to them. What is in other hands meanwhile comes
 * back or is joined there, and lies beside it until the next one joins both: nobody waits, and nothing is lost.
 */
const revise = Effect.fnUntraced(function* (
  { transport, ids, settings }: LedgerCore,
  queue: string,
  change: (parts: ReadonlyArray<Uint8Array>) => Uint8Array | undefined,
) {
  const held: Array<Delivery> = []
  const scope = yield* Scope.make()
  const leave = Scope.close(scope, Exit.void)
  const settle = (verdict: "ack" | "requeue") =>
    Effect.forEach(held.splice(0), (one) => Effect.ignore(one.settle(verdict)), { discard: true })
  yield* Effect.gen(function* () {
    yield* transport.consume(queue, { prefetch: ledgerParts }, (one) => void held.push(one)).pipe(Scope.provide(scope))
    for (let waited = 0; held.length === 0 && waited < patience.first; waited += patience.more) {
      yield* Effect.sleep(patience.more)
    }
    for (let count = 0; count < held.length;) {
      count = held.length
      yield* Effect.sleep(patience.more)
    }
    // first, so that the new one does not come here
    yield* leave
    const body = change(held.map(({ packet }) => packet.body))
    if (body === undefined) return
    const now = yield* Clock.currentTimeMillis
    yield* transport.publish(routeTo.queue(queue), ledgerPacket(ids.next(now), settings.app, now, body))
    yield* settle("ack")
  }).pipe(Effect.ensuring(Effect.andThen(leave, settle("requeue"))))
})

/** Changes when there is something new to write; `""`: there is nothing. */
const signature = ({ works, tally }: LedgerCore): string => {
  if (works.length === 0 && tally.sent.size === 0) return ""
  const handlers = works.flatMap(({ apps }) =>
    apps.flatMap(({ app, handlers }) => handlers.map(({ name }) => `${app}.${name}`))
  )
  return `${handlers.join(" ")}|${[...tally.sent.keys()].join(" ")}`
}

const ownPart = (core: LedgerCore, since: number, seen: number, ended: boolean): Ledger => {
  const { works, tally, machine, settings, spoken, instance } = core
  const self = {
    instance,
    host: machine.host,
    pid: machine.pid,
    runtime: machine.runtime,
    version: settings.version,
    since,
    seen,
    ...(ended && { ended: seen }),
  }
  const apps = works.flatMap((work) => work.apps)
  const hosted = apps.map(({ app }) => app)
  const sentBy = (app: string) =>
    [...tally.sent].flatMap(([type, { kind, lastDone, lastUnheard, apps: senders }]) => {
      const contract = spoken.get(type)
      const last = Math.max(lastDone, lastUnheard)
      // what none of the apps has sent, the process has for all of them: its gateway, a program around it
      const isOwn = senders.has(app) || !hosted.some((one) => senders.has(one))
      return last === 0 || !isOwn
        ? []
        : [{ type, kind, schema: contract === undefined ? "" : fingerprint(contract), seen: last }]
    })
  if (apps.length === 0) return [{ app: settings.app, instances: [self], handlers: [], sent: sentBy(settings.app) }]
  return apps.map(({ app, handlers }) => ({
    app,
    instances: [self],
    handlers: handlers.map(({ name, kind, subject, queue, schema }) => ({ name, kind, subject, queue, schema, seen })),
    sent: sentBy(app),
  }))
}

const ownContracts = ({ spoken, works, settings }: LedgerCore, seen: number): Contracts => {
  const names = works.flatMap(({ apps }) => apps.map(({ app }) => app))
  const apps = names.length > 0 ? names : [settings.app]
  return [...spoken.values()].map((contract) => ({ ...memberSchema(contract), version: contract.version, apps, seen }))
}

/** Running processes that handle something of the same apps, this one included. */
const siblings = ({ presence, works, instance }: LedgerCore): number => {
  const names = new Set(works.flatMap(({ apps }) => apps.map(({ app }) => app)))
  return presence.list().filter((one) =>
    one.instance === instance || one.life === "running" && one.apps.some(({ app }) => names.has(app))
  ).length
}
