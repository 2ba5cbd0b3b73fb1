/**
 * The two structures that keep the engine fast, held against plain arrays.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import fc from "fast-check"
import { Deque } from "../../src/broker/Deque.ts"
import { Heap } from "../../src/broker/Heap.ts"

describe("Deque", () => {
  test("behaves as an array with push and shift", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat()), { maxLength: 300 }), (steps) => {
        const deque = new Deque<number>()
        const array: Array<number> = []
        for (const step of steps) {
          if (step === null) assert.equal(deque.shift(), array.shift())
          else (deque.push(step), array.push(step))
          assert.equal(deque.peek(), array[0])
          assert.equal(deque.size, array.length)
        }
        assert.deepEqual([...deque], array)
      }),
      { seed: 1, numRuns: 300 },
    )
  })

  test("works on after it was large and ran empty", () => {
    const deque = new Deque<number>()
    for (let i = 0; i < 20_000; i++) deque.push(i)
    for (let i = 0; i < 20_000; i++) assert.equal(deque.shift(), i)
    deque.push(7)
    assert.deepEqual([deque.size, deque.shift(), deque.shift()], [1, 7, undefined])
  })
})

describe("Heap", () => {
  test("gives the smallest first, also when items move or leave", () => {
    interface Item {
      value: number
      slot: number
    }
    const step = fc.record({
      act: fc.constantFrom("push", "pop", "move", "remove"),
      value: fc.nat(50),
      which: fc.nat(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new Heap<Item>({
          before: (a, b) => a.value < b.value,
          placed: (item, slot) => item.slot = slot,
        })
        const items = new Set<Item>()
        const least = () => Math.min(...Array.from(items, (item) => item.value))
        for (const { act, value, which } of steps) {
          const chosen = [...items][which % (items.size || 1)]
          if (act === "push") {
            const item = { value, slot: -1 }
            items.add(item)
            heap.push(item)
          } else if (act === "pop") {
            const expected = least()
            const item = heap.pop()
            assert.equal(item?.value ?? Infinity, expected)
            if (item !== undefined) items.delete(item)
          } else if (chosen !== undefined && act === "move") {
            chosen.value = value
            heap.moved(chosen.slot)
          } else if (chosen !== undefined) {
            heap.remove(chosen.slot)
            items.delete(chosen)
            assert.equal(chosen.slot, -1)
          }
          assert.equal(heap.size, items.size)
          assert.equal(heap.peek()?.value ?? Infinity, least())
        }
        const values = heap.sorted().map((item) => item.value)
        assert.deepEqual(values, Array.from(items, (item) => item.value).sort((a, b) => a - b))
      }),
      { seed: 1, numRuns: 300 },
    )
  })
})
