/**
 * Topics against a list of beginnings.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import { Buffer } from "node:buffer"
import assert from "node:assert/strict"
import { Topics } from "../../../../adapters/zeromq/zmtp/Topics.ts"
import { hex, unhex } from "./support.ts"

// few bytes, so that beginnings are shared; some are no text
const topic = fc.oneof(
  fc.array(fc.constantFrom(0, 1, 0x61, 0x62, 0xff), { maxLength: 5 }),
  fc.array(fc.constantFrom(0x61, 0x62), { maxLength: 14 }),
).map((bytes) => Uint8Array.from(bytes))
/** Some topics, and steps that want one of them once more or once less. */
const steps = fc.array(topic, { minLength: 1, maxLength: 12 }).chain((pool) =>
  fc.array(
    fc.record({ wanted: fc.boolean(), topic: fc.oneof(topic, fc.constantFrom(...pool), fc.constantFrom(...pool)) }),
    {
      maxLength: 60,
    },
  )
)

describe("Topics", () => {
  test("have memory of their own, whatever becomes of what they came in", () => {
    const topics = new Topics()
    const piece = Buffer.from("weather.rainweather.snow")
    for (const topic of [piece.subarray(0, 12), piece.subarray(12)]) topics.add(topic)
    piece.fill(0)
    assert.deepEqual(topics.list().map((topic) => new TextDecoder().decode(topic)).sort(), [
      "weather.rain",
      "weather.snow",
    ])
  })

  test("are wanted as often as they were asked for, and match what begins with one", () => {
    fc.assert(
      fc.property(steps, fc.array(topic, { maxLength: 10 }), (steps, starts) => {
        const topics = new Topics()
        const model = new Map<string, number>()
        const check = () => {
          assert.equal(topics.size, model.size)
          assert.equal(topics.bytes, [...model.keys()].reduce((sum, key) => sum + key.length / 2, 0))
          assert.deepEqual(topics.list().map(hex).sort(), [...model.keys()].sort())
          for (const start of [...starts, ...steps.map(({ topic }) => topic)]) {
            assert.equal(topics.match(start), [...model.keys()].some((key) => hex(start).startsWith(key)))
          }
        }
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
        check()
        // and all of them can be given up again
        for (const [key, count] of [...model]) {
          for (let left = count; left > 0; left--) assert.equal(topics.remove(unhex(key)), left === 1)
          model.delete(key)
          check()
        }
      }),
      { numRuns: 200 },
    )
  })

  test("take as long as the one that is found, not as all of them", () => {
    // who looks once for each length needs a minute for this
    const topics = new Topics()
    for (let length = 1; length <= 3_000; length++) topics.add(new Uint8Array(length).fill(1).with(length - 1, 2))
    const start = new Uint8Array(3_000).fill(1)
    for (let i = 0; i < 1_000; i++) assert.equal(topics.match(start), false)
    start[2_999] = 2
    assert.equal(topics.match(start), true)
    assert.equal(topics.size, 3_000)
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
