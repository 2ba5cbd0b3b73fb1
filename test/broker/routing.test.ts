/**
 * Routing: which queues a key leads to, by pattern, by exchange type and after bindings have changed.
 *
 * The pattern matcher is held against a naive one, and the exchange with its memory against one without.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import fc from "fast-check"
import { Exchange } from "../../src/broker/Exchange.ts"
import { fits, isWild, words } from "../../src/broker/pattern.ts"
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

describe("Exchange", () => {
  test("leads where its bindings say, whatever was asked and bound before", () => {
    const step = fc.record({ act: fc.constantFrom("bind", "unbind", "forget", "route"), to: fc.nat(3), pattern, key })
    const type = fc.constantFrom("direct" as const, "topic" as const, "fanout" as const)
    fc.assert(
      fc.property(type, fc.array(step, { maxLength: 60 }), (type, steps) => {
        const exchange = new Exchange<number>({ name: "x", type })
        let bindings: ReadonlyArray<readonly [number, string]> = []
        const bound = (to: number, p: string) => bindings.some((b) => b[0] === to && b[1] === p)
        for (const { act, to, pattern: p, key: k } of steps) {
          if (act === "bind") {
            exchange.bind(to, p)
            if (!bound(to, p)) bindings = [...bindings, [to, p]]
          } else if (act === "unbind") {
            exchange.unbind(to, p)
            bindings = bindings.filter((b) => !(b[0] === to && b[1] === p))
          } else if (act === "forget") {
            exchange.forget(to)
            bindings = bindings.filter((b) => b[0] !== to)
          }
          const fitting = bindings.filter(([, p]) =>
            type === "fanout" || (type === "topic" && isWild(p) ? naive(words(p), words(k)) : p === k)
          )
          assert.deepEqual([...exchange.route(k)].sort(), [...new Set(fitting.map((b) => b[0]))].sort())
        }
        assert.equal([...exchange.bindings()].length, bindings.length)
      }),
      { seed: 2, numRuns: 300 },
    )
  })

  test("does not remember endlessly many keys", () => {
    const exchange = new Exchange<number>({ name: "x", type: "topic" })
    exchange.bind(1, "#")
    for (let i = 0; i < 25_000; i++) assert.deepEqual(exchange.route(`key.${i}`), [1])
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
