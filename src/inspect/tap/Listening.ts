/**
 * What processes have told one tap: each message once, and how many there were that were not told.
 *
 * Takes notices in and gives messages and figures out; it sends nothing and knows no clock.
 */
import type { TapNotice, TappedMessage } from "../../wire/mod.ts"
import type { TapCount } from "./told.ts"

/** Ids of foreign messages that are remembered, and processes. */
const mostIds = 10_000
const mostProcesses = 10_000

interface Process {
  /** Messages that it has told. */
  told: number
  /** Messages that fitted there. */
  fitted: number
  counts: TapNotice["counts"]
}

/** See the top of the file. */
export class Listening {
  readonly #processes = new Map<string, Process>()
  readonly #foreign = new Set<string>()
  /** Foreign messages by what they are. */
  readonly #others = new Map<string, Omit<TapCount, "perSecond">>()
  #before = new Map<string, number>()
  #beforeAt = 0
  #reported = 0

  /** Processes that have told anything. */
  readonly instances = new Set<string>()

  /** Takes a notice in; gives back the messages that are new. */
  hear(notice: TapNotice): ReadonlyArray<TappedMessage> {
    const { instance, round, fitted, messages, counts } = notice
    const key = `${instance} ${round}`
    let process = this.#processes.get(key)
    if (process === undefined) {
      if (this.#processes.size >= mostProcesses) return []
      this.instances.add(instance)
      this.#processes.set(key, process = { told: 0, fitted: 0, counts: undefined })
    }
    process.fitted = Math.max(process.fitted, fitted)
    process.counts = counts
    process.told += messages.filter(({ foreign }) => foreign !== true).length
    return messages.filter((message) => message.foreign !== true || this.#isNew(message))
  }

  /** Messages that were left out since this was asked last. */
  missed(): number {
    let missed = 0
    for (const { told, fitted, counts } of this.#processes.values()) {
      if (counts === undefined) missed += Math.max(0, fitted - told)
    }
    const more = Math.max(0, missed - this.#reported)
    this.#reported += more
    return more
  }

  /** How many there were; `elapsed`: ms since the beginning. */
  counts(elapsed: number): { readonly total: number; readonly counts: ReadonlyArray<TapCount> } {
    const sums = new Map<string, Omit<TapCount, "perSecond">>()
    for (const { counts = [] } of this.#processes.values()) {
      for (const { type, app, kind, count } of counts) add(sums, { type, app, what: kind, count })
    }
    for (const one of this.#others.values()) add(sums, one)
    const passed = Math.max(1, elapsed - this.#beforeAt)
    const counts = [...sums].map(([key, one]): TapCount => ({
      ...one,
      perSecond: Math.max(0, (one.count - (this.#before.get(key) ?? 0)) * 1_000 / passed),
    })).toSorted((a, b) => b.count - a.count || (a.type < b.type ? -1 : 1))
    this.#before = new Map([...sums].map(([key, { count }]) => [key, count]))
    this.#beforeAt = elapsed
    return { total: counts.reduce((sum, { count }) => sum + count, 0), counts }
  }

  /** Several handlers may tell one message. */
  #isNew({ id, type, app, kind }: TappedMessage): boolean {
    if (id !== "" && this.#foreign.has(id)) return false
    for (const first of this.#foreign) {
      if (this.#foreign.size < mostIds) break
      this.#foreign.delete(first)
    }
    this.#foreign.add(id)
    add(this.#others, { type, app, what: kind, count: 1 })
    return true
  }
}

const add = (sums: Map<string, Omit<TapCount, "perSecond">>, one: Omit<TapCount, "perSecond">): void => {
  const key = `${one.what} ${one.type} ${one.app}`
  const known = sums.get(key)
  sums.set(key, known === undefined ? one : { ...known, count: known.count + one.count })
}
