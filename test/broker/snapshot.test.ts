/**
 * Handing the queues over: what a snapshot carries, and what the next engine makes of it.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import fc from "fast-check"
import type { Hand } from "../../src/broker/mod.ts"
import { clocked, collect, counts, packet, queue } from "./support.ts"

/** An engine with every kind of message in it, at time 10. */
const busy = () => {
  const { engine, at } = clocked()
  engine.declareExchange({ name: "events", type: "topic" })
  engine.declareQueue(queue("a", { messageTtl: 100, deliveryLimit: 5 }))
  engine.declareQueue(queue("b", { type: "classic", expires: 1000 }))
  engine.bind({ exchange: "events", queue: "a", key: "sales.*" })
  const { hands, consumer } = collect(engine, "a", { prefetch: 2 })
  for (const id of ["1", "2", "3", "4"]) engine.publish("events", "sales.x", packet(id))
  engine.publish("", "b", packet("5", { headers: { n: 1, s: "x", b: true } }))
  at(10)
  return { engine, at, hands, consumer }
}

describe("Engine.snapshot()", () => {
  test("carries what is ready and what is in hand, in order, with what time is left", () => {
    const { engine, hands } = busy()
    engine.settle(hands[0]!, "ack")
    const { messages } = engine.snapshot()
    assert.deepEqual(
      messages.map(({ packet, queue, exchange, key, ...rest }) => [queue, exchange, key, packet.id, rest]),
      [
        ["a", "events", "sales.x", "2", { remaining: 90, redelivered: true, deliveryCount: 1 }],
        ["a", "events", "sales.x", "3", { remaining: 90, redelivered: true, deliveryCount: 1 }],
        ["a", "events", "sales.x", "4", { remaining: 90, redelivered: false, deliveryCount: 0 }],
        ["b", "", "b", "5", { redelivered: false, deliveryCount: 0 }],
      ],
    )
  })

  test("leaves out what consumers hold where that was asked for", () => {
    const { messages } = busy().engine.snapshot({ held: false })
    assert.deepEqual(messages.map(({ packet }) => packet.id), ["3", "4", "5"])
  })

  test("changes nothing and can be cloned", () => {
    const { engine } = busy()
    const before = engine.view()
    const snapshot = engine.snapshot()
    assert.deepEqual(engine.view(), before)
    const clone = structuredClone(snapshot)
    assert.deepEqual(clone, snapshot)
    assert.ok(clone.messages[0]?.packet.body instanceof Uint8Array)
  })

  test("leaves exclusive queues and their bindings out", () => {
    const { engine } = busy()
    engine.declareQueue(queue("mine", { type: "classic", exclusive: true }), engine)
    engine.bind({ exchange: "events", queue: "mine", key: "#" })
    engine.publish("", "mine", packet("6"))
    const snapshot = engine.snapshot()
    assert.deepEqual(snapshot.queues.map((spec) => spec.name), ["a", "b"])
    assert.deepEqual(snapshot.bindings, [{ exchange: "events", queue: "a", key: "sales.*" }])
    assert.ok(snapshot.messages.every((message) => message.queue !== "mine"))
  })
})

describe("Engine.restore()", () => {
  test("goes on where the other engine stopped, on a clock of its own", () => {
    const snapshot = busy().engine.snapshot()
    const { engine, at } = clocked()
    at(5000)
    assert.deepEqual(engine.restore(snapshot), [])
    at(5089)
    assert.deepEqual([counts(engine, "a"), counts(engine, "b")], [[4, 0], [1, 0]])
    const next = collect(engine, "a", { prefetch: 3 })
    assert.deepEqual(next.ids(), ["1", "2", "3"])
    assert.deepEqual(next.hands.map((hand) => hand.redelivered), [true, true, false])
    at(5090)
    assert.equal(engine.queue("a")?.counters.expired, 1)
    assert.equal(engine.publish("events", "sales.y", packet("7"))._tag, "Routed")
  })

  test("puts messages before those that came meanwhile", () => {
    const snapshot = busy().engine.snapshot()
    const { engine } = clocked()
    for (const spec of snapshot.queues) engine.declareQueue(spec)
    engine.publish("", "a", packet("new"))
    engine.restore(snapshot)
    engine.restore({ ...snapshot, messages: snapshot.messages.slice(0, 1) })
    assert.deepEqual(collect(engine, "a").ids(), ["1", "1", "2", "3", "4", "new"])
  })

  test("loses nothing to a full or changed queue, and says what differs", () => {
    const snapshot = busy().engine.snapshot()
    const { engine } = clocked()
    engine.declareQueue(queue("a", { maxLength: 1 }))
    const refusals = engine.restore(snapshot)
    assert.deepEqual(refusals.map((refusal) => refusal._tag), ["Clash"])
    assert.deepEqual(counts(engine, "a"), [4, 0])
  })

  test("of a snapshot of anything gives the same snapshot", () => {
    const step = fc.record({
      act: fc.constantFrom("publish", "publish", "requeue", "lose", "consume", "wait"),
      queue: fc.constantFrom("a", "b"),
      which: fc.nat(),
      expiration: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      body: fc.uint8Array({ maxLength: 20 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { engine, at } = clocked()
        engine.declareQueue(queue("a", { messageTtl: 200 }))
        engine.declareQueue(queue("b", { type: "classic" }))
        const parties: Array<{ hands: Array<Hand>; consumer: ReturnType<typeof collect>["consumer"] }> = []
        let time = 0
        steps.forEach(({ act, queue, which, expiration, body }, i) => {
          const party = parties[which % (parties.length || 1)]
          if (act === "publish") engine.publish("", queue, packet(String(i), { expiration, body }))
          else if (act === "consume") parties.push(collect(engine, queue, { prefetch: 3 }))
          else if (act === "wait") at(time += which % 50)
          else if (act === "lose" && party !== undefined) engine.loseConsumer(party.consumer)
          else for (const hand of party?.hands.splice(0, 1) ?? []) engine.settle(hand, "requeue")
        })
        const snapshot = engine.snapshot()
        const next = clocked()
        next.at(steps.length * 1000)
        next.engine.restore(structuredClone(snapshot))
        assert.deepEqual(next.engine.snapshot(), snapshot)
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})
