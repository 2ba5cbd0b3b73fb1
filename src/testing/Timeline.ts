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
  readonly #order: (item: Sent | Entry) => number

  /** @param start what times are counted from, ms since the epoch */
  constructor(
    entries: ReadonlyArray<Entry>,
    messages: ReadonlyArray<Sent>,
    start: number,
    order: (item: Sent | Entry) => number,
  ) {
    this.entries = entries
    this.messages = messages
    this.#start = start
    this.#order = order
  }

  /** The facts of one kind, for example `retry` or `dead`. */
  of(fact: Fact): ReadonlyArray<Entry> {
    return this.entries.filter((entry) => entry.fact === fact)
  }

  /** The tree: messages, under each its handlers' runs, under these what they sent. */
  toString(): string {
    if (this.messages.length === 0 && this.entries.length === 0) return "(nothing happened)"
    const known = new Set(this.messages.map(({ id }) => id))
    const told = grouped(this.entries.filter(isTold), ({ id }) => id)
    const caused = grouped(this.messages, ({ cause }) => cause !== undefined && known.has(cause) ? cause : "")
    const orphans = this.entries.filter((entry) => !known.has(entry.id) && isTold(entry))
    // a list of what is still to be told, the next one last: a long chain of causes is no deep recursion
    const ahead: Array<Item> = [...caused.get("") ?? [], ...orphans].toReversed().map((item) => ({ depth: 0, item }))
    const lines: Array<string> = []
    for (let next = ahead.pop(); next !== undefined && lines.length < longest; next = ahead.pop()) {
      const { depth, item } = next
      lines.push("   ".repeat(Math.min(depth, deepest)) + ("fact" in item ? this.#fact(item) : this.#message(item)))
      if ("fact" in item) continue
      const below = [...told.get(item.id) ?? [], ...caused.get(item.id) ?? []].sort((a, b) =>
        this.#order(a) - this.#order(b)
      )
      for (const item of below.toReversed()) ahead.push({ depth: depth + 1, item })
    }
    return [...lines, ...(lines.length < longest ? [] : ["(there is more)"])].join("\n")
  }

  #message({ at, kind, type, body }: Sent): string {
    return `${this.#time(at)} ${kind} ${type} ${show(body)}`
  }

  #fact(entry: Entry): string {
    const attempt = entry.attempt !== undefined && entry.attempt > 1 ? ` (attempt ${entry.attempt})` : ""
    const delay = entry.delay === undefined ? "" : ` in ${entry.delay} ms`
    const error = errorOf(entry)
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
  rerouted: "took another lane",
  cancelled: "was interrupted",
  tick: "is due",
  "clock-skew": "sees another clock",
  drift: "knows another schema",
}

interface Item {
  readonly depth: number
  readonly item: Sent | Entry
}

/** Lines at most, and levels that are shown as such. */
const longest = 2_000
const deepest = 40

const grouped = <A>(items: ReadonlyArray<A>, keyOf: (item: A) => string): ReadonlyMap<string, ReadonlyArray<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

/** Why a handler failed is said once; the lines that follow from it do not say it again. */
const errorOf = ({ fact, error = "" }: Entry): string => {
  if (error === "" || fact === "retry") return ""
  // the caller's own failure tells the rest
  return fact === "refused" ? `: ${error.split(":", 1)[0]}` : `: ${error}`
}

/** What goes without saying is left out. */
const isTold = ({ fact }: Entry): boolean => fact !== "started" && fact !== "called" && fact !== "emitted"
