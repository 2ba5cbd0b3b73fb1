/**
 * Numbers by chance that a seed repeats: the plan of a run is the same wherever and whenever it is made.
 *
 * Below `plan.ts` and nothing else: what happens while a run goes on is not repeatable, and does not pretend to be.
 */

/** A source of chance. */
export interface Random {
  /** From 0 up to, and without, 1. */
  readonly next: () => number
  /** A whole number from `low` to `high`, both included. */
  readonly between: (low: number, high: number) => number
  /** The same values in another order. */
  readonly shuffle: <A>(values: ReadonlyArray<A>) => ReadonlyArray<A>
}

/** The source of a seed (mulberry32). */
export const makeRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    between,
    shuffle: (values) => {
      const left = [...values]
      return values.map(() => left.splice(between(0, left.length - 1), 1)[0]!)
    },
  }
}
