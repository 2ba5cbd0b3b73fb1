/**
 * Routing: which queues a key leads to, by pattern, by exchange type and after bindings have changed.
 *
 * The pattern matcher is held against a naive one. Exchanges that lead to others are in `exchanges.test.ts`.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import fc from "fast-check"
import { fits, words } from "../../src/transport/mod.ts"
import { clocked, collect, packet, queue } from "./support.ts"

const naive = (pattern: ReadonlyArray<string>, key: ReadonlyArray<string>): boolean => {
  const [word, ...rest] = pattern
  if (word === undefined) return key.length === 0
  if (word === "#") return naive(rest, key) || (key.length > 0 && naive(pattern, key.slice(1)))
  return key.length > 0 && (word === "*" || word === key[0]) && naive(rest, key.slice(1))
}

const key = fc.array(fc.constantFrom("a", "b", ""), { maxLength: 6 }).map((parts) => parts.join("."))
const pattern = fc.array(fc.constantFrom("a", "b", "*", "#"), { maxLength: 6 }).map((parts) => parts.join("."))

describe("fits()", () => {
  const cases: ReadonlyArray<readonly [string, string, boolean]> = [
    ["#", "", true],
    ["#", "sales.orderPlaced", true],
    ["*", "", false],
    ["*", "sales", true],
    ["*", "sales.orderPlaced", false],
    ["sales.*", "sales.orderPlaced", true],
    ["sales.#", "sales", true],
    ["sales.#", "salesperson", false],
    ["#.placed", "sales.order.placed", true],
    ["*.#.*", "sales", false],
    ["#.a.#.b.#", "x.a.y.z.b", true],
    ["", "", true],
    ["", "a", false],
  ]
  for (const [given, against, expected] of cases) {
    test(`says ${expected} for "${given}" and "${against}"`, () => {
      assert.equal(fits(words(given), words(against)), expected)
    })
  }

  test("agrees with a naive matcher", () => {
    fc.assert(
      fc.property(pattern, key, (p, k) => assert.equal(fits(words(p), words(k)), naive(words(p), words(k)))),
      { seed: 1, numRuns: 5000 },
    )
  })

  test("stays fast with many hashes", () => {
    const hashes = Array.from({ length: 200 }, (_, i) => i % 2 === 0 ? "#" : "a")
    assert.equal(fits([...hashes, "b"], Array.from({ length: 2000 }, () => "a")), false)
  })
})

describe("Engine.publish()", () => {
  test("gives a queue one copy, however many of its bindings fit", () => {
    const { engine } = clocked()
    engine.declareExchange({ name: "events", type: "topic" })
    engine.declareQueue(queue("a"))
    for (const key of ["#", "sales.*", "sales.orderPlaced"]) engine.bind({ exchange: "events", queue: "a", key })
    assert.deepEqual(engine.publish("events", "sales.orderPlaced", packet("1")), { _tag: "Routed" })
    assert.equal(engine.queue("a")?.ready, 1)
  })

  test("names the queue by the key on the default exchange", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const { ids } = collect(engine, "a")
    assert.equal(engine.publish("", "a", packet("1"))._tag, "Routed")
    assert.equal(engine.publish("", "b", packet("2"))._tag, "Unroutable")
    assert.deepEqual(ids(), ["1"])
  })

  test("tells an unknown exchange from one that leads nowhere", () => {
    const { engine } = clocked()
    engine.declareExchange({ name: "events", type: "topic" })
    assert.deepEqual(engine.publish("nowhere", "a", packet("1")), {
      _tag: "NotFound",
      kind: "exchange",
      name: "nowhere",
    })
    assert.deepEqual(engine.publish("events", "a", packet("1")), { _tag: "Unroutable" })
  })

  test("forgets the way to a deleted queue and to one unbound", () => {
    const { engine } = clocked()
    engine.declareExchange({ name: "calls", type: "direct" })
    for (const name of ["a", "b"]) {
      engine.declareQueue(queue(name))
      engine.bind({ exchange: "calls", queue: name, key: "k" })
    }
    engine.publish("calls", "k", packet("1"))
    engine.deleteQueue("a")
    engine.publish("calls", "k", packet("2"))
    assert.equal(engine.queue("b")?.ready, 2)
    engine.unbind({ exchange: "calls", queue: "b", key: "k" })
    assert.equal(engine.publish("calls", "k", packet("3"))._tag, "Unroutable")
  })
})
