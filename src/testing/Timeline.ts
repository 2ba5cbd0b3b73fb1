/**
 * What happened in a test, as a list of facts and, for people, as a tree of causes.
 *
 * Filled by the runtime's journal and by the transport's packets; printed when an expectation fails.
 */
import { show } from "../contract/mod.ts"
import type { Entry, Fact } from "../runtime/mod.ts"

/** A message that was sent during a test. */
export interface Sent {
  readonly id: string
  readonly type: string
  readonly app: string
  readonly at: number
  /** `event` or `call`. */
  readonly kind: "event" | "call" | "tick"
  /** The encoded payload. */
  readonly body: unknown
  /** Id of the message in hand when it was sent. */
  readonly cause: string | undefined
}

/** Facts and messages of a stretch of time. */
export class Timeline {
  readonly entries: ReadonlyArray<Entry>
  readonly messages: ReadonlyArray<Sent>
  readonly #start: number

  /** @param start what times are counted from, ms since the epoch */
  constructor(entries: ReadonlyArray<Entry>, messages: ReadonlyArray<Sent>, start: number) {
    this.entries = entries
    this.messages = messages
    this.#start = start
  }

  /** The facts of one kind, for example `retry` or `dead`. */
  of(fact: Fact): ReadonlyArray<Entry> {
    return this.entries.filter((entry) => entry.fact === fact)
  }

  /** The tree: messages, under each its handlers' runs, under these what they sent. */
  toString(): string {
    if (this.messages.length === 0 && this.entries.length === 0) return "(nothing happened)"
    const known = new Set(this.messages.map(({ id }) => id))
    const roots = this.messages.filter(({ cause }) => cause === undefined || !known.has(cause))
    const orphans = this.entries.filter((entry) => !known.has(entry.id) && isTold(entry))
    return [
      ...roots.flatMap((message) => this.#message(message, "")),
      ...orphans.map((entry) => this.#line(entry)),
    ].join("\n")
  }

  #message(message: Sent, indent: string): ReadonlyArray<string> {
    const told = this.entries.filter((entry) => entry.id === message.id && isTold(entry))
    const caused = this.messages.filter(({ cause }) => cause === message.id)
    const facts = told.map((entry) => ({ at: entry.at, lines: [`${indent}   ${this.#line(entry)}`] }))
    const children = caused.map((child) => ({ at: child.at, lines: this.#message(child, `${indent}   `) }))
    const below = [...facts, ...children].sort((a, b) => a.at - b.at).flatMap(({ lines }) => lines)
    const what = message.kind === "event" ? "event" : message.kind
    return [`${indent}${this.#time(message.at)} ${what} ${message.type} ${show(message.body)}`, ...below]
  }

  #line(entry: Entry): string {
    const attempt = entry.attempt !== undefined && entry.attempt > 1 ? ` (attempt ${entry.attempt})` : ""
    const delay = entry.delay === undefined ? "" : ` in ${entry.delay} ms`
    const error = entry.error === undefined || entry.error === "" ? "" : `: ${entry.error}`
    return `${this.#time(entry.at)} ${entry.handler ?? entry.app} ${words[entry.fact]}${attempt}${delay}${error}`
  }

  #time(at: number): string {
    const ms = at - this.#start
    return `+${ms < 10_000 ? `${ms} ms` : ms < 120_000 ? `${ms / 1_000} s` : `${Math.round(ms / 600) / 100} min`}`
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }

  [Symbol.for("Deno.customInspect")](): string {
    return this.toString()
  }
}

const words: Readonly<Record<Fact, string>> = {
  emitted: "emitted it",
  unheard: "emitted it, nobody listens",
  "not-emitted": "could not emit it",
  started: "started",
  handled: "handled it",
  failed: "failed",
  retry: "will try again",
  dead: "dead-lettered it",
  skipped: "skipped it",
  returned: "gave it back",
  called: "called",
  answered: "got the answer",
  refused: "got an error",
  "stray-reply": "got a reply nobody awaits",
  cancelled: "was interrupted",
  tick: "is due",
  "clock-skew": "sees another clock",
}

/** What goes without saying is left out. */
const isTold = ({ fact }: Entry): boolean => fact !== "started" && fact !== "called" && fact !== "emitted"
