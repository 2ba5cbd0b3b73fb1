/**
 * The processes under a supervisor: one at work, perhaps one that is to take over, and those that are leaving.
 *
 * A state machine: what happened goes in, orders go out over the lines. Starts processes through a function it is given,
 * reads no file and knows no time.
 */
import type { Level } from "../log.ts"
import type { Reason } from "../lifetime.ts"
import type { Line } from "./channel.ts"
import type { SavedMessages } from "./handover.ts"
import type { Order, Report } from "./orders.ts"

/** One process. */
export interface Apprentice {
  readonly pid: number | undefined
  /** Absent until it has called. */
  line: Line<Report, Order> | undefined
  readonly kill: (signal: "SIGTERM" | "SIGKILL") => void
}

/** What a supervisor has to deal with. */
export type Happening =
  | { readonly _tag: "Changed"; readonly files: ReadonlyArray<string> }
  | { readonly _tag: "Report"; readonly line: Line<Report, Order>; readonly report: Report }
  | { readonly _tag: "Ended"; readonly apprentice: Apprentice; readonly code: number }
  | { readonly _tag: "Ending"; readonly reason: Reason }

/** What a team needs. */
export interface TeamOptions {
  readonly start: () => Apprentice
  readonly say: (level: Level, message: string) => void
}

/** The processes, and who is who. */
export class Team {
  readonly #options: TeamOptions
  readonly #all = new Set<Apprentice>()
  #current: Apprentice | undefined
  #next: Apprentice | undefined
  /** Whether `#next` has started and only waits for `#current` to make room. */
  #changing = false
  /** Files edited since the process at work began; they name the reason of the next change. */
  #edited = new Set<string>()
  /** An edit came while the change was under way. */
  #again = false
  /** Why everybody is to end, once that is so. */
  #dismissed: string | undefined
  #port: number | null = null
  /** Whether any process ever took over; until then a gateway that cannot open is the end. */
  #opened = false
  /** Messages that nobody could take yet. */
  readonly #held: Array<SavedMessages> = []

  constructor(options: TeamOptions) {
    this.#options = options
  }

  /** Whether every process has ended. */
  get isEmpty(): boolean {
    return this.#all.size === 0
  }

  /** Starts the first process. */
  begin(): void {
    this.#next = this.#options.start()
    this.#all.add(this.#next)
  }

  /** Takes in what happened. Gives an exit code when there is no point in going on. */
  on(happening: Happening): number | undefined {
    switch (happening._tag) {
      case "Changed":
        return void this.#onChanged(happening.files)
      case "Report":
        return void this.#onReport(happening.line, happening.report)
      case "Ended":
        return this.#onEnded(happening.apprentice, happening.code)
      case "Ending":
        return void this.dismiss(happening.reason)
    }
  }

  /** Orders every process to end; one that has not called yet is ended without asking. */
  dismiss(reason: string): void {
    this.#dismissed = reason
    for (const apprentice of this.#all) {
      if (apprentice.line === undefined) apprentice.kill("SIGKILL")
      else apprentice.line.say({ order: "stop", reason })
    }
  }

  /** Ends every process at once. */
  kill(): void {
    for (const apprentice of this.#all) apprentice.kill("SIGKILL")
  }

  #onChanged(files: ReadonlyArray<string>): void {
    if (this.#dismissed !== undefined) return
    for (const file of files) this.#edited.add(file)
    if (this.#changing) {
      this.#again = true
      return
    }
    // one that is starting has read the old text, or half of the new one
    this.#next?.kill("SIGKILL")
    this.#options.say("info", `Edited: ${names(files)}`)
    this.begin()
  }

  #onReport(line: Line<Report, Order>, report: Report): void {
    if (report.did === "call") {
      const caller = [...this.#all].find(({ pid }) => pid === report.pid)
      if (caller === undefined) return void line.hangUp()
      caller.line = line
      if (this.#dismissed !== undefined) line.say({ order: "stop", reason: this.#dismissed })
      return
    }
    const apprentice = [...this.#all].find((one) => one.line === line)
    if (apprentice === undefined || this.#dismissed !== undefined) return
    switch (report.did) {
      case "start":
        if (apprentice !== this.#next) return
        if (this.#current === undefined) return this.#promote()
        this.#changing = true
        return this.#current.line?.say({ order: "yield" })
      case "open":
        this.#port = report.port
        this.#opened = true
        return
      case "give":
        if (this.#current === undefined || this.#current === apprentice) this.#held.push(report.messages)
        else this.#current.line?.say({ order: "take", messages: report.messages })
        return
      case "yield":
        return this.#promote()
    }
  }

  /** The next one takes over. */
  #promote(): void {
    const next = this.#next
    if (next === undefined) {
      this.#current = undefined
      return
    }
    const after = this.#opened || this.#edited.size > 0 ? names([...this.#edited]) : null
    this.#current = next
    this.#next = undefined
    this.#changing = false
    this.#edited = new Set()
    next.line?.say({ order: "open", port: this.#port, after: this.#opened ? after : null })
    for (const messages of this.#held.splice(0)) next.line?.say({ order: "take", messages })
    if (!this.#again) return
    this.#again = false
    this.begin()
  }

  #onEnded(apprentice: Apprentice, code: number): number | undefined {
    this.#all.delete(apprentice)
    if (this.#dismissed !== undefined) return undefined
    if (apprentice === this.#next) {
      this.#next = undefined
      if (code === 2) return code
      // the one before it is leaving already
      if (this.#changing) this.#current = undefined
      this.#changing = false
      this.#options.say(
        "warn",
        this.#current === undefined
          ? "It did not start; an edit starts it again"
          : "The edit is not taken over; the process before it goes on",
      )
    } else if (apprentice === this.#current) {
      this.#current = undefined
      if (!this.#opened) return code
      if (this.#changing) this.#promote()
      else this.#options.say("error", `The process ended by itself with code ${code}; an edit starts it again`)
    }
    return undefined
  }
}

const names = (files: ReadonlyArray<string>): string =>
  files.length <= 3 ? files.join(", ") : `${files.slice(0, 2).join(", ")} and ${files.length - 2} more`
