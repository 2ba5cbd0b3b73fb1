/**
 * Who gets which message of a queue: order, prefetch, turns, verdicts, and what becomes of what is given back.
 *
 * One behaviour a test, on an engine whose clock is turned by hand. Time, dead letters and the pump have files of their own;
 * `model.test.ts` looks for what nobody thought of.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import { clocked, collect, counts, publish, queue } from "./support.ts"

describe("consumers", () => {
  test("get messages in order, prefetch at most", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    publish(engine, "a", "1", "2", "3", "4")
    const { hands, ids } = collect(engine, "a", { prefetch: 2 })
    assert.deepEqual(ids(), ["1", "2"])
    engine.settle(hands[1]!, "ack")
    assert.deepEqual(ids(), ["1", "2", "3"])
    assert.deepEqual(counts(engine, "a"), [1, 2])
  })

  test("take turns, and those without room are passed over", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const one = collect(engine, "a", { prefetch: 1 })
    const many = collect(engine, "a", { prefetch: 3 })
    publish(engine, "a", "1", "2", "3", "4", "5")
    assert.deepEqual([one.ids(), many.ids()], [["1"], ["2", "3", "4"]])
    engine.settle(one.hands[0]!, "ack")
    assert.deepEqual(one.ids(), ["1", "5"])
  })

  test("have a settlement applied once", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const { hands } = collect(engine, "a")
    publish(engine, "a", "1")
    assert.equal(engine.settle(hands[0]!, "ack"), "applied")
    assert.equal(engine.settle(hands[0]!, "requeue"), "late")
    assert.deepEqual(counts(engine, "a"), [0, 0])
    assert.equal(engine.view().counters.late, 1)
  })

  test("may settle what they hold after they were cancelled, and get nothing more", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const { consumer, hands, ids } = collect(engine, "a", { prefetch: 1 })
    publish(engine, "a", "1", "2")
    engine.cancel(consumer)
    assert.equal(engine.settle(hands[0]!, "ack"), "applied")
    assert.deepEqual(ids(), ["1"])
    assert.deepEqual(counts(engine, "a"), [1, 0])
  })

  test("that are lost give everything back, in order, marked and counted", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const first = collect(engine, "a")
    publish(engine, "a", "1", "2", "3")
    engine.settle(first.hands[1]!, "ack")
    engine.loseConsumer(first.consumer)
    publish(engine, "a", "4")
    const second = collect(engine, "a")
    assert.deepEqual(second.ids(), ["1", "3", "4"])
    assert.deepEqual(second.hands.map((hand) => hand.redelivered), [true, true, false])
    assert.deepEqual(second.hands.map((hand) => hand.deliveryCount), [1, 1, 0])
    assert.equal(engine.settle(first.hands[0]!, "ack"), "lost")
  })

  test("that were cancelled still lose what they hold with their owner", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const owner = {}
    const { consumer } = collect(engine, "a", { owner })
    publish(engine, "a", "1")
    engine.cancel(consumer)
    engine.loseOwner(owner)
    assert.deepEqual(counts(engine, "a"), [1, 0])
  })

  test("of one owner do not charge each other when they are lost together", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const owner = {}
    collect(engine, "a", { owner, prefetch: 1 })
    collect(engine, "a", { owner })
    publish(engine, "a", "1", "2", "3")
    engine.loseOwner(owner)
    assert.deepEqual(collect(engine, "a").hands.map((hand) => hand.deliveryCount), [1, 1, 1])
  })

  test("are told when the broker ends them, and keep what they hold", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    let told = 0
    const { consumer, hands } = collect(engine, "a", { cancelled: () => told++ })
    publish(engine, "a", "1")
    engine.expel(consumer)
    engine.expel(consumer)
    assert.equal(told, 1)
    assert.equal(engine.settle(hands[0]!, "ack"), "applied")
  })

  test("that throw keep the delivery in hand and disturb nobody", () => {
    const defects: Array<unknown> = []
    const { engine } = clocked({ onDefect: (defect) => defects.push(defect) })
    engine.declareQueue(queue("a"))
    collect(engine, "a", {
      prefetch: 2,
      deliver: () => {
        throw new Error("no")
      },
    })
    assert.deepEqual(publish(engine, "a", "1", "2", "3"), ["Routed", "Routed", "Routed"])
    assert.deepEqual(counts(engine, "a"), [1, 2])
    assert.deepEqual([defects.length, engine.view().counters.defects], [2, 2])
  })

  test("of a single-active queue wait for the one before", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { singleActiveConsumer: true }))
    const first = collect(engine, "a", { prefetch: 1 })
    const second = collect(engine, "a", { prefetch: 1 })
    const third = collect(engine, "a")
    publish(engine, "a", "1", "2", "3")
    assert.deepEqual([first.ids(), second.ids(), third.ids()], [["1"], [], []])
    engine.loseConsumer(first.consumer)
    assert.deepEqual([second.ids(), third.ids()], [["1"], []])
    engine.cancel(second.consumer)
    assert.deepEqual(third.ids(), ["2", "3"])
  })
})

describe("requeue", () => {
  test("puts a message back at its old place", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { type: "classic" }))
    engine.declareQueue(queue("b", { deliveryLimit: 3 }))
    const orderOf = (name: string) => {
      const { consumer, hands } = collect(engine, name, { prefetch: 3 })
      publish(engine, name, "1", "2", "3", "4")
      engine.cancel(consumer)
      engine.settle(hands[2]!, "requeue")
      engine.settle(hands[0]!, "requeue")
      return collect(engine, name)
    }
    const next = orderOf("a")
    assert.deepEqual(next.ids(), ["1", "3", "4"])
    // in a quorum queue what comes back stands in the order in which it came back, as on RabbitMQ
    assert.deepEqual(orderOf("b").ids(), ["3", "1", "4"])
    assert.deepEqual(next.hands.map((hand) => hand.redelivered), [true, true, false])
  })

  test("puts it at the back of a quorum queue without a delivery limit, and a lost one where it was", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const { consumer, hands } = collect(engine, "a", { prefetch: 2 })
    publish(engine, "a", "1", "2", "3")
    engine.settle(hands[0]!, "requeue")
    assert.deepEqual(hands.map((hand) => hand.packet.id), ["1", "2", "3"])
    engine.loseConsumer(consumer)
    const next = collect(engine, "a")
    assert.deepEqual(next.ids(), ["2", "3", "1"])
    assert.deepEqual(next.hands.map((hand) => hand.deliveryCount), [1, 1, 1])
  })

  test("counts on quorum queues only, as brokers do", () => {
    const { engine } = clocked()
    for (const type of ["quorum", "classic"] as const) {
      engine.declareQueue(queue(type, { type }))
      const { hands } = collect(engine, type)
      publish(engine, type, "1")
      engine.settle(hands[0]!, "requeue")
      assert.deepEqual([hands[1]?.redelivered, hands[1]?.deliveryCount], [true, type === "quorum" ? 1 : 0])
    }
  })

  test("beyond the delivery limit is a death", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { deliveryLimit: 2, deadLetterExchange: "", deadLetterKey: "dead" }))
    engine.declareQueue(queue("dead"))
    const seen: Array<number> = []
    collect(engine, "a", {
      deliver: (hand) => {
        seen.push(hand.deliveryCount)
        engine.settle(hand, "requeue")
      },
    })
    publish(engine, "a", "1")
    assert.deepEqual(seen, [0, 1, 2])
    const [dead] = collect(engine, "dead").hands
    assert.equal(dead?.packet.headers["x-last-death-reason"], "delivery_limit")
    assert.deepEqual([dead?.redelivered, dead?.deliveryCount], [false, 0])
  })
})

test("consumers that come and go while nothing is published leave nothing behind", () => {
  const { engine } = clocked()
  engine.declareQueue(queue("a"))
  const first = collect(engine, "a", { prefetch: 1 })
  const gone = Array.from({ length: 1_000 }, () => {
    const { consumer } = collect(engine, "a")
    engine.cancel(consumer)
    return consumer
  })
  assert.ok(gone.filter(({ inLine }) => inLine).length < 64)
  publish(engine, "a", "1", "2")
  assert.deepEqual(first.ids(), ["1"])
})
