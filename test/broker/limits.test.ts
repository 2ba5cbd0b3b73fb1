/**
 * How much a queue takes, in messages and bytes, and what is first in it: what gives way, where it goes, what an engine weighs.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import { Engine, packets } from "../../src/broker/mod.ts"
import type { Packet } from "../../src/transport/mod.ts"
import { clocked, collect, counts, packet, publish, queue } from "./support.ts"

const sized = (engine: Engine, name: string, ...bodies: ReadonlyArray<string>) =>
  bodies.map((body) => engine.publish("", name, packet(body))._tag)

const drained = (engine: Engine, name: string) => collect(engine, name, { noAck: true }).ids()

describe("a limit in bytes", () => {
  test("drops the oldest until the rest fits, even the newcomer", () => {
    const { engine } = clocked()
    for (const type of ["classic", "quorum"] as const) {
      engine.declareQueue({ ...queue(type, { type, overflow: "drop-head" }), maxBytes: 10 })
      sized(engine, type, "aaaa", "bbbb", "cccc")
      assert.equal(engine.queue(type)?.readyBytes, 8)
      sized(engine, type, "d".repeat(16))
      assert.deepEqual([engine.queue(type)?.ready, engine.queue(type)?.counters.maxlen], [0, 4])
    }
  })

  test("refuses what does not fit; a quorum queue only once it is beyond", () => {
    const { engine } = clocked()
    for (const type of ["classic", "quorum"] as const) engine.declareQueue({ ...queue(type, { type }), maxBytes: 10 })
    const bodies = ["aaaa", "bbbb", "cccc", "dd"]
    assert.deepEqual(sized(engine, "classic", ...bodies), ["Routed", "Routed", "Rejected", "Routed"])
    assert.deepEqual(sized(engine, "quorum", ...bodies), ["Routed", "Routed", "Routed", "Rejected"])
    assert.deepEqual(drained(engine, "classic"), ["aaaa", "bbbb", "dd"])
  })
})

describe("a limit in messages", () => {
  test("counts what comes back: a classic queue drops it first, a quorum queue gives it away first", () => {
    for (const [type, kept] of [["classic", ["3"]], ["quorum", ["3", "1"]]] as const) {
      const { engine } = clocked()
      engine.declareQueue(queue("a", { type, maxLength: 1, overflow: "drop-head" }))
      const { hands, ids } = collect(engine, "a", { prefetch: 2 })
      publish(engine, "a", "1", "2", "3")
      engine.settleAll(hands.slice(0, 2), "requeue")
      assert.deepEqual([type, ids().slice(2)], [type, kept])
    }
  })

  test("lets a message pass to a consumer with room in a queue that keeps none", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { type: "classic", maxLength: 0, overflow: "drop-head" }))
    engine.declareQueue(queue("b", { type: "classic", maxLength: 0 }))
    const [a, b] = [collect(engine, "a", { prefetch: 1 }), collect(engine, "b")]
    for (const name of ["a", "b"]) publish(engine, name, "1", "2")
    assert.deepEqual([a.ids(), b.ids()], [["1"], []])
  })

  test("sends the refused to the dead-letter exchange where that was asked for", () => {
    const { engine } = clocked()
    engine.declareQueue({
      ...queue("a", { type: "classic", maxLength: 1, deadLetterExchange: "", deadLetterKey: "dead" }),
      overflow: "reject-publish-dlx",
    })
    engine.declareQueue(queue("dead"))
    assert.deepEqual(publish(engine, "a", "1", "2"), ["Routed", "Rejected"])
    const { hands } = collect(engine, "dead")
    assert.deepEqual(hands.map(({ packet }) => [packet.id, packet.headers["x-first-death-reason"]]), [["2", "maxlen"]])
    const { entered, maxlen, refused, deadLettered } = engine.queue("a")?.counters ?? {}
    assert.deepEqual([entered, maxlen, refused, deadLettered], [2, 1, 1, 1])
  })

  test("of a quorum queue drops the oldest where a classic one would send the refused away", () => {
    const { engine } = clocked()
    engine.declareQueue({ ...queue("a", { maxLength: 1 }), overflow: "reject-publish-dlx" })
    assert.deepEqual(publish(engine, "a", "1", "2"), ["Routed", "Routed"])
    assert.deepEqual(drained(engine, "a"), ["2"])
  })
})

describe("priorities", () => {
  const makeEngine = () => {
    let now = 0
    const engine = new Engine<Packet>({
      payload: { ...packets, priority: ({ headers }) => Number(headers["p"] ?? 0) },
      now: () => now,
    })
    const put = (name: string, id: string, p?: number, more: Partial<Packet> = {}) =>
      engine.publish("", name, packet(id, { ...(p === undefined ? {} : { headers: { p } }), ...more }))
    const at = (time: number) => {
      now = time
      engine.tick()
    }
    return { engine, put, at }
  }
  const urgent = (maxPriority: number, more = {}) => ({ ...queue("a", { type: "classic" }), maxPriority, ...more })

  test("put the urgent first, up to the highest; equals keep their order", () => {
    const { engine, put } = makeEngine()
    engine.declareQueue(urgent(5))
    for (const [id, p] of [["a"], ["b", 3], ["c", 9], ["d", 5], ["e", 0], ["f", 3]] as const) put("a", id, p)
    assert.deepEqual(drained(engine, "a"), ["c", "d", "b", "f", "a", "e"])
  })

  test("hold for what comes back, too", () => {
    const { engine, put } = makeEngine()
    engine.declareQueue(urgent(5))
    for (const [id, p] of [["l1"], ["h1", 4], ["l2"], ["h2", 4]] as const) put("a", id, p)
    const { hands, consumer } = collect(engine, "a", { prefetch: 3 })
    engine.cancel(consumer)
    engine.settleAll([...hands].reverse(), "requeue")
    const first = engine.peek("a", 3)
    assert.ok(!("_tag" in first))
    assert.deepEqual(first.map(({ packet }) => packet.id), ["h1", "h2", "l1"])
    assert.deepEqual(engine.snapshot().messages.map(({ packet }) => packet.id), ["h1", "h2", "l1", "l2"])
    assert.deepEqual(engine.sift("a", 4, 0, ({ packet }) => packet.id === "h2" ? "drop" : "keep"), {
      _tag: "Sifted",
      through: 1,
      failure: undefined,
    })
    assert.deepEqual(drained(engine, "a"), ["h1", "l1", "l2"])
  })

  test("do not save the head from a limit, and what has expired behind it waits", () => {
    const { engine, put, at } = makeEngine()
    engine.declareQueue(urgent(5, { maxLength: 2, overflow: "drop-head" }))
    put("a", "low", undefined, { expiration: 10 })
    put("a", "high", 4)
    put("a", "middle", 2)
    at(20)
    assert.equal(engine.queue("a")?.ready, 2)
    assert.deepEqual(drained(engine, "a"), ["middle"])
  })

  test("are bounded, and nothing for quorum queues", () => {
    const { engine } = makeEngine()
    assert.equal(engine.declareQueue(urgent(256))?._tag, "Clash")
    assert.equal(engine.declareQueue({ ...urgent(5), type: "quorum" })?._tag, "Clash")
  })

  test("are forgotten with a purge", () => {
    const { engine, put } = makeEngine()
    engine.declareQueue(urgent(255))
    for (const p of [255, 0, 7]) put("a", String(p), p)
    assert.deepEqual([engine.purge("a"), engine.queue("a")?.bytes], [3, 0])
    put("a", "1", 1)
    assert.deepEqual(drained(engine, "a"), ["1"])
  })
})

describe("what an engine holds", () => {
  test("weighs what one publish put into several queues once, until the last of it is gone", () => {
    const { engine } = clocked()
    engine.declareExchange({ name: "x", type: "fanout" })
    for (const name of ["a", "b"]) {
      engine.declareQueue(queue(name))
      engine.bind({ exchange: "x", queue: name, key: "" })
    }
    engine.publish("x", "", packet("12345"))
    engine.publish("", "a", packet("678"))
    assert.deepEqual([engine.messages, engine.bytes], [3, 8])
    assert.equal(engine.queue("a")?.bytes, 8)
    engine.purge("a")
    assert.deepEqual([engine.messages, engine.bytes], [1, 5])
    const { hands } = collect(engine, "b")
    assert.deepEqual([engine.messages, engine.bytes, counts(engine, "b")], [1, 5, [0, 1]])
    engine.settle(hands[0]!, "ack")
    assert.deepEqual([engine.messages, engine.bytes], [0, 0])
  })

  test("weighs what it is told of a message, not only its body", () => {
    const engine = new Engine<Packet>({
      payload: { ...packets, weight: ({ body, headers }) => body.length + (headers["heavy"] === true ? 1000 : 0) },
      now: () => 0,
    })
    engine.declareQueue({ ...queue("a", { deadLetterExchange: "", deadLetterKey: "b" }), maxBytes: 10 })
    engine.declareQueue(queue("b"))
    publish(engine, "a", "1")
    engine.publish("", "a", packet("2", { headers: { heavy: true } }))
    assert.deepEqual([engine.bytes, engine.queue("a")?.bytes], [1002, 2])
    const { hands } = collect(engine, "a")
    engine.settle(hands[1]!, "reject")
    assert.equal(engine.bytes, 1002)
    engine.move("b", "a", (heavy) => ({ ...heavy, headers: {} }))
    assert.equal(engine.bytes, 2)
    engine.deleteQueue("a")
    assert.equal(engine.bytes, 0)
  })

  test("is nothing once all queues are deleted, whatever was in them", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { deadLetterExchange: "", deadLetterKey: "b" }))
    engine.declareQueue(queue("b"))
    publish(engine, "a", "1", "2", "3", "4")
    const { hands } = collect(engine, "a", { prefetch: 3 })
    engine.settle(hands[0]!, "reject")
    engine.get("b", { owner: engine })
    assert.deepEqual([engine.messages, engine.bytes], [4, 4])
    for (const name of ["a", "b"]) engine.deleteQueue(name)
    assert.deepEqual([engine.messages, engine.bytes], [0, 0])
  })
})
