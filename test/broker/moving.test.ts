/**
 * What inspection does to an engine: looks that leave no trace, and moves that lose and double nothing.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import fc from "fast-check"
import type { Engine } from "../../src/broker/mod.ts"
import { clocked, collect, counts, publish, queue } from "./support.ts"

const idsIn = (engine: Engine, name: string, most = 100) => {
  const found = engine.peek(name, most)
  assert.ok(Array.isArray(found), JSON.stringify(found))
  return found.map(({ packet }) => packet.id)
}

const same = <A>(value: A): A => value

/** Whether the counts of every queue add up. */
const addsUp = (engine: Engine): boolean =>
  engine.view().queues.every(({ ready, unacked, counters: c }) =>
    c.entered === ready + unacked + c.acked + c.expired + c.rejected + c.maxlen + c.delivery_limit + c.purged
  )

describe("Engine.peek()", () => {
  test("shows what is ready, returned ones first, and changes and counts nothing", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { deliveryLimit: 1 }))
    publish(engine, "a", "1", "2", "3", "4")
    const { hands, consumer } = collect(engine, "a", { prefetch: 2 })
    engine.cancel(consumer)
    engine.settle(hands[1]!, "requeue")
    const before = engine.view()
    assert.deepEqual(idsIn(engine, "a"), ["2", "3", "4"])
    assert.deepEqual(idsIn(engine, "a", 1), ["2"])
    assert.deepEqual(idsIn(engine, "a", 0), [])
    const found = engine.peek("a", 2)
    assert.ok(Array.isArray(found))
    assert.deepEqual(found.map(({ redelivered, deliveryCount }) => [redelivered, deliveryCount]), [[true, 1], [
      false,
      0,
    ]])
    assert.deepEqual(engine.view(), before)
    assert.deepEqual(engine.peek("b", 1), { _tag: "NotFound", kind: "queue", name: "b" })
  })
})

describe("Engine.move()", () => {
  test("goes to whoever consumes the other queue, once", () => {
    const { engine } = clocked()
    for (const name of ["a", "b"]) engine.declareQueue(queue(name))
    publish(engine, "a", "1", "2", "3")
    const { ids } = collect(engine, "b")
    assert.deepEqual(engine.move("a", "b", same), { _tag: "Moved", moved: 3, isFull: false })
    assert.deepEqual(ids(), ["1", "2", "3"])
    assert.deepEqual([counts(engine, "a"), counts(engine, "b")], [[0, 0], [0, 3]])
    assert.ok(addsUp(engine))
  })

  test("leaves what is in hand, and what does not fit any more", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    engine.declareQueue(queue("b", { type: "classic", maxLength: 2 }))
    publish(engine, "a", "1", "2", "3", "4")
    collect(engine, "a", { prefetch: 1 })
    assert.deepEqual(engine.move("a", "b", same), { _tag: "Moved", moved: 2, isFull: true })
    assert.deepEqual([idsIn(engine, "a"), idsIn(engine, "b")], [["4"], ["2", "3"]])
    assert.equal(engine.queue("b")?.counters.refused, 1)
  })

  test("to itself moves nothing, even where the oldest would give way", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { maxLength: 2, overflow: "drop-head" }))
    publish(engine, "a", "1", "2")
    assert.deepEqual(engine.move("a", "a", same), { _tag: "Moved", moved: 0, isFull: false })
    assert.deepEqual(idsIn(engine, "a"), ["1", "2"])
  })

  test("takes along nothing whose time is up, and starts the other queue's time", () => {
    const { engine, at } = clocked()
    engine.declareQueue(queue("a", { messageTtl: 10 }))
    engine.declareQueue(queue("b", { messageTtl: 100 }))
    publish(engine, "a", "1")
    at(5)
    publish(engine, "a", "2")
    at(12)
    assert.deepEqual(engine.move("a", "b", same), { _tag: "Moved", moved: 1, isFull: false })
    at(111)
    assert.deepEqual(idsIn(engine, "b"), ["2"])
    at(112)
    assert.deepEqual(idsIn(engine, "b"), [])
  })

  test("loses and doubles nothing, whatever the limits", () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), fc.nat(3), fc.boolean(), (inA, most, prefetch, drops) => {
        const { engine } = clocked()
        engine.declareQueue(queue("a"))
        engine.declareQueue(queue("grave"))
        engine.declareQueue(queue("b", {
          maxLength: most,
          overflow: drops ? "drop-head" : "reject-publish",
          deadLetterExchange: "",
          deadLetterKey: "grave",
        }))
        const all = Array.from({ length: inA }, (_, i) => String(i))
        publish(engine, "a", ...all)
        const { ids } = prefetch > 0 ? collect(engine, "b", { prefetch }) : { ids: () => [] as Array<string> }
        engine.move("a", "b", same)
        const found = ["a", "b", "grave"].flatMap((name) => idsIn(engine, name))
        assert.deepEqual([...found, ...ids()].sort(), all)
        assert.ok(addsUp(engine))
      }),
    )
  })
})
