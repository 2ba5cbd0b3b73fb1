/**
 * What has become of letters while queues are sifted: which are through, which stay and why.
 *
 * Counts only. A letter that is looked at more than once stays once.
 */
import { type Letter } from "./Letter.ts"
import type { MovedTold, Stayed } from "./Moving.ts"
import type { Selected } from "./selection.ts"

/** Between two words about progress, ms. */
const pause = 500

/** See the top of the file. */
export class Account {
  readonly #monotonic: () => number
  readonly #tell: (done: number) => void
  readonly #began: number
  readonly #by = new Map<string, { handler: string | null; queue: string; count: number }>()
  readonly #stayed = new Map<string, { stayed: Stayed; keys: Set<string> }>()
  readonly #missing: Array<Stayed> = []
  #done = 0
  #told: number

  constructor(monotonic: () => number, tell: (done: number) => void) {
    this.#monotonic = monotonic
    this.#tell = tell
    this.#began = this.#told = monotonic()
  }

  /** Letters that are through. */
  get done(): number {
    return this.#done
  }

  /** One more is through. */
  through(handler: string | null, queue: string): void {
    this.#done++
    const key = `${queue} ${handler}`
    const one = this.#by.get(key)
    if (one === undefined) this.#by.set(key, { handler, queue, count: 1 })
    else one.count++
    const now = this.#monotonic()
    if (now - this.#told < pause) return
    this.#told = now
    this.#tell(this.#done)
  }

  /** One stays. */
  stays({ handler, id, queue, at, sent, type }: Letter, why: string, remedy: string | null): "keep" {
    const name = `${handler} ${why}`
    let one = this.#stayed.get(name)
    if (one === undefined) {
      one = { stayed: { handler, why, remedy, count: 0, id }, keys: new Set() }
      this.#stayed.set(name, one)
    }
    one.keys.add(`${queue} ${id} ${at} ${sent} ${type}`)
    return "keep"
  }

  /** So many were in a queue and are not there any more. */
  missing(queue: string, count: number): void {
    this.#missing.push({
      handler: null,
      why: `not seen again in ${queue}: somebody else took them or has them in hand, whosever they are`,
      remedy: "`warren dead ls` shows what is there",
      count,
      id: "",
    })
  }

  /** What it came to; `left`: letters in those queues now. */
  end({ kind, name, queues }: Pick<Selected, "kind" | "name" | "queues">, left: number): MovedTold {
    return {
      kind: "end",
      meant: { kind, name },
      done: this.#done,
      by: [...this.#by.values()],
      stayed: [
        ...[...this.#stayed.values()].map(({ stayed, keys }) => ({ ...stayed, count: keys.size })),
        ...this.#missing,
      ],
      left,
      held: queues.filter(({ consumers }) => consumers > 0).map(({ queue }) => queue),
      ms: Math.round(this.#monotonic() - this.#began),
    }
  }
}
