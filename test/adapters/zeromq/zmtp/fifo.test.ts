/**
 * Fifo against a plain array.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { Fifo } from "../../../../adapters/zeromq/zmtp/Fifo.ts"

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("add" as const), count: fc.integer({ min: 1, max: 3_000 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("take" as const), count: fc.integer({ min: 1, max: 3_000 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("putBack" as const), count: fc.constant(1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove" as const), count: fc.nat(4_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), count: fc.constant(0) }) },
)

describe("Fifo", () => {
  test("is what an array with push() and shift() is", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const fifo = new Fifo<number>()
        let model: Array<number> = []
        let next = 0
        for (const { kind, count } of steps) {
          if (kind === "clear") {
            fifo.clear()
            model = []
          } else if (kind === "remove") {
            // one that is there, or one that is not any more
            const item = model[count % (model.length + 1)] ?? count
            fifo.remove(item)
            model = model.filter((one) => one !== item)
          } else if (kind === "putBack") {
            fifo.putBack(next)
            model.unshift(next++)
          } else if (kind === "add") {
            for (let i = 0; i < count; i++) {
              fifo.add(next)
              model.push(next++)
            }
          } else {
            for (let i = 0; i < count; i++) assert.equal(fifo.take(), model[i])
            model = model.slice(count)
          }
          assert.equal(fifo.size, model.length)
        }
        for (const one of model) assert.equal(fifo.take(), one)
        assert.equal(fifo.take(), undefined)
      }),
      { numRuns: 60 },
    )
  })

  test("takes as long for each of many as for each of few", () => {
    // an array whose shift() moves the rest needs minutes for this
    const fifo = new Fifo<number>()
    for (let i = 0; i < 300_000; i++) fifo.add(i)
    for (let i = 0; i < 300_000; i++) {
      assert.equal(fifo.take(), i)
      fifo.add(i)
    }
    assert.equal(fifo.size, 300_000)
  })
})
