/**
 * Messages that leave a queue other than by an ack: where they go, what they carry, when they go in circles; and queues that
 * are full.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import { deathsOf } from "../../src/broker/mod.ts"
import { clocked, collect, counts, packet, publish, queue } from "./support.ts"

describe("dead letters", () => {
  test("carry where and why they died, and no expiration", () => {
    const { engine, at } = clocked()
    engine.declareExchange({ name: "events", type: "topic" })
    engine.declareQueue(queue("a", { deadLetterExchange: "", deadLetterKey: "b" }))
    engine.declareQueue(queue("b", { deadLetterExchange: "", deadLetterKey: "c" }))
    engine.declareQueue(queue("c"))
    engine.bind({ exchange: "events", queue: "a", key: "#" })
    engine.publish("events", "sales.x", packet("1", { expiration: 10, headers: { kept: true } }))
    at(10)
    const { hands } = collect(engine, "b")
    assert.equal(hands[0]?.packet.expiration, undefined)
    engine.settle(hands[0]!, "reject")
    const dead = collect(engine, "c").hands[0]?.packet
    const { "x-death": _, ...headers } = dead?.headers ?? {}
    assert.deepEqual(headers, {
      kept: true,
      "x-first-death-queue": "a",
      "x-first-death-reason": "expired",
      "x-first-death-exchange": "events",
      "x-last-death-queue": "b",
      "x-last-death-reason": "rejected",
      "x-last-death-exchange": "",
      "x-death-count": 2,
    })
    assert.deepEqual(deathsOf(dead!), [
      { queue: "b", reason: "rejected", count: 1, exchange: "", key: "b" },
      { queue: "a", reason: "expired", count: 1, exchange: "events", key: "sales.x" },
    ])
    assert.deepEqual(dead?.body, packet("1").body)
  })

  test("keep their own key unless the queue names one", () => {
    const { engine } = clocked()
    engine.declareExchange({ name: "graves", type: "direct" })
    engine.declareQueue(queue("a", { deadLetterExchange: "graves" }))
    engine.declareQueue(queue("dead"))
    engine.bind({ exchange: "graves", queue: "dead", key: "a" })
    collect(engine, "a", { deliver: (hand) => engine.settle(hand, "reject") })
    publish(engine, "a", "1")
    assert.deepEqual(counts(engine, "dead"), [1, 0])
  })

  test("that only time sends round are dropped and counted", () => {
    const { engine, at } = clocked()
    engine.declareQueue(queue("a", { messageTtl: 10, deadLetterExchange: "", deadLetterKey: "b" }))
    engine.declareQueue(queue("b", { messageTtl: 10, deadLetterExchange: "", deadLetterKey: "a" }))
    publish(engine, "a", "1")
    at(10)
    assert.deepEqual(counts(engine, "b"), [1, 0])
    at(20)
    assert.deepEqual([counts(engine, "a"), counts(engine, "b")], [[0, 0], [0, 0]])
    assert.deepEqual([engine.view().counters.circles, engine.queue("b")?.counters.dropped], [1, 1])
  })

  test("may go round as often as a consumer rejects them", () => {
    const { engine, at } = clocked()
    engine.declareQueue(queue("a", { deadLetterExchange: "", deadLetterKey: "wait" }))
    engine.declareQueue(queue("wait", { messageTtl: 10, deadLetterExchange: "", deadLetterKey: "a" }))
    const seen: Array<unknown> = []
    collect(engine, "a", {
      deliver: (hand) => {
        seen.push(hand.packet.headers["x-death-count"])
        engine.settle(hand, "reject")
      },
    })
    publish(engine, "a", "1")
    for (let time = 10; time <= 50; time += 10) at(time)
    assert.deepEqual(seen, [undefined, 2, 4, 6, 8, 10])
  })

  test("without a way out are dropped and counted", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("none"))
    engine.declareQueue(queue("unknown", { deadLetterExchange: "nowhere" }))
    engine.declareQueue(queue("unbound", { deadLetterExchange: "", deadLetterKey: "nobody" }))
    engine.declareQueue(queue("narrow", { deadLetterExchange: "", deadLetterKey: "full" }))
    engine.declareQueue(queue("full", { type: "classic", maxLength: 0 }))
    for (const name of ["none", "unknown", "unbound", "narrow"]) {
      collect(engine, name, { deliver: (hand) => engine.settle(hand, "reject") })
      publish(engine, name, "1")
      const { rejected, deadLettered, dropped } = engine.queue(name)!.counters
      assert.deepEqual([name, rejected, deadLettered, dropped], [name, 1, 0, 1])
    }
  })

  test("with a record that cannot be read start a new one", () => {
    for (const record of ["{", "1", "[1]", true]) {
      const { engine } = clocked()
      engine.declareQueue(queue("a", { deadLetterExchange: "", deadLetterKey: "dead" }))
      engine.declareQueue(queue("dead"))
      collect(engine, "a", { deliver: (hand) => engine.settle(hand, "reject") })
      engine.publish("", "a", packet("1", { headers: { "x-death": record } }))
      assert.equal(deathsOf(collect(engine, "dead").hands[0]!.packet).length, 1)
    }
  })

  test("in a long chain of full queues keep the stack flat", () => {
    const { engine } = clocked()
    for (const [name, next] of [["a", "b"], ["b", "a"]] as const) {
      engine.declareQueue({
        ...queue(name, { maxLength: 5000, deadLetterExchange: "", deadLetterKey: next }),
        overflow: "drop-head",
      })
      for (let i = 0; i < 5000; i++) engine.publish("", name, packet(`${name}${i}`))
    }
    engine.publish("", "a", packet("last"))
    assert.deepEqual([counts(engine, "a"), counts(engine, "b")], [[5000, 0], [5000, 0]])
    assert.ok(engine.view().counters.maxlen > 5000)
  })
})

describe("length limit", () => {
  test("refuses the newcomer, and other queues get their copy", () => {
    const { engine } = clocked()
    engine.declareExchange({ name: "events", type: "fanout" })
    engine.declareQueue(queue("a", { type: "classic", maxLength: 1 }))
    engine.declareQueue(queue("b"))
    for (const name of ["a", "b"]) engine.bind({ exchange: "events", queue: name, key: "" })
    engine.publish("events", "", packet("1"))
    assert.deepEqual(engine.publish("events", "", packet("2")), { _tag: "Rejected", queues: ["a"] })
    assert.deepEqual([counts(engine, "a"), counts(engine, "b")], [[1, 0], [2, 0]])
    assert.equal(engine.queue("a")?.counters.refused, 1)
  })

  test("does not count what consumers hold, nor what a running consumer publishes to one with room", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { maxLength: 1 }))
    const results: Array<string> = []
    const { ids } = collect(engine, "a", {
      deliver: (hand) => {
        if (hand.packet.id === "1") results.push(...publish(engine, "a", "2", "3", "4"))
      },
    })
    publish(engine, "a", "1")
    assert.deepEqual([results, ids()], [["Routed", "Routed", "Routed"], []])
    assert.deepEqual(counts(engine, "a"), [0, 4])
  })

  test("drops the oldest where that was asked for", () => {
    const { engine } = clocked()
    engine.declareQueue({ ...queue("a", { maxLength: 2 }), overflow: "drop-head" })
    publish(engine, "a", "1", "2", "3")
    assert.deepEqual(collect(engine, "a").ids(), ["2", "3"])
  })
})
