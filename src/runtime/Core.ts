/**
 * What the parts of one runtime share: its identity, its clock, its ids, its journal and its deadlines.
 *
 * Built once a process (or a test) over a Transport; `Caller`, `Emitter` and the hosts stand on it. Declares
 * the process's own queues and nothing else.
 */
import { Clock, Context, Effect, type Fiber, Layer, type Scope, Stream } from "effect"
import { Bag } from "../collections/mod.ts"
import {
  CurrentLinks,
  type Delivery,
  type Status,
  Transport,
  type TransportError,
  type Verdict,
} from "../transport/mod.ts"
import { CurrentIds, type Ids, readMeta } from "../wire/mod.ts"
import { type Cancellations, makeCancellations } from "./Cancellations.ts"
import type { Hand } from "./Current.ts"
import { type Deadlines, makeDeadlines } from "./Deadlines.ts"
import { CurrentJournal, type Journal, tee } from "./Journal.ts"
import { type Control, makeControl } from "./Control.ts"
import { laneAddressOf, type Lanes, makeLanes } from "./lanes/Lanes.ts"
import { Lateness } from "./Lateness.ts"
import { CurrentMachine, type Machine } from "./Machine.ts"
import { makeOutbox, type Outbox, waitingBytes } from "./Outbox.ts"
import { makePresence, type Presence } from "./Presence.ts"
import { CurrentSettings, type Settings } from "./Settings.ts"
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
  const instance = ids.next(now())
  const deadlines = yield* makeDeadlines
  const cancellations = makeCancellations(deadlines, now)
  const runFork = Effect.runForkWith(services)
  const settings = yield* CurrentSettings
  const outbox = makeOutbox(transport, { messages: settings.maxWaiting, bytes: waitingBytes })
  const journal = yield* CurrentJournal
  const served = new Map<string, number>()
  const links = yield* CurrentLinks
  const direct = settings.lane === "broker" || links === undefined ? undefined : laneAddressOf(links, instance)
  const control = makeControl({ instance, transport, runFork })
  const presence = makePresence({
    control,
    direct,
    ids,
    instance,
    journal,
    lateness,
    monotonic,
    now,
    runFork,
    served,
    settings,
    transport,
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
  yield* control.start((packet) => {
    if (!presence.take(packet) && packet.correlationId !== undefined) {
      cancellations.cancel(packet.correlationId, readMeta(packet).deadline ?? now())
    }
  })
  let isConnected = true
  let last: Status["_tag"] = "Ready"
  yield* transport.status.pipe(
    Stream.runForEach((status) => {
      const before = last
      last = status._tag
      isConnected = last === "Ready" || last === "Blocked"
      outbox.follow(status)
      return tell(status, before)
    }),
    Effect.forkScoped,
  )
  yield* presence.start
  return Core.of({
    instance,
    machine: yield* CurrentMachine,
    transport,
    clock,
    now,
    monotonic,
    ids,
    journal: presence.tally === undefined ? journal : tee(journal, presence.tally),
    telemetry: yield* CurrentTelemetry,
    settings,
    outbox,
    deadlines,
    cancellations,
    lateness,
    control,
    presence,
    lanes,
    isConnected: () => isConnected,
    served,
    hands: new Bag(),
    settle: (delivery, verdict) => void runFork(delivery.settle(verdict)),
    runFork,
  })
})

/** What people must know of the connection; that it is there at the start goes without saying. */
const tell = (status: Status, before: Status["_tag"]): Effect.Effect<void> => {
  switch (status._tag) {
    case "Disconnected":
      return Effect.logError(`The connection to the broker is lost: ${status.reason}`)
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
