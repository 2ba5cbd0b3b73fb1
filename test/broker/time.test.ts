/**
 * What time does to messages and queues: it expires them, in the order of the queue, and the owner is told when.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import { clocked, collect, counts, packet, publish, queue } from "./support.ts"

describe("time", () => {
  test("expires messages by queue and by message, the shorter wins", () => {
    const { engine, at } = clocked()
    engine.declareQueue(queue("a", { messageTtl: 100 }))
    engine.publish("", "a", packet("1", { expiration: 50 }))
    engine.publish("", "a", packet("2", { expiration: 500 }))
    at(49)
    assert.deepEqual(counts(engine, "a"), [2, 0])
    at(50)
    assert.deepEqual(counts(engine, "a"), [1, 0])
    at(100)
    assert.deepEqual(counts(engine, "a"), [0, 0])
    assert.equal(engine.queue("a")?.counters.expired, 2)
  })

  test("expires at the head, and never delivers what has expired behind it", () => {
    const { engine, at } = clocked()
    engine.declareQueue(queue("a"))
    engine.publish("", "a", packet("1"))
    engine.publish("", "a", packet("2", { expiration: 10 }))
    engine.publish("", "a", packet("3"))
    at(20)
    assert.deepEqual(counts(engine, "a"), [3, 0])
    assert.deepEqual(collect(engine, "a").ids(), ["1", "3"])
  })

  test("does not run for a message in hand, and goes on when it comes back", () => {
    const { engine, at } = clocked()
    engine.declareQueue(queue("a", { messageTtl: 100 }))
    const { consumer, hands } = collect(engine, "a")
    publish(engine, "a", "1")
    at(500)
    assert.deepEqual(counts(engine, "a"), [0, 1])
    engine.cancel(consumer)
    engine.settle(hands[0]!, "requeue")
    at(500)
    assert.equal(engine.queue("a")?.counters.expired, 1)
  })

  test("of 0 means now or never", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    engine.publish("", "a", packet("1", { expiration: 0 }))
    assert.equal(engine.queue("a")?.counters.expired, 1)
    const { ids } = collect(engine, "a")
    engine.publish("", "a", packet("2", { expiration: 0 }))
    assert.deepEqual(ids(), ["2"])
  })

  test("that passes while a message waits for another turn expires it, though it was chosen for a consumer", () => {
    let now = 0
    const { engine } = clocked({ now: () => now, budget: 1 })
    engine.declareQueue(queue("a", { messageTtl: 10 }))
    const { ids } = collect(engine, "a")
    publish(engine, "a", "1", "2")
    now = 100
    while (engine.backlog > 0) engine.pump()
    assert.deepEqual(ids(), ["1"])
    assert.equal(engine.queue("a")?.counters.expired, 1)
  })

  test("deletes an unused queue; consumers and declarations keep it", () => {
    const { engine, at } = clocked()
    const spec = queue("a", { type: "classic", expires: 100 })
    engine.declareQueue(spec)
    at(99)
    engine.declareQueue(spec)
    at(150)
    const { consumer } = collect(engine, "a")
    at(1000)
    engine.cancel(consumer)
    publish(engine, "a", "1")
    at(1099)
    assert.deepEqual(counts(engine, "a"), [1, 0])
    at(1100)
    assert.equal(engine.queue("a"), undefined)
    assert.equal(engine.view().counters.purged, 1)
  })

  test("is announced when it becomes earlier, and only then", () => {
    const dues: Array<number> = []
    const { engine } = clocked({ onDue: (due) => dues.push(due) })
    for (const name of ["a", "b"]) engine.declareQueue(queue(name))
    assert.equal(engine.nextDue(), undefined)
    engine.publish("", "a", packet("1", { expiration: 100 }))
    engine.publish("", "b", packet("2", { expiration: 200 }))
    engine.publish("", "b", packet("3", { expiration: 10 }))
    assert.deepEqual(dues, [100])
    engine.purge("a")
    engine.publish("", "a", packet("4", { expiration: 50 }))
    assert.deepEqual(dues, [100, 50])
    engine.purge("a")
    assert.equal(engine.nextDue(), 200)
    engine.publish("", "a", packet("5", { expiration: 150 }))
    assert.deepEqual(dues, [100, 50, 150])
  })
})
