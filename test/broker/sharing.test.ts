/**
 * What several consumers share, and what makes one differ from another: prefetch, taps, priorities, exclusiveness, noAck.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import { type ConsumerOptions, type Engine, type Hand, Share } from "../../src/broker/mod.ts"
import { clocked, collect, counts, publish, queue } from "./support.ts"

/** Consumers of several queues that put what they get into one list, with their name before it. */
const together = (engine: Engine, ...parties: ReadonlyArray<readonly [string, string, Partial<ConsumerOptions>?]>) => {
  const got: Array<string> = []
  const hands: Array<Hand> = []
  const consumers = parties.map(([name, from, more]) =>
    collect(engine, from, {
      deliver: (hand) => {
        got.push(name + hand.packet.id)
        hands.push(hand)
      },
      ...more,
    }).consumer
  )
  return { got, hands, consumers }
}

describe("a shared prefetch", () => {
  test("holds for all together, and what is free goes round", () => {
    const { engine } = clocked()
    for (const name of ["a", "b"]) {
      engine.declareQueue(queue(name))
      publish(engine, name, "1", "2", "3", "4")
    }
    const share = new Share(2)
    const { got, hands } = together(engine, ["A", "a", { shares: [share] }], ["B", "b", { shares: [share] }])
    assert.deepEqual(got, ["A1", "A2"])
    engine.settle(hands[0]!, "ack")
    assert.deepEqual(got, ["A1", "A2"], "a verdict alone makes no room")
    engine.settleGroups([], { share, counts: [1] })
    for (let i = 1; i < 4; i++) {
      engine.settle(hands[i]!, "ack")
      engine.settleGroups([], { share, counts: [1] })
    }
    assert.deepEqual(got, ["A1", "A2", "A3", "B1", "A4", "B2"])
  })

  test("can grow, and be none", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    publish(engine, "a", "1", "2", "3", "4", "5")
    const share = new Share(1)
    const { got } = together(engine, ["A", "a", { shares: [share], prefetch: 4 }])
    engine.adjust(share, { limit: 2 })
    assert.deepEqual(got, ["A1", "A2"])
    engine.adjust(share, { limit: 1 })
    engine.adjust(share, { limit: 0 })
    assert.deepEqual(got, ["A1", "A2", "A3", "A4"])
  })

  test("is not less than none: what never counted gives back nothing where none counts", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const share = new Share(1)
    const { got } = together(engine, ["A", "a", { shares: [share] }])
    engine.settleGroups([], { share, counts: [2] })
    publish(engine, "a", "1", "2", "3", "4")
    assert.deepEqual(got, ["A1"])
    engine.settleGroups([], { share, counts: [3] })
    assert.deepEqual(got, ["A1", "A2", "A3", "A4"])
  })

  test("is given back when a consumer is lost, and by whoever has the deliveries of one that is over, or gone", () => {
    for (const end of ["cancel", "lose", "delete"] as const) {
      const { engine } = clocked()
      for (const name of ["a", "b"]) {
        engine.declareQueue(queue(name))
        publish(engine, name, "1")
      }
      const share = new Share(1)
      const { got, hands, consumers } = together(
        engine,
        ["A", "a", { shares: [share] }],
        ["B", "b", { shares: [share] }],
      )
      assert.deepEqual(got, ["A1"])
      if (end === "cancel") {
        engine.cancel(consumers[0]!)
        engine.settle(hands[0]!, "ack")
      } else if (end === "lose") engine.loseConsumer(consumers[0]!)
      else engine.deleteQueue("a")
      if (end !== "lose") {
        assert.deepEqual(got, ["A1"])
        engine.settleGroups([], { share, counts: [1] })
      }
      assert.deepEqual([end, got], [end, ["A1", "B1"]])
    }
  })
})

describe("a tap", () => {
  test("stops all behind it and nobody else, and leaves what was not handed over at its place", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    engine.declareQueue(queue("b"))
    const tap = new Share()
    const got: Array<string> = []
    collect(engine, "a", {
      shares: [tap],
      deliver: (hand) => {
        got.push(hand.packet.id)
        if (hand.packet.id === "2") engine.adjust(tap, { stopped: true })
      },
    })
    const other = collect(engine, "b")
    engine.adjust(tap, { stopped: true })
    publish(engine, "a", "1", "2", "3", "4")
    publish(engine, "b", "1")
    assert.deepEqual([got, other.ids()], [[], ["1"]])
    engine.adjust(tap, { stopped: false })
    assert.deepEqual(got, ["1", "2"])
    assert.deepEqual(counts(engine, "a"), [2, 2])
    engine.adjust(tap, { stopped: false })
    assert.deepEqual(got, ["1", "2", "3", "4"])
    assert.equal(engine.queue("a")?.counters.redelivered, 0)
  })

  test("gives what it holds up to a consumer that is not behind it", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const tap = new Share()
    const slow: Array<string> = []
    collect(engine, "a", {
      shares: [tap],
      deliver: (hand) => {
        slow.push(hand.packet.id)
        engine.adjust(tap, { stopped: true })
      },
    })
    publish(engine, "a", ...Array.from({ length: 200 }, (_, i) => String(i)))
    const quick = collect(engine, "a")
    assert.equal(slow.length, 1)
    assert.deepEqual(quick.ids(), Array.from({ length: 199 }, (_, i) => String(i + 1)))
  })

  test("that opens lets a long backlog through, whether it needs acks or not", () => {
    for (const noAck of [true, false]) {
      const { engine } = clocked()
      engine.declareQueue(queue("a"))
      publish(engine, "a", ...Array.from({ length: 1000 }, (_, i) => String(i)))
      const tap = new Share()
      engine.adjust(tap, { stopped: true })
      const { got } = together(engine, ["", "a", { shares: [tap], noAck }])
      assert.equal(got.length, 0)
      engine.adjust(tap, { stopped: false })
      assert.equal(got.length, 1000)
      assert.deepEqual(counts(engine, "a"), [0, noAck ? 0 : 1000])
    }
  })
})

