/**
 * Says what this process is and does: at once, soon, every few seconds, and to whoever asks.
 *
 * Below `Presence`, above the transport. One announcement is on its way at a time: while the broker takes none, they do
 * not pile up, and the next one says it all. What cannot be sent is not repeated either; the next heartbeat is near. What
 * all processes of a team say together must not grow with the square of their number: whoever asks is told alone, one that
 * handles nothing speaks seldom and to few, and where many handle something, each speaks the less often.
 */
import { Effect, Random, type Scope } from "effect"
import {
  type Announcement,
  encodeNotice,
  type HandlerStats,
  noticePacket,
  presenceLimits,
  type PresenceState,
  type PresentApp,
  QueueName,
  routeTo,
} from "../wire/mod.ts"
import type { CoreShape } from "./Core.ts"
import { beatsOf } from "./crowd.ts"
import type { Machine } from "./Machine.ts"
import type { Route } from "../transport/mod.ts"
import type { Tally } from "./stats/Tally.ts"

/** What a host does, for others. */
export interface Work {
  readonly apps: ReadonlyArray<PresentApp>
  readonly inHand: () => number
  /** Whether it takes nothing new. */
  readonly isDraining: () => boolean
  /** Each handler as it is now; what it has done is counted elsewhere. */
  readonly handlers: () => ReadonlyArray<HandlerState>
}

/** How one handler is now. */
export type HandlerState = Pick<
  HandlerStats,
  | "app"
  | "name"
  | "kind"
  | "subject"
  | "queue"
  | "schema"
  | "held"
  | "heldError"
  | "concurrency"
  | "prefetch"
  | "inHand"
  | "running"
  | "oldest"
  | "oldestId"
  | "halted"
  | "lastHalted"
>

/** What of a core an announcer stands on. */
export type AnnouncerCore =
  & Pick<CoreShape, "ids" | "instance" | "monotonic" | "now" | "runFork" | "settings" | "transport">
  & {
    /** Where calls may be sent straight to. */
    readonly direct?: string | undefined
  }

/** Everything an announcement tells that others know. */
export interface AnnouncerParts {
  readonly core: AnnouncerCore
  readonly machine: Machine
  readonly tally: Tally
  /** What is done here; more may be added. */
  readonly works: Array<Work>
  readonly isConnected: () => boolean
  /** Processes that handle something, as far as they are known. */
  readonly servers: () => number
  /** Told of each own announcement before it is sent, and of the first one at once. */
  readonly onAnnounce: (announcement: Announcement) => void
}

/** Speaks for one process. */
export interface Announcer {
  readonly announce: () => void
  /** Announces within `spread` ms, once however often it is asked. */
  readonly soon: (spread: number) => void
  /** Tells one process alone, within `spread` ms; several at a time, and all where they are very many. */
  readonly answer: (asker: string, spread: number) => void
  /** Announces a new state, unless `gone` was the last word. */
  readonly become: (state: "running" | "draining") => void
}

/** What is left out of an announcement that is beyond the limits. */
const nothing = { apps: [], emits: [], calls: [] }

const tooLarge = "Cannot announce what this process handles: it is too much for one message, or a name in it is too " +
  "long; other processes do not count it among the servers of its calls. Run fewer apps in one process"

/** How long the last word may take; a frozen broker never answers. */
const courtesy = "500 millis"

/** A process that handles nothing announces itself once in so many heartbeats: nobody waits for it. */
const seldom = 3

/** Who asks at a time is told one by one up to so many. */
const mostAskers = 100

/** An asker that cannot be told alone is told with all others so much later, ms: it may have been a short life. */
const second = 1_000

