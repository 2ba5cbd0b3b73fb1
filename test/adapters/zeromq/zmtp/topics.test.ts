/**
 * Topics against a list of beginnings.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { Topics } from "../../../../adapters/zeromq/zmtp/Topics.ts"
import { hex } from "./support.ts"

// few bytes, so that beginnings are shared and topics come again; with some that are no text
const topic = fc.array(fc.constantFrom(0, 1, 0x61, 0x62, 0xff), { maxLength: 5 }).map((bytes) => Uint8Array.from(bytes))
const step = fc.record({ wanted: fc.boolean(), topic })

describe("Topics", () => {
  test("are wanted as often as they were asked for, and match what begins with one", () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.array(topic, { maxLength: 20 }), (steps, starts) => {
      const topics = new Topics()
      const model = new Map<string, number>()
      for (const { wanted, topic } of steps) {
        const key = hex(topic)
        const count = model.get(key) ?? 0
        if (wanted) {
          assert.equal(topics.add(topic), count === 0)
          model.set(key, count + 1)
        } else {
          assert.equal(topics.remove(topic), count === 1)
          if (count > 1) model.set(key, count - 1)
          else model.delete(key)
        }
        assert.equal(topics.size, model.size)
      }
      assert.deepEqual(topics.list().map(hex).sort(), [...model.keys()].sort())
      for (const start of starts) {
        assert.equal(topics.match(start), [...model.keys()].some((key) => hex(start).startsWith(key)))
      }
    }))
  })

  test("match nothing when there are none, and everything with the empty one", () => {
    const topics = new Topics()
    assert.equal(topics.match(new Uint8Array(0)), false)
    topics.add(new Uint8Array(0))
    assert.equal(topics.match(new Uint8Array(0)), true)
    assert.equal(topics.match(Uint8Array.of(1, 2, 3)), true)
  })

  test("keep none of the memory that they came in", () => {
    const topics = new Topics()
    const given = Uint8Array.of(1, 2)
    topics.add(given)
    given.fill(9)
    assert.equal(topics.match(Uint8Array.of(1, 2, 3)), true)
    assert.equal(topics.match(Uint8Array.of(9, 9)), false)
  })
})