describe("a consumer", () => {
  test("of higher priority goes first while it has room; equals take turns", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const { got, hands } = together(
      engine,
      ["L", "a", {}],
      ["H", "a", { priority: 10, prefetch: 2 }],
      ["G", "a", { priority: 10, prefetch: 2 }],
      ["N", "a", { priority: -1 }],
    )
    publish(engine, "a", "1", "2", "3", "4", "5", "6")
    assert.deepEqual(got, ["H1", "G2", "H3", "G4", "L5", "L6"])
    engine.settle(hands[1]!, "ack")
    publish(engine, "a", "7", "8")
    assert.deepEqual(got.slice(6), ["G7", "L8"])
  })

  test("that wants a queue for itself is refused where others are, and keeps others away; not by quorum queues", () => {
    const { engine } = clocked()
    const consume = (name: string, exclusive: boolean) =>
      engine.consume(name, { owner: engine, prefetch: 0, exclusive, deliver: () => {} })
    for (const type of ["classic", "quorum"] as const) {
      engine.declareQueue(queue(type, { type }))
      const first = consume(type, true)
      const refused = type === "classic" ? "InUse" : "Consumer"
      assert.deepEqual([consume(type, false)._tag, consume(type, true)._tag], [refused, refused])
      if (type !== "classic" || first._tag !== "Consumer") continue
      engine.cancel(first)
      assert.deepEqual([consume(type, false)._tag, consume(type, true)._tag], ["Consumer", "InUse"])
    }
  })

  test("that needs no acks is done with what it is handed, and knows no prefetch", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const { hands, consumer } = collect(engine, "a", { noAck: true, prefetch: 1 })
    publish(engine, "a", "1", "2", "3")
    assert.deepEqual(hands.map((hand) => engine.settle(hand, "requeue")), ["late", "late", "late"])
    assert.deepEqual([counts(engine, "a"), engine.queue("a")?.counters.acked], [[0, 0], 3])
    engine.loseConsumer(consumer)
    assert.equal(engine.queue("a")?.ready, 0)
  })

  test("is the single active one by priority, on classic queues", () => {
    for (const [type, order] of [["classic", "ACDB"], ["quorum", "ABCD"]] as const) {
      const { engine } = clocked()
      engine.declareQueue(queue("a", { type, singleActiveConsumer: true }))
      const parties = [["A", 0], ["B", 5], ["C", 10], ["D", 10]] as const
      const { got, consumers } = together(
        engine,
        ...parties.map(([name, priority]) => [name, "a", { priority }] as const),
      )
      for (const name of order) {
        publish(engine, "a", "1")
        assert.equal(got.at(-1), `${name}1`)
        engine.cancel(consumers["ABCD".indexOf(name)]!)
      }
      assert.deepEqual(counts(engine, "a"), [0, 4])
    }
  })
})

describe("Engine.abandon()", () => {
  test("gives back what many held, in its order, and to none of them", () => {
    const { engine } = clocked()
    for (const name of ["a", "b"]) engine.declareQueue(queue(name, { type: "classic" }))
    publish(engine, "a", "1", "2", "3", "4", "5")
    publish(engine, "b", "1")
    const one = collect(engine, "a", { prefetch: 1 })
    const got = [engine.get("a", { owner: engine }), engine.get("b", { owner: engine })]
    const two = collect(engine, "a", { prefetch: 2 })
    const stays = collect(engine, "a", { prefetch: 4 })
    assert.deepEqual([one.ids(), two.ids(), stays.ids()], [["1"], ["3", "4"], ["5"]])
    const hands = got.flatMap((found) => found?._tag === "Got" ? [found.hand] : [])
    engine.abandon({ consumers: [one.consumer, two.consumer], hands })
    assert.deepEqual(stays.ids(), ["5", "1", "2", "3"])
    assert.deepEqual(engine.peek("a", 5), [{
      packet: two.hands[1]?.packet,
      key: "a",
      redelivered: true,
      deliveryCount: 0,
    }])
    assert.deepEqual(counts(engine, "b"), [1, 0])
  })
})

describe("Engine.settleAll()", () => {
  test("gives one verdict on many, in one step, and counts those it was the first on", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { deliveryLimit: 5, deadLetterExchange: "", deadLetterKey: "dead" }))
    engine.declareQueue(queue("dead"))
    const { hands, consumer, ids } = collect(engine, "a", { prefetch: 3 })
    publish(engine, "a", "1", "2", "3", "4")
    engine.cancel(consumer)
    engine.settle(hands[0]!, "ack")
    assert.equal(engine.settleAll(hands, "requeue"), 2)
    assert.equal(engine.view().counters.late, 1)
    const next = collect(engine, "a")
    assert.deepEqual([ids(), next.ids()], [["1", "2", "3"], ["2", "3", "4"]])
    assert.equal(engine.settleAll(next.hands, "reject"), 3)
    assert.deepEqual(collect(engine, "dead").ids(), ["2", "3", "4"])
  })
})
