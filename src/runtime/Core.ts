/**
 * What the parts of one runtime share: its identity, its clock, its ids, its journal and its deadlines.
 *
 * Built once a process (or a test) over a Transport; `Caller`, `Emitter` and the hosts stand on it. Declares
 * the process's own queues and nothing else.
 */
import { Clock, Context, Effect, type Fiber, Layer, type Scope, Stream } from "effect"
import { Bag } from "../collections/mod.ts"
import {
  CurrentIdentity,
  CurrentLinks,
  type Delivery,
  type Status,
  Transport,
  type TransportError,
  type Verdict,
} from "../transport/mod.ts"
import type { ContractSpec } from "../contract/mod.ts"
import { CurrentIds, type Ids, readMeta } from "../wire/mod.ts"
import type { Work } from "./Announcer.ts"
import { type Cancellations, makeCancellations } from "./Cancellations.ts"
import type { Hand } from "./Current.ts"
import { type Deadlines, makeDeadlines } from "./Deadlines.ts"
import { type Enquiries, makeEnquiries } from "./Enquiries.ts"
import { type Follows, makeFollows } from "./Follows.ts"
import { CurrentInspected } from "./Inspected.ts"
import { CurrentJournal, type Journal, tee } from "./Journal.ts"
import { type Control, makeControl } from "./Control.ts"
import { keepLedger } from "./Ledger.ts"
import { laneAddressOf, type Lanes, makeLanes } from "./lanes/Lanes.ts"
import { Lateness } from "./Lateness.ts"
import { CurrentMachine, type Machine } from "./Machine.ts"
import { makeOutbox, type Outbox, waitingBytes } from "./Outbox.ts"
import { makePresence, type Presence } from "./Presence.ts"
import { CurrentSettings, type Settings } from "./Settings.ts"
import { Tally } from "./stats/Tally.ts"
import { Taps } from "./Taps.ts"
import { CurrentTelemetry, type Telemetry } from "./Telemetry.ts"

/** Shared state of one runtime. */
export interface CoreShape {
  /** Names this process's queues. */
  readonly instance: string
  /** Which process this is, for people. */
  readonly machine: Machine
  readonly transport: Transport["Service"]
  readonly clock: Clock.Clock
  readonly now: () => number
  /** ms on a clock that nobody sets. */
  readonly monotonic: () => number
  readonly ids: Ids
  readonly journal: Journal
  /** Who records spans; `undefined`: nobody. */
  readonly telemetry: Telemetry | undefined
  readonly settings: Settings
  /** The way out, which waits while the broker takes nothing. */
  readonly outbox: Outbox
  readonly deadlines: Deadlines
  /** Calls whose caller gave up. */
  readonly cancellations: Cancellations
  /** How late what arrives is. */
  readonly lateness: Lateness
  /** Where presence and cancellations are heard. */
  readonly control: Control
  /** Who else is there, and what they serve. */
  readonly presence: Presence
  /** What other processes are doing, and what this one says of itself. */
  readonly enquiries: Enquiries
  /** Contracts of handlers here, and of what was sent from here, by type; few. */
  readonly spoken: Map<string, ContractSpec>
  /** Messages whose way is followed, here or from elsewhere. */
  readonly follows: Follows
  /** Who is told of messages that go by; most of the time nobody. */
  readonly taps: Taps
  /** The ways of calls past the broker; `undefined`: there are none. */
  readonly lanes: Lanes | undefined
  /** Whether there is a connection to the broker now. */
  readonly isConnected: () => boolean
  /** Calls served here, by type; a transport that is not shared has no other servers. */
  readonly served: Map<string, number>
  /** Handlers at work, beyond the turn in which they began. */
  readonly hands: Bag<Hand>
  /** Gives the verdict without waiting; where the connection is gone there is nothing left to settle. */
  readonly settle: (delivery: Delivery, verdict: Verdict) => void
  /** Starts a fiber on the runtime's services; it runs at once up to its first wait. */
  readonly runFork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
}

/** The shared state as a service. */
export class Core extends Context.Service<Core, CoreShape>()("warren/runtime/Core") {
  /** Builds it over the Transport in the context; fails when the process's queues cannot be declared. */
  static readonly layer: Layer.Layer<Core, TransportError, Transport> = Layer.effect(
    Core,
    Effect.suspend(() => make),
  )
}

