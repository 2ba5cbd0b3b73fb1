/**
 * What one handler has done, and what was sent of one type, in figures and last times.
 *
 * Below `Tally`, which tells it facts. Keeps an error's text only where something went wrong.
 */
import type { HandlerStats, Mishap, SentStats } from "../../wire/mod.ts"
import type { Entry } from "../Journal.ts"
import { Durations } from "./Durations.ts"

const longest = 512

/** Apps that are kept of those that sent one type. */
const mostApps = 64

/** A fact that something went wrong, kept. */
export const mishap = ({ at, id, error, tag, attempt, delay }: Entry): Mishap => ({
  at,
  id: id.slice(0, 255),
  error: (error ?? "").slice(0, longest),
  ...(tag !== undefined && { tag: tag.slice(0, longest) }),
  ...(attempt !== undefined && { attempt }),
  ...(delay !== undefined && { delay }),
})

/** One handler's figures. */
export class HandlerDeeds {
  handled = 0
  failed = 0
  retried = 0
  dead = 0
  skipped = 0
  returned = 0
  lastStarted = 0
  lastHandled = 0
  lastFailed: Mishap | undefined
  lastRetry: Mishap | undefined
  lastDead: Mishap | undefined
  lastSkipped: Mishap | undefined
  readonly durations = new Durations()

  /** As others are told it. */
  view(
    now: number,
  ): Pick<
    HandlerStats,
    | "handled"
    | "failed"
    | "retried"
    | "dead"
    | "skipped"
    | "returned"
    | "recent"
    | "lastStarted"
    | "lastHandled"
    | "lastFailed"
    | "lastRetry"
    | "lastDead"
    | "lastSkipped"
  > {
    const { handled, failed, retried, dead, skipped, returned } = this
    return {
      handled,
      failed,
      retried,
      dead,
      skipped,
      returned,
      recent: this.durations.view(now),
      ...(this.lastStarted > 0 && { lastStarted: this.lastStarted }),
      ...(this.lastHandled > 0 && { lastHandled: this.lastHandled }),
      ...(this.lastFailed && { lastFailed: this.lastFailed }),
      ...(this.lastRetry && { lastRetry: this.lastRetry }),
      ...(this.lastDead && { lastDead: this.lastDead }),
      ...(this.lastSkipped && { lastSkipped: this.lastSkipped }),
    }
  }
}

/** What was sent of one type. */
export class SentDeeds {
  readonly kind: "event" | "call"
  done = 0
  unheard = 0
  failed = 0
  lastDone = 0
  lastUnheard = 0
  lastFailed: Mishap | undefined
  readonly durations = new Durations()
  /** The apps of this process that sent it, few. */
  readonly apps = new Set<string>()
  #lastApp: string | undefined

  constructor(kind: "event" | "call") {
    this.kind = kind
  }

  /** It was sent by an app: nearly always the one of the message before. */
  by(app: string): void {
    if (app === this.#lastApp) return
    this.#lastApp = app
    if (this.apps.size < mostApps) this.apps.add(app.slice(0, longest))
  }

  /** As others are told it. */
  view(type: string, schema: string, now: number): SentStats {
    const { kind, done, unheard, failed } = this
    return {
      type,
      kind,
      schema,
      done,
      unheard,
      failed,
      recent: this.durations.view(now),
      ...(this.apps.size > 0 && { apps: [...this.apps] }),
      ...(this.lastDone > 0 && { lastDone: this.lastDone }),
      ...(this.lastUnheard > 0 && { lastUnheard: this.lastUnheard }),
      ...(this.lastFailed && { lastFailed: this.lastFailed }),
    }
  }
}
