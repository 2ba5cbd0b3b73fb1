/**
 * What became of the last messages, found by their ids: for who asks where a message is.
 *
 * Keeps numbers made of ids, not the ids, in typed arrays: keeping something of each message would cost the collector more
 * than all the rest. Two ids may give one number (1 in 10^14): who asks by id knows its type beside it. What went wrong is
 * kept apart, so that a thousand good ones do not push it out.
 */
import type { Sighting } from "../../wire/mod.ts"
import type { Entry, Fact } from "../Journal.ts"

const room = 16_384
const failures = 512

const facts: ReadonlyArray<Fact> = [
  "emitted",
  "unheard",
  "handled",
  "not-emitted",
  "retry",
  "dead",
  "skipped",
  "returned",
  "failed",
]
const good = 3

/** See the top of the file. */
export class Recent {
  #ids: Float64Array | undefined
  #at = new Float64Array(0)
  #what = new Uint32Array(0)
  #next = 0
  readonly #names: Array<string> = []
  readonly #numbers = new Map<string, number>()
  readonly #failed: Array<{ readonly id: string } & Sighting> = []
  #nextFailed = 0

  /** Remembers what became of a message, where it matters. */
  add(entry: Entry): void {
    const fact = facts.indexOf(entry.fact)
    if (fact < 0) return
    if (fact >= good) return this.#fail(entry)
    if (this.#ids === undefined) {
      // most processes never need it
      this.#ids = new Float64Array(room)
      this.#at = new Float64Array(room)
      this.#what = new Uint32Array(room)
    }
    const place = this.#next++ & (room - 1)
    this.#ids[place] = numberOf(entry.id)
    this.#at[place] = entry.at
    this.#what[place] = fact << 16 | this.#nameOf(fact === 2 ? entry.handler ?? "" : entry.type)
  }

  /** All that is remembered of a message, the oldest first. */
  find(id: string): ReadonlyArray<Sighting> {
    const found: Array<Sighting> = []
    const wanted = numberOf(id)
    for (let i = 0; i < room && this.#ids !== undefined; i++) {
      if (this.#ids[i] !== wanted) continue
      const what = this.#what[i]!
      const fact = facts[what >> 16]!
      const name = this.#names[what & 0xffff] ?? ""
      found.push({ fact, at: this.#at[i]!, ...(fact === "handled" ? { handler: name } : { type: name }) })
    }
    for (const { id: other, ...rest } of this.#failed) if (other === id) found.push(rest)
    return found.sort((a, b) => a.at - b.at)
  }

  #fail({ id, fact, at, type, handler, error }: Entry): void {
    this.#failed[this.#nextFailed++ % failures] = {
      id,
      fact,
      at,
      type,
      ...(handler !== undefined && { handler }),
      ...(error !== undefined && { error: error.slice(0, 512) }),
    }
  }

  #nameOf(name: string): number {
    let number = this.#numbers.get(name)
    if (number === undefined) {
      // names are a program's own: a handful. Beyond the limit they are not told apart
      if (this.#names.length > 4_095) return 4_095
      number = this.#names.push(name.slice(0, 256)) - 1
      this.#numbers.set(name, number)
    }
    return number
  }
}

/** 48 bits of an id, its end first, where ids made of time and chance differ. */
const numberOf = (id: string): number => {
  let low = 0x811c9dc5
  let high = 0x1000193
  for (let i = id.length - 1, last = Math.max(0, id.length - 16); i >= last; i--) {
    const code = id.charCodeAt(i)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x85ebca6b) + code | 0
  }
  return (low >>> 0) * 0x10000 + (high >>> 16)
}