/** An announcer whose heartbeat ends with the scope; its last word is `gone`. */
export const makeAnnouncer = Effect.fnUntraced(function* (
  { core, machine, tally, works, isConnected, servers, onAnnounce }: AnnouncerParts,
): Effect.fn.Return<Announcer, never, Scope.Scope> {
  const startedAt = core.now()
  const pace = 0.9 + 0.2 * (yield* Random.next)
  const heartbeat = Math.round(
    Math.max(presenceLimits.quickest, Math.min(presenceLimits.slowest, core.settings.heartbeat)),
  )
  const askers = new Set<string>()
  let state: PresenceState = "running"
  let isSending = false
  let isStale = false
  /** The announcement that is to come soon, unless there is another one before it. */
  let awaited: symbol | undefined
  let isTooLarge = false
  /** Heartbeats since the last announcement. */
  let silence = 0

  const handles = (): boolean => works.length > 0
  /** How many heartbeats lie between two announcements, now. */
  const beats = (): number => beatsOf(servers()) * (handles() ? 1 : seldom)
  const everyone = (): Route => handles() ? routeTo.presence("announce") : routeTo.presenceOfCallers("announce")

  const compose = (): Announcement => ({
    instance: core.instance,
    apps: works.flatMap(({ apps }) => apps),
    emits: tally.emits,
    calls: tally.calls,
    ...machine,
    version: core.settings.version,
    startedAt,
    state,
    every: Math.min(presenceLimits.slowest, heartbeat * beats()),
    inHand: works.reduce((sum, { inHand }) => sum + inHand(), 0),
    handled: tally.handled,
    failed: tally.failed,
    lastHandled: tally.lastHandled,
    lastError: tally.lastError,
    ...(core.direct !== undefined && { direct: core.direct }),
  })

  /** Sends an announcement as it is now; succeeds with the routes that lead to nobody. */
  const send = (routes: ReadonlyArray<Route>): Effect.Effect<ReadonlyArray<Route>> =>
    Effect.suspend(() => {
      const announcement = compose()
      onAnnounce(announcement)
      if (!isConnected()) return Effect.succeed([])
      const whole = encodeNotice({ kind: "announce", announcement })
      const body = whole ?? encodeNotice({ kind: "announce", announcement: { ...announcement, ...nothing } })
      const warning = whole !== undefined || isTooLarge ? Effect.void : Effect.logWarning(tooLarge)
      isTooLarge = whole === undefined
      if (body === undefined) return Effect.as(warning, [])
      const now = core.now()
      const packet = () =>
        noticePacket(
          core.ids.next(now),
          core.settings.app,
          now,
          announcement.every * 3,
          body,
          Math.round(core.monotonic()),
        )
      const sending = Effect.filter(routes, (route) =>
        core.transport.publish(route, packet()).pipe(
          Effect.map((confirm) => confirm === "unroutable"),
          Effect.orElseSucceed(() => false),
        ), { concurrency: "unbounded" })
      return Effect.andThen(warning, sending)
    })

  const announce = (): void => {
    if (isSending) {
      isStale = true
      return
    }
    isSending = true
    awaited = undefined
    silence = 0
    core.runFork(send([everyone()])).addObserver(() => {
      isSending = false
      if (isStale && state !== "gone") {
        isStale = false
        announce()
      }
    })
  }

  const pause = (from: number, to: number) => Effect.flatMap(Random.nextBetween(from, to), (ms) => Effect.sleep(ms))

  // whoever lists the processes finds this one, told or not
  onAnnounce(compose())

  yield* Effect.addFinalizer(() => {
    state = "gone"
    return send([everyone()]).pipe(Effect.interruptible, Effect.timeoutOption(courtesy))
  })
  // jittered, so that processes started together do not speak together
  yield* pause(heartbeat * 0.9, heartbeat * 1.1).pipe(
    // of several beats a tenth more or less, each its own: those that began together do not go on together
    Effect.andThen(Effect.sync(() => ++silence >= Math.round(beats() * pace) && announce())),
    Effect.forever,
    Effect.forkScoped,
  )

  const soon = (spread: number): void => {
    if (awaited !== undefined) return
    const one = awaited = Symbol()
    core.runFork(Effect.andThen(
      pause(0, spread),
      Effect.sync(() => awaited === one && state !== "gone" && announce()),
    ))
  }

  const answers = Effect.suspend(() => {
    const routes = [...askers].map((asker) => routeTo.queue(QueueName.control(asker)))
    askers.clear()
    return state === "gone" ? Effect.succeed([]) : send(routes)
  })

  return {
    announce,
    soon,
    answer: (asker, spread) => {
      if (askers.size === mostAskers) return soon(spread)
      const isFirst = askers.size === 0
      askers.add(asker)
      if (isFirst) {
        core.runFork(
          pause(0, spread).pipe(
            Effect.andThen(answers),
            Effect.map((lost) => lost.length > 0 && soon(second)),
          ),
        )
      }
    },
    become: (next) => {
      if (state === "gone") return
      state = next
      announce()
    },
  }
})
