/**
 * Says what this process is and does: at once, soon, and every few seconds.
 *
 * Below `Presence`, above the transport. One announcement is on its way at a time: while the broker takes none, they do
 * not pile up, and the next one says it all. What cannot be sent is not repeated either; the next heartbeat is near.
 */
import { Effect, Random, type Scope } from "effect"
import {
  type Announcement,
  encodeNotice,
  noticePacket,
  presenceLimits,
  type PresenceState,
  type PresentApp,
  routeTo,
} from "../wire/mod.ts"
import type { CoreShape } from "./Core.ts"
import type { Machine } from "./Machine.ts"
import type { Tally } from "./Tally.ts"

/** What a host does, for others. */
export interface Work {
  readonly apps: ReadonlyArray<PresentApp>
  readonly inHand: () => number
}

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
  readonly isConnected: () => boolean
  /** Told of each own announcement before it is sent. */
  readonly onAnnounce: (announcement: Announcement) => void
}

/** Speaks for one process. */
export interface Announcer {
  readonly announce: () => void
  /** Announces within `spread` ms, once however often it is asked. */
  readonly soon: (spread: number) => void
  readonly host: (work: Work) => void
  /** Announces a new state, unless `gone` was the last word. */
  readonly become: (state: "running" | "draining") => void
}

/** What is left out of an announcement that is beyond the limits. */
const nothing = { apps: [], emits: [], calls: [] }

const tooLarge = "Cannot announce what this process handles: it is too much for one message, or a name in it is too " +
  "long; other processes do not count it among the servers of its calls. Run fewer apps in one process"

/** How long the last word may take; a frozen broker never answers. */
const courtesy = "500 millis"

/** An announcer whose heartbeat ends with the scope; its last word is `gone`. */
export const makeAnnouncer = Effect.fnUntraced(function* (
  { core, machine, tally, isConnected, onAnnounce }: AnnouncerParts,
): Effect.fn.Return<Announcer, never, Scope.Scope> {
  const startedAt = core.now()
  const every = Math.round(
    Math.max(presenceLimits.quickest, Math.min(presenceLimits.slowest, core.settings.heartbeat)),
  )
  const works: Array<Work> = []
  let state: PresenceState = "running"
  let isSending = false
  let isStale = false
  let isAwaited = false
  let isTooLarge = false

  const compose = (): Announcement => ({
    instance: core.instance,
    apps: works.flatMap(({ apps }) => apps),
    emits: [...tally.emits],
    calls: [...tally.calls],
    ...machine,
    version: core.settings.version,
    startedAt,
    state,
    every,
    inHand: works.reduce((sum, { inHand }) => sum + inHand(), 0),
    handled: tally.handled,
    failed: tally.failed,
    lastHandled: tally.lastHandled,
    lastError: tally.lastError,
    ...(core.direct !== undefined && { direct: core.direct }),
  })

  const send = Effect.suspend((): Effect.Effect<void> => {
    const announcement = compose()
    onAnnounce(announcement)
    if (!isConnected()) return Effect.void
    const whole = encodeNotice({ kind: "announce", announcement })
    const body = whole ?? encodeNotice({ kind: "announce", announcement: { ...announcement, ...nothing } })
    const warning = whole !== undefined || isTooLarge ? Effect.void : Effect.logWarning(tooLarge)
    isTooLarge = whole === undefined
    if (body === undefined) return warning
    const packet = noticePacket(
      core.ids.next(core.now()),
      core.settings.app,
      core.now(),
      every * 3,
      body,
      Math.round(core.monotonic()),
    )
    return Effect.andThen(warning, Effect.ignore(core.transport.publish(routeTo.presence("announce"), packet)))
  })

  const announce = (): void => {
    if (isSending) {
      isStale = true
      return
    }
    isSending = true
    core.runFork(send).addObserver(() => {
      isSending = false
      if (isStale && state !== "gone") {
        isStale = false
        announce()
      }
    })
  }

  const pause = (from: number, to: number) => Effect.flatMap(Random.nextBetween(from, to), (ms) => Effect.sleep(ms))

  yield* Effect.addFinalizer(() => {
    state = "gone"
    return send.pipe(Effect.interruptible, Effect.timeoutOption(courtesy))
  })
  // jittered, so that processes started together do not speak together
  yield* pause(every * 0.9, every * 1.1).pipe(
    Effect.andThen(Effect.sync(announce)),
    Effect.forever,
    Effect.forkScoped,
  )

  return {
    announce,
    soon: (spread) => {
      if (isAwaited) return
      isAwaited = true
      core.runFork(Effect.andThen(
        pause(0, spread),
        Effect.sync(() => {
          isAwaited = false
          if (state !== "gone") announce()
        }),
      ))
    },
    host: (work) => {
      works.push(work)
      announce()
    },
    become: (next) => {
      if (state === "gone") return
      state = next
      announce()
    },
  }
})
