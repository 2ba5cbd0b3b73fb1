/**
 * What a process has done so far, counted from its facts, for its announcements.
 *
 * A journal like any other, put beside the one in force. Keeps figures and names, never payloads, and few of them.
 */
import { presenceLimits } from "../wire/mod.ts"
import type { Entry, Journal } from "./Journal.ts"

/** The figures of one process. */
export class Tally implements Journal {
  handled = 0
  failed = 0
  /** ms since the epoch. */
  lastHandled: number | undefined
  lastError: string | undefined
  /** Types of events emitted here, and of calls made. */
  readonly emits = new Set<string>()
  readonly calls = new Set<string>()

  readonly record = ({ fact, at, type, handler, error }: Entry): void => {
    switch (fact) {
      case "handled":
        this.handled++
        this.lastHandled = at
        return
      case "failed":
        this.failed++
        this.lastError = `${handler ?? type}: ${error ?? ""}`.slice(0, presenceLimits.text)
        return
      case "emitted":
      case "unheard":
        return note(this.emits, type)
      case "called":
        return note(this.calls, type)
    }
  }
}

const note = (names: Set<string>, type: string): void => {
  if (names.size < presenceLimits.names && type.length <= presenceLimits.text) names.add(type)
}
