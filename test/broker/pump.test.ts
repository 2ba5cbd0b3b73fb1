/**
 * How deliveries are handed over: from one loop, up to a budget, and never from inside each other.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import type { Hand } from "../../src/broker/mod.ts"
import { clocked, collect, packet, publish, queue } from "./support.ts"

describe("pump", () => {
  test("hands over a chain of 1,000,000 events without growing the stack", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    let left = 1_000_000
    collect(engine, "a", {
      prefetch: 1,
      deliver: (hand) => {
        if (--left > 0) engine.publish("", "a", hand.packet)
        engine.settle(hand, "ack")
      },
    })
    publish(engine, "a", "1")
    assert.equal(engine.view().counters.acked, 1_000_000)
  })

  test("lets publish return before what it caused is handed over", () => {
    const { engine } = clocked()
    for (const name of ["a", "b"]) engine.declareQueue(queue(name))
    const steps: Array<string> = []
    collect(engine, "b", { deliver: () => steps.push("b") })
    collect(engine, "a", {
      deliver: () => {
        publish(engine, "b", "2")
        steps.push("a")
      },
    })
    publish(engine, "a", "1")
    assert.deepEqual(steps, ["a", "b"])
  })

  test("hands over what a consumer takes at once, however short its time", () => {
    let time = 0
    // a clock that goes on whenever it is looked at
    const { engine } = clocked({ now: () => time++ })
    engine.declareQueue(queue("a", { type: "classic" }))
    const { ids } = collect(engine, "a")
    engine.publish("", "a", packet("1", { expiration: 0 }))
    assert.deepEqual(ids(), ["1"])
  })

  test("stops at the budget and says so", () => {
    let asked = 0
    const { engine } = clocked({ budget: 3, onBacklog: () => asked++ })
    engine.declareQueue(queue("a"))
    publish(engine, "a", "1", "2", "3", "4", "5")
    const { ids } = collect(engine, "a")
    assert.deepEqual([ids().length, engine.backlog, asked], [3, 2, 1])
    engine.pump()
    assert.deepEqual([ids(), engine.backlog, asked], [["1", "2", "3", "4", "5"], 0, 1])
  })

  test("takes back what was chosen for a consumer that is cancelled meanwhile, unmarked", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const hands: Array<Hand> = []
    const { consumer } = collect(engine, "a", {
      deliver: (hand) => {
        hands.push(hand)
        publish(engine, "a", "2")
        engine.cancel(consumer)
      },
    })
    publish(engine, "a", "1")
    assert.equal(hands.length, 1)
    const next = collect(engine, "a")
    assert.deepEqual([next.ids(), next.hands[0]?.redelivered, next.hands[0]?.deliveryCount], [["2"], false, 0])
  })
})
