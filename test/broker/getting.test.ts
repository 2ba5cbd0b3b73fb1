/**
 * Single messages for somebody who is no consumer, and queues that are deleted or looked at under conditions.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import { clocked, collect, counts, publish, queue } from "./support.ts"

describe("Engine.get()", () => {
  test("gives the head and says how many are left; it is held until it is settled", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { deliveryLimit: 9 }))
    publish(engine, "a", "1", "2")
    const got = engine.get("a", { owner: engine })
    assert.ok(got?._tag === "Got")
    assert.deepEqual([got.hand.packet.id, got.hand.key, got.left, counts(engine, "a")], ["1", "a", 1, [1, 1]])
    assert.equal(engine.settle(got.hand, "requeue"), "applied")
    const again = engine.get("a", { owner: engine })
    assert.ok(again?._tag === "Got")
    assert.deepEqual([again.hand.packet.id, again.hand.redelivered, again.hand.deliveryCount], ["1", true, 1])
    assert.equal(engine.settle(got.hand, "ack"), "late")
    assert.deepEqual(engine.queue("a")?.consumers, 0)
  })

  test("gives nothing where nothing is, nothing whose time is up, and no queue that is not there or another's", () => {
    const { engine, at } = clocked()
    const [mine, yours] = [{}, {}]
    engine.declareQueue(queue("a", { messageTtl: 10 }))
    engine.declareQueue(queue("own", { type: "classic", exclusive: true }), mine)
    publish(engine, "a", "1")
    at(10)
    assert.equal(engine.get("a", { owner: mine }), undefined)
    assert.deepEqual(engine.get("b", { owner: mine }), { _tag: "NotFound", kind: "queue", name: "b" })
    const refused = engine.get("own", { owner: yours })
    assert.equal(refused?._tag, "Locked")
  })

  test("is done at once where no ack is wanted", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    publish(engine, "a", "1")
    const got = engine.get("a", { owner: engine, noAck: true })
    assert.ok(got?._tag === "Got")
    assert.equal(engine.settle(got.hand, "requeue"), "late")
    assert.deepEqual([counts(engine, "a"), engine.messages], [[0, 0], 0])
  })

  test("gives back what an owner held that is lost, and deletes no queue for it", () => {
    const { engine } = clocked()
    const owner = {}
    engine.declareQueue(queue("a", { type: "classic", autoDelete: true }))
    publish(engine, "a", "1", "2", "3")
    const hands = [1, 2].flatMap(() => {
      const got = engine.get("a", { owner })
      return got?._tag === "Got" ? [got.hand] : []
    })
    engine.settle(hands[1]!, "ack")
    engine.loseOwner(owner)
    engine.loseOwner(owner)
    assert.equal(engine.settle(hands[0]!, "ack"), "lost")
    assert.deepEqual(collect(engine, "a").hands.map((hand) => [hand.packet.id, hand.redelivered]), [
      ["1", true],
      ["3", false],
    ])
  })

  test("takes nothing from the single active consumer of a quorum queue", () => {
    const { engine } = clocked()
    for (const type of ["classic", "quorum"] as const) {
      engine.declareQueue(queue(type, { type, singleActiveConsumer: true }))
      publish(engine, type, "1")
      assert.equal(engine.get(type, { owner: engine })?._tag, type === "classic" ? "Got" : "Locked")
    }
  })

  test("is a use of the queue, as a look and a declaration are, and a publish is not", () => {
    const { engine, at } = clocked()
    engine.declareQueue(queue("a", { expires: 10 }))
    let now = 0
    for (const use of [() => engine.get("a", { owner: engine }), () => engine.look("a", engine)]) {
      at(now += 9)
      use()
    }
    at(now += 9)
    assert.notEqual(engine.queue("a"), undefined)
    publish(engine, "a", "1")
    at(now += 1)
    assert.equal(engine.queue("a"), undefined)
  })
})

describe("Engine.deleteQueue()", () => {
  test("leaves a classic queue that is used or not empty, where that was asked for", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { type: "classic" }))
    const { consumer } = collect(engine, "a", { prefetch: 1 })
    publish(engine, "a", "1", "2")
    const tagOf = (result: ReturnType<typeof engine.deleteQueue>) => typeof result === "number" ? result : result._tag
    assert.equal(tagOf(engine.deleteQueue("a", undefined, { ifUnused: true })), "InUse")
    assert.equal(tagOf(engine.deleteQueue("a", undefined, { ifEmpty: true })), "NotEmpty")
    engine.cancel(consumer)
    engine.purge("a")
    // what is in hand does not count
    assert.equal(tagOf(engine.deleteQueue("a", undefined, { ifUnused: true, ifEmpty: true })), 0)
    assert.equal(engine.queue("a"), undefined)
  })

  test("knows no conditions for a quorum queue, as RabbitMQ", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    for (const condition of [{ ifUnused: true }, { ifEmpty: true }]) {
      const refused = engine.deleteQueue("a", undefined, condition)
      assert.ok(typeof refused === "object" && refused._tag === "Unsupported")
    }
    assert.equal(engine.deleteQueue("a"), 0)
  })
})

describe("Engine.look()", () => {
  test("shows a queue to whoever may use it", () => {
    const { engine } = clocked()
    const [mine, yours] = [{}, {}]
    engine.declareQueue(queue("a", { type: "classic", exclusive: true }), mine)
    publish(engine, "a", "1")
    const seen = engine.look("a", mine)
    assert.ok(!("_tag" in seen))
    assert.deepEqual([seen.ready, seen.bytes, seen.consumers], [1, 1, 0])
    const refused = engine.look("a", yours)
    assert.ok("_tag" in refused && refused._tag === "Locked")
  })
})
