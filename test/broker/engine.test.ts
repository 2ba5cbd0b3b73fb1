/**
 * What the engine does with messages: order, prefetch, verdicts, limits, time and dead letters.
 *
 * One behaviour a test, on an engine whose clock is turned by hand. Routing and declarations have files of their
 * own; `model.test.ts` looks for what nobody thought of.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import { deathsOf, type Hand } from "../../src/broker/mod.ts"
import { clocked, collect, counts, packet, queue } from "./support.ts"

const publish = (engine: ReturnType<typeof clocked>["engine"], name: string, ...ids: ReadonlyArray<string>) =>
  ids.map((id) => engine.publish("", name, packet(id))._tag)

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
    engine.declareQueue(queue("a"))
    const { consumer, hands } = collect(engine, "a", { prefetch: 3 })
    publish(engine, "a", "1", "2", "3", "4")
    engine.cancel(consumer)
    engine.settle(hands[2]!, "requeue")
    engine.settle(hands[0]!, "requeue")
    const next = collect(engine, "a")
    assert.deepEqual(next.ids(), ["1", "3", "4"])
    assert.deepEqual(next.hands.map((hand) => hand.redelivered), [true, true, false])
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

  test("that passes between choice and hand-over expires the message too", () => {
    let now = 0
    const { engine } = clocked({ now: () => now })
    engine.declareQueue(queue("a", { messageTtl: 10 }))
    const seen: Array<string> = []
    collect(engine, "a", {
      deliver: (hand) => {
        seen.push(hand.packet.id)
        if (hand.packet.id === "1") {
          publish(engine, "a", "2")
          now = 100
        }
      },
    })
    publish(engine, "a", "1")
    assert.deepEqual(seen, ["1"])
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
    engine.declareQueue(queue("full", { maxLength: 0 }))
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
    engine.declareQueue(queue("a", { maxLength: 1 }))
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