const make: Effect.Effect<CoreShape, TransportError, Transport | Scope.Scope> = Effect.gen(function* () {
  const transport = yield* Transport
  const clock = yield* Clock.Clock
  const ids = yield* CurrentIds
  const services = yield* Effect.context<never>()
  const now = () => clock.currentTimeMillisUnsafe()
  const monotonic = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const lateness = new Lateness(monotonic, now)
  const instance = (yield* CurrentIdentity).instance ?? ids.next(now())
  const deadlines = yield* makeDeadlines
  const cancellations = makeCancellations(deadlines, now)
  const runFork = Effect.runForkWith(services)
  const settings = yield* CurrentSettings
  const outbox = makeOutbox(transport, { messages: settings.maxWaiting, bytes: waitingBytes })
  const journal = yield* CurrentJournal
  const isInspected = yield* CurrentInspected
  const served = new Map<string, number>()
  const links = yield* CurrentLinks
  const direct = settings.lane === "broker" || links === undefined ? undefined : laneAddressOf(links, instance)
  const control = makeControl({ instance, transport, runFork })
  const tally = new Tally()
  const works: Array<Work> = []
  const spoken = new Map<string, ContractSpec>()
  const machine = yield* CurrentMachine
  let status: Status = { _tag: "Ready", server: "" }
  const enquiries = makeEnquiries({
    ids,
    instance,
    known: () =>
      presence.list().flatMap(({ instance, life }) => life === "running" || life === "draining" ? [instance] : []),
    machine,
    now,
    outbox,
    runFork,
    settings,
    spoken,
    status: () => status,
    tally,
    transport,
    works,
  })
  const presence = makePresence({
    control,
    direct,
    ids,
    instance,
    isInspected,
    journal,
    lateness,
    monotonic,
    now,
    runFork,
    served,
    settings,
    tally,
    transport,
    works,
  })
  const lanes = yield* makeLanes({
    cancellations,
    deadlines,
    instance,
    journal,
    lateness,
    monotonic,
    now,
    presence,
    runFork,
    settings,
  })
  const follows = makeFollows({
    ids,
    instance,
    journal: isInspected ? tee(journal, tally) : journal,
    machine,
    monotonic,
    now,
    runFork,
    settings,
    transport,
  })
  const taps = new Taps({ ids, instance, machine, monotonic, now, runFork, settings, transport })
  yield* control.start((packet) => {
    const isNotice = presence.take(packet) || enquiries.take(packet) || follows.take(packet) || taps.take(packet)
    if (!isNotice && packet.correlationId !== undefined) {
      cancellations.cancel(packet.correlationId, readMeta(packet).deadline ?? now())
    }
  })
  let isConnected = true
  yield* transport.status.pipe(
    Stream.runForEach((next) => {
      const before = status._tag
      status = next
      isConnected = next._tag === "Ready" || next._tag === "Blocked"
      outbox.follow(next)
      const isOver = works.length > 0 && works.every((work) => work.isDraining() && work.inHand() === 0)
      return isOver ? Effect.void : tell(next, before)
    }),
    Effect.forkScoped,
  )
  yield* presence.start
  yield* taps.start
  if (isInspected) {
    yield* keepLedger({
      ids,
      instance,
      isReady: () => status._tag === "Ready",
      machine,
      now,
      presence,
      settings,
      spoken,
      tally,
      transport,
      works,
    })
  }
  return Core.of({
    instance,
    machine,
    transport,
    clock,
    now,
    monotonic,
    ids,
    journal: follows.journal,
    telemetry: yield* CurrentTelemetry,
    settings,
    outbox,
    deadlines,
    cancellations,
    lateness,
    control,
    presence,
    enquiries,
    spoken,
    follows,
    taps,
    lanes,
    isConnected: () => isConnected,
    served,
    hands: new Bag(),
    settle: (delivery, verdict) => void runFork(delivery.settle(verdict)),
    runFork,
  })
})

/** What people must know of the connection; that it is there at the start, or ends with all the rest, goes without saying. */
const tell = (status: Status, before: Status["_tag"]): Effect.Effect<void> => {
  switch (status._tag) {
    case "Disconnected":
      return status.passes === true
        ? Effect.logWarning("The process that hosted the embedded broker has ended; another one goes on with it")
        : Effect.logError(`The connection to the broker is lost: ${status.reason}`)
    case "Blocked":
      return Effect.logWarning(`The broker takes no messages for now: ${status.reason}`)
    case "Ready":
      if (before === "Ready") return Effect.void
      return Effect.logInfo(
        before === "Blocked" ? "The broker takes messages again" : "The connection to the broker is back",
      )
    default:
      return Effect.void
  }
}
