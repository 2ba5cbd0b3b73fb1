/**
 * What a process has done so far, counted from its facts, for its announcements and for who asks.
 *
 * A journal like any other, put beside the one in force. Keeps figures and names, never payloads, and few of them; of a message
 * that went well it keeps numbers alone (`Recent.ts` says why).
 */
import { presenceLimits } from "../../wire/mod.ts"
import type { Entry, Journal } from "../Journal.ts"
import { HandlerDeeds, mishap, SentDeeds } from "./Deeds.ts"
import { Recent } from "./Recent.ts"

/** The figures of one process. */
export class Tally implements Journal {
  handled = 0
  failed = 0
  /** ms since the epoch. */
  lastHandled: number | undefined
  lastError: string | undefined
  /** The last sign that a peer's clock differs. */
  lastSkew: { readonly at: number; readonly ms: number; readonly type: string; readonly id: string } | undefined
  /** By `warranty.register`. */
  readonly handlers = new Map<string, HandlerDeeds>()
  /** Events emitted here and calls made, by type. */
  readonly sent = new Map<string, SentDeeds>()
  readonly recent = new Recent()
  #lastHandler = ""
  #lastDeeds = new HandlerDeeds()
  #lastType = ""
  #lastSent = new SentDeeds("event")

  /** Types of events that this process has tried to emit. */
  get emits(): ReadonlyArray<string> {
    return this.#typesOf("event")
  }

  /** Types of calls that it has made. */
  get calls(): ReadonlyArray<string> {
    return this.#typesOf("call")
  }

  readonly record = (entry: Entry): void => {
    const { fact, at } = entry
    switch (fact) {
      case "started":
        this.#deedsOf(entry).lastStarted = at
        return
      case "handled": {
        const deeds = this.#deedsOf(entry)
        this.handled++
        deeds.handled++
        this.lastHandled = deeds.lastHandled = at
        deeds.durations.add(at, entry.ms ?? 0)
        return this.recent.add(entry)
      }
      case "failed": {
        const deeds = this.#deedsOf(entry)
        this.failed++
        deeds.failed++
        deeds.lastFailed = mishap(entry)
        deeds.durations.add(at, entry.ms ?? 0)
        this.lastError = `${entry.handler ?? entry.type}: ${entry.error ?? ""}`.slice(0, presenceLimits.text)
        return this.recent.add(entry)
      }
      case "retry": {
        const deeds = this.#deedsOf(entry)
        deeds.retried++
        deeds.lastRetry = mishap(entry)
        return this.recent.add(entry)
      }
      case "dead": {
        const deeds = this.#deedsOf(entry)
        deeds.dead++
        deeds.lastDead = mishap(entry)
        return this.recent.add(entry)
      }
      case "skipped": {
        const deeds = this.#deedsOf(entry)
        deeds.skipped++
        deeds.lastSkipped = mishap(entry)
        return this.recent.add(entry)
      }
      case "returned":
        this.#deedsOf(entry).returned++
        return this.recent.add(entry)
      case "emitted": {
        const sent = this.#sentOf(entry, "event")
        sent.done++
        sent.lastDone = at
        sent.durations.add(at, entry.ms ?? 0)
        return this.recent.add(entry)
      }
      case "unheard": {
        const sent = this.#sentOf(entry, "event")
        sent.unheard++
        sent.lastUnheard = at
        sent.durations.add(at, entry.ms ?? 0)
        return this.recent.add(entry)
      }
      case "not-emitted": {
        const sent = this.#sentOf(entry, "event")
        sent.failed++
        sent.lastFailed = mishap(entry)
        return this.recent.add(entry)
      }
      case "called":
        this.#sentOf(entry, "call")
        return
      case "answered": {
        const sent = this.#sentOf(entry, "call")
        sent.done++
        sent.lastDone = at
        return sent.durations.add(at, entry.ms ?? 0)
      }
      case "refused": {
        const sent = this.#sentOf(entry, "call")
        sent.failed++
        sent.lastFailed = mishap(entry)
        return sent.durations.add(at, entry.ms ?? 0)
      }
      case "clock-skew":
        this.lastSkew = {
          at,
          ms: entry.ms ?? 0,
          type: entry.type.slice(0, presenceLimits.text),
          id: entry.id.slice(0, 255),
        }
        return
    }
  }

  #deedsOf({ handler = "" }: Entry): HandlerDeeds {
    // nearly always the one of the fact before
    if (handler === this.#lastHandler) return this.#lastDeeds
    let deeds = this.handlers.get(handler)
    if (deeds === undefined) this.handlers.set(handler, deeds = new HandlerDeeds())
    this.#lastHandler = handler
    return this.#lastDeeds = deeds
  }

  #sentOf({ type, app }: Entry, kind: "event" | "call"): SentDeeds {
    if (type !== this.#lastType || this.#lastSent.kind !== kind) this.#lastSent = this.#sent(type, kind)
    this.#lastSent.by(app)
    return this.#lastSent
  }

  #sent(type: string, kind: "event" | "call"): SentDeeds {
    let sent = this.sent.get(type)
    if (sent === undefined) {
      sent = new SentDeeds(kind)
      // beyond the limits it is counted nowhere
      if (this.sent.size < presenceLimits.names * 2 && type.length <= presenceLimits.text) this.sent.set(type, sent)
    }
    this.#lastType = type
    return sent
  }

  #typesOf(kind: "event" | "call"): ReadonlyArray<string> {
    return [...this.sent].flatMap(([type, sent]) => sent.kind === kind ? [type] : []).slice(0, presenceLimits.names)
  }
}
