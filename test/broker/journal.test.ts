/**
 * What a store is told, and what an engine makes of what a store has read back.
 *
 * That messages are told rightly is in `model.test.ts`; here is what is declared, and how one engine follows another.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import { Mirror } from "./Mirror.ts"
import { clocked, collect, packet, publish, queue } from "./support.ts"

const journaled = () => {
  const mirror = new Mirror()
  return { mirror, ...clocked({ journal: mirror }) }
}

/** An engine that has read what the other one's store holds, and its own store. */
const next = (mirror: Mirror, time = 0) => {
  const own = new Mirror()
  const told = mirror.read()
  for (const spec of told.exchanges) own.exchangeDeclared(spec)
  for (const spec of told.queues) own.queueDeclared(spec)
  for (const binding of told.bindings) own.bound(binding)
  for (const entry of told.messages) own.entries.set(entry.id, entry)
  const { engine, at } = clocked({ journal: own })
  at(time)
  return { engine, at, mirror: own, refusals: engine.load(told) }
}

describe("a journal", () => {
  test("is told of what is durable, and of its end", () => {
    const { engine, mirror } = journaled()
    const owner = {}
    engine.declareExchange({ name: "x", type: "fanout" })
    engine.declareExchange({ name: "y", type: "fanout", autoDelete: true })
    engine.declareExchange({ name: "passing", type: "fanout", durable: false })
    engine.declareQueue(queue("a"))
    engine.declareQueue(queue("a"))
    engine.declareQueue(queue("own", { type: "classic", exclusive: true }), owner)
    engine.declareQueue(queue("passing", { type: "classic", durable: false }))
    for (const exchange of ["x", "y", "passing"]) {
      for (const name of ["a", "own", "passing"]) engine.bind({ exchange, queue: name, key: "" })
      engine.bind({ exchange, queue: "a", key: "" })
    }
    engine.bindExchange({ exchange: "y", target: "x", key: "" })
    engine.bindExchange({ exchange: "passing", target: "x", key: "" })
    assert.deepEqual([[...mirror.exchanges.keys()], [...mirror.queues.keys()]], [["x", "y"], ["a"]])
    assert.deepEqual(mirror.bindings, [
      { exchange: "x", queue: "a", key: "" },
      { exchange: "y", queue: "a", key: "" },
      { exchange: "y", target: "x", key: "" },
    ])
    for (const name of ["a", "own", "passing"]) engine.publish("", name, packet("1"))
    assert.equal(mirror.entries.size, 1)

    engine.deleteQueue("a")
    assert.deepEqual(mirror.bindings, [{ exchange: "y", target: "x", key: "" }])
    for (const name of ["own", "passing"]) engine.deleteQueue(name)
    engine.deleteExchange("x")
    assert.deepEqual([mirror.exchanges.size, mirror.queues.size, mirror.bindings.length, mirror.entries.size], [
      0,
      0,
      0,
      0,
    ])
  })

  test("is told of a queue that nobody used, of what expires, and of dead letters", () => {
    const { engine, mirror, at } = journaled()
    engine.declareQueue(queue("a", { messageTtl: 10, deadLetterExchange: "", deadLetterKey: "dead", expires: 100 }))
    engine.declareQueue(queue("dead"))
    publish(engine, "a", "1")
    at(10)
    assert.deepEqual([...mirror.entries.values()].map(({ queue, packet }) => [queue, packet.id]), [["dead", "1"]])
    at(100)
    assert.deepEqual([...mirror.queues.keys()], ["dead"])
  })
})

describe("Engine.load()", () => {
  test("goes on where the other one ended", () => {
    const { engine, mirror } = journaled()
    engine.declareExchange({ name: "x", type: "topic" })
    engine.declareExchange({ name: "y", type: "fanout" })
    engine.bindExchange({ exchange: "x", target: "y", key: "#" })
    engine.declareQueue(queue("a", { deliveryLimit: 9 }))
    engine.bind({ exchange: "y", queue: "a", key: "" })
    for (const id of ["1", "2", "3", "4"]) engine.publish("x", "k", packet(id))
    engine.publish("x", "k", packet("passing", { persistent: false }))
    const { hands } = collect(engine, "a", { prefetch: 3 })
    engine.settle(hands[0]!, "ack")
    engine.settle(hands[2]!, "requeue")

    const other = next(mirror)
    assert.deepEqual(other.refusals, [])
    assert.equal(other.engine.messages, 3)
    other.engine.publish("x", "k", packet("5"))
    const found = collect(other.engine, "a")
    assert.deepEqual(found.hands.map((hand) => [hand.packet.id, hand.redelivered, hand.exchange]), [
      ["2", true, "x"],
      ["3", true, "x"],
      ["4", true, "x"],
      ["5", false, "x"],
    ])
    for (const hand of found.hands) other.engine.settle(hand, "ack")
    assert.equal(other.mirror.entries.size, 0)
  })

  test("keeps places, so that a third one sees the same order", () => {
    const { engine, mirror } = journaled()
    engine.declareQueue(queue("a"))
    publish(engine, "a", "1", "2", "3")
    const got = engine.get("a", { owner: engine })
    assert.ok(got?._tag === "Got")
    // to the back of a quorum queue without a limit
    engine.settle(got.hand, "requeue")
    const second = next(mirror)
    publish(second.engine, "a", "4")
    const third = next(second.mirror)
    assert.deepEqual(collect(third.engine, "a").ids(), ["2", "3", "1", "4"])
  })

  test("buries what has expired meanwhile, and tells the store", () => {
    const { engine, mirror } = journaled()
    engine.declareQueue(queue("a", { messageTtl: 10, deadLetterExchange: "", deadLetterKey: "dead" }))
    engine.declareQueue(queue("dead"))
    publish(engine, "a", "1")
    const other = next(mirror, 20)
    assert.deepEqual([other.engine.queue("a")?.ready, other.engine.queue("dead")?.ready], [0, 1])
    assert.deepEqual([...other.mirror.entries.values()].map(({ queue }) => queue), ["dead"])
  })

  test("says what it could not declare, and leaves messages of no queue out", () => {
    const { engine, mirror } = journaled()
    engine.declareQueue(queue("a"))
    publish(engine, "a", "1")
    const { engine: other } = clocked()
    const told = mirror.read()
    const refusals = other.load({ ...told, queues: [], bindings: [{ exchange: "x", queue: "a", key: "" }] })
    assert.deepEqual(refusals, [{ _tag: "NotFound", kind: "exchange", name: "x" }])
    assert.deepEqual([other.messages, other.view().queues], [0, []])
  })
})
