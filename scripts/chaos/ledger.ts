/**
 * Everything the processes of a run wrote down, added up; read while the run goes on and once more at its end.
 *
 * Between `record.ts` and `judge.ts`. Counts, and judges nothing.
 */
import { globSync } from "node:fs"
import { join } from "node:path"
import { CallLedger } from "./callLedger.ts"
import { fateOf, type ListenerName, listeners } from "./company.ts"
import { Counts } from "./counts.ts"
import { type Line, makeReader } from "./record.ts"
import { Series } from "./throughput.ts"

/** A sample of one process. Bytes; -1: unknown. */
export interface Sample {
  readonly at: number
  readonly heap: number
  readonly rss: number
  readonly fibers: number
  readonly timers: number
  readonly sockets: number
}

/** The sums of a run. */
export class Ledger {
  readonly confirmed = new Counts()
  /** Failed attempts to emit, by their tag. */
  readonly unconfirmed = new Map<string, number>()
  readonly handled = new Map<string, Counts>()
  /** When `ordered` first handled an event, by its number. */
  readonly order = new Map<number, number>()
  readonly calls = new CallLedger()
  readonly samples = new Map<string, Array<Sample>>()
  readonly series = { confirmed: new Series(), handled: new Series() }
  /** Lines read so far: whether anything goes on. */
  lines = 0
  readonly #folder: string
  readonly #readers = new Map<string, () => ReadonlyArray<Line>>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Reads what was written since the last time. */
  read(): void {
    for (const file of globSync("*.lines", { cwd: this.#folder })) {
      const reader = this.#readers.get(file) ?? makeReader(join(this.#folder, file))
      this.#readers.set(file, reader)
      for (const line of reader()) this.#take(line, file.replace(/\.lines$/, ""))
    }
  }

  /** How often a handler came to its end with a number. */
  of(handler: string): Counts {
    const counts = this.handled.get(handler) ?? new Counts()
    this.handled.set(handler, counts)
    return counts
  }

  /** Confirmed events that a listener has not handled, without those which are meant to be dead-lettered. */
  missing(listener: ListenerName): ReadonlyArray<number> {
    const counts = this.of(listener)
    return [...this.confirmed.numbers()].filter((n) =>
      counts.at(n) === 0 && !(listener === "stumbling" && fateOf(n) === "dies")
    )
  }

  /** Over all listeners. */
  missingCount(): number {
    return listeners.reduce((sum, listener) => sum + this.missing(listener).length, 0)
  }

  #take(line: Line, name: string): void {
    this.lines++
    switch (line[0]) {
      case "confirmed": {
        const [, n, at] = line
        this.confirmed.add(n)
        return this.series.confirmed.add(at)
      }
      case "unconfirmed": {
        const [, , , tag] = line
        return void this.unconfirmed.set(tag, (this.unconfirmed.get(tag) ?? 0) + 1)
      }
      case "handled": {
        const [, n, at, handler] = line
        this.of(handler).add(n)
        if (handler === "ordered") this.order.set(n, Math.min(at, this.order.get(n) ?? at))
        return (listeners as ReadonlyArray<string>).includes(handler) ? this.series.handled.add(at) : undefined
      }
      case "holds": {
        const [, at, heap, rss, fibers, timers, sockets] = line
        const samples = this.samples.get(name) ?? []
        this.samples.set(name, samples)
        return void samples.push({ at, heap, rss, fibers, timers, sockets })
      }
      default:
        // a place's lives are told apart by numbers in the names of their files
        this.calls.take(line, name.replace(/\.\d+$/, ""))
    }
  }
}
