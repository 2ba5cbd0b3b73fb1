/**
 * Bag, Ring and Table against naive models: what was added is there until it is taken out, in any history.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import { Bag, type Bagged, type Keyed, nowhere, Ring, Table } from "../../src/collections/mod.ts"
import { properties } from "../wire/properties.ts"

class Thing extends Ring implements Bagged, Keyed<Thing> {
  readonly key: string
  chained: Thing | undefined
  place = nowhere

  constructor(key: string) {
    super()
    this.key = key
  }
}

/** Adds the next one, or takes out one of those that were added before, whether it is there or not. */
const history = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant("add" as const) }),
    fc.record({ act: fc.constant("take" as const), by: fc.nat() }),
  ),
  { maxLength: 300 },
)

/** Plays a history; `look` is told after each step who should be there, in the order they came. */
const play = (
  steps: ReadonlyArray<{ readonly act: "add" } | { readonly act: "take"; readonly by: number }>,
  make: (number: number) => Thing,
  add: (thing: Thing) => void,
  take: (thing: Thing) => boolean | void,
  look: (there: ReadonlyArray<Thing>, gone: ReadonlyArray<Thing>) => void,
): void => {
  const all: Array<Thing> = []
  const there = new Set<Thing>()
  for (const step of steps) {
    if (step.act === "add") {
      const thing = make(all.length)
      all.push(thing)
      there.add(thing)
      add(thing)
    } else if (all.length > 0) {
      const thing = all[step.by % all.length]!
      const was = there.delete(thing)
      const found = take(thing)
      if (found !== undefined) assert.equal(found, was)
    }
    look([...there], all.filter((thing) => !there.has(thing)))
  }
}

const sorted = (things: Iterable<Thing>) => [...things].map(({ key }) => key).toSorted()

describe("Bag", () => {
  test("holds what was added until it is taken out", () =>
    properties(fc.property(history, (steps) => {
      const bag = new Bag<Thing>()
      play(steps, (n) => new Thing(`${n}`), (thing) => bag.add(thing), (thing) => bag.delete(thing), (there, gone) => {
        assert.equal(bag.size, there.length)
        assert.deepEqual(sorted(bag), sorted(there))
        for (const thing of there) assert.ok(bag.has(thing))
        for (const thing of gone) assert.ok(!bag.has(thing))
      })
    })))

  test("may be changed by whoever walks through it", () => {
    const bag = new Bag<Thing>()
    for (let i = 0; i < 10; i++) bag.add(new Thing(`${i}`))
    const seen: Array<string> = []
    for (const thing of bag) {
      seen.push(thing.key)
      bag.delete(thing)
    }
    assert.equal(seen.length, 10)
    assert.equal(bag.size, 0)
  })
})

describe("Ring", () => {
  test("keeps the order, whoever leaves", () =>
    properties(fc.property(history, (steps) => {
      const head = new Ring()
      play(steps, (n) => new Thing(`${n}`), (thing) => head.add(thing), (thing) => thing.leave(), (there) => {
        assert.equal(head.isEmpty, there.length === 0)
        assert.equal(head.first, there[0] ?? head)
      })
      const order: Array<Ring> = []
      for (let { first } = head; first !== head; first = head.first) {
        order.push(first)
        first.leave()
      }
      const numbers = order.map((one) => Number((one as Thing).key))
      assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b))
    })))
})

describe("Table", () => {
  // keys that share their slot, and short ones
  const keys = fc.constantFrom(
    (n: number) => `id-${n}`,
    (n: number) => `${n}-same`,
    (n: number) => String.fromCharCode(...Array.from({ length: 16 }, (_, i) => (n * 31 + i * 7) % 256), n),
    (n: number) => n === 0 ? "" : "x".repeat(n % 4) + n,
  )

  test("finds what was added by its key until it is taken out", () =>
    properties(fc.property(history, keys, (steps, keyOf) => {
      const table = new Table<Thing>()
      play(
        steps,
        (n) => new Thing(keyOf(n)),
        (thing) => table.add(thing),
        (thing) => table.delete(thing),
        (there, gone) => {
          assert.equal(table.size, there.length)
          for (const thing of there) assert.equal(table.get(thing.key), thing)
          for (const { key } of gone) assert.equal(table.get(key), undefined)
        },
      )
    })))

  test("grows, and gives all", () => {
    const table = new Table<Thing>()
    const all = Array.from({ length: 5_000 }, (_, n) => new Thing(`${n}`.padStart(8, "0")))
    for (const thing of all) table.add(thing)
    assert.deepEqual(sorted(table), sorted(all))
    for (const thing of table) assert.ok(table.delete(thing))
    assert.equal(table.size, 0)
    assert.equal(table.get("00000001"), undefined)
  })
})
