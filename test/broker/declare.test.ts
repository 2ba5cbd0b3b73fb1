/**
 * Declaring and deleting: what is equal, what clashes, what belongs to whom, and what goes with what.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import type { Refusal } from "../../src/broker/mod.ts"
import type { QueueSpec } from "../../src/transport/mod.ts"
import { clocked, collect, counts, packet, queue } from "./support.ts"

const clash = (name: string, detail: string) => ({ _tag: "Clash", name, detail })

/** A refusal without what it says for machines. */
const inWords = (refusal: Refusal | undefined) => {
  if (refusal?._tag !== "Clash") return refusal
  const { difference: _, ...rest } = refusal
  return rest
}

describe("Engine.declareQueue()", () => {
  test("accepts an equal declaration, spelled out or not", () => {
    const { engine } = clocked()
    assert.equal(engine.declareQueue(queue("a")), undefined)
    engine.publish("", "a", packet("1"))
    const spelled = { durable: true, autoDelete: false, exclusive: false, singleActiveConsumer: false }
    assert.equal(engine.declareQueue(queue("a", spelled)), undefined)
    assert.equal(engine.queue("a")?.ready, 1)
  })

  const classic = queue("a", { type: "classic" })
  const differences: ReadonlyArray<readonly [QueueSpec, QueueSpec, string]> = [
    [classic, queue("a"), `type is "classic", not "quorum"`],
    [classic, { ...classic, durable: false }, "durable is true, not false"],
    [{ ...classic, autoDelete: true }, classic, "autoDelete is true, not false"],
    [{ ...classic, messageTtl: 10 }, { ...classic, messageTtl: 20 }, "messageTtl is 10, not 20"],
    [classic, { ...classic, expires: 10 }, "expires is absent, not 10"],
    [classic, { ...classic, deadLetterExchange: "" }, `deadLetterExchange is absent, not ""`],
    [queue("a", { deliveryLimit: 5 }), queue("a"), "deliveryLimit is 5, not absent"],
    [classic, { ...classic, maxLength: 3 }, "maxLength is absent, not 3"],
    [classic, { ...classic, singleActiveConsumer: true }, "singleActiveConsumer is false, not true"],
  ]
  for (const [existing, declared, detail] of differences) {
    test(`names what differs: ${detail}`, () => {
      const { engine } = clocked()
      engine.declareQueue(existing)
      const before = engine.view()
      const refusal = engine.declareQueue(declared)
      assert.deepEqual(inWords(refusal), clash("a", detail))
      const { property = "", existing: there, declared: said } = refusal?._tag === "Clash"
        ? refusal.difference ?? {}
        : {}
      assert.equal(detail.startsWith(`${property} is `), true)
      assert.notEqual(there, said)
      assert.deepEqual(engine.view(), before)
    })
  }

  const flaws: ReadonlyArray<readonly [QueueSpec, string]> = [
    [queue("a", { durable: false }), "a quorum queue cannot be non-durable"],
    [queue("a", { exclusive: true }), "a quorum queue cannot be exclusive"],
    [queue("a", { autoDelete: true }), "a quorum queue cannot be autoDelete"],
    [{ ...classic, deliveryLimit: 3 }, "only a quorum queue has a deliveryLimit"],
    [{ ...classic, deadLetterKey: "k" }, "deadLetterKey needs a deadLetterExchange"],
    [{ ...classic, messageTtl: -1 }, "messageTtl must be a whole number from 0, not -1"],
    [{ ...classic, type: "quorum", deliveryLimit: 0.5 }, "deliveryLimit must be a whole number, not 0.5"],
    [{ ...classic, maxLength: 1.5 }, "maxLength must be a whole number from 0, not 1.5"],
    [{ ...classic, expires: 0 }, "expires must be above 0, not 0"],
  ]
  for (const [spec, detail] of flaws) {
    test(`refuses what cannot be: ${detail}`, () => {
      const { engine } = clocked()
      assert.deepEqual(engine.declareQueue(spec, {}), clash("a", detail))
      assert.equal(engine.queue("a"), undefined)
    })
  }

  test("keeps an exclusive queue for its owner, and deletes it with the owner", () => {
    const { engine } = clocked()
    const [owner, other] = [{}, {}]
    const spec = queue("a", { type: "classic", exclusive: true })
    assert.equal(engine.declareQueue(spec, owner), undefined)
    assert.equal(engine.declareQueue(spec, owner), undefined)
    for (
      const refusal of [
        engine.declareQueue(spec, other),
        engine.consume("a", { owner: other, prefetch: 1, deliver: () => {} }),
        engine.deleteQueue("a", other),
        engine.purge("a", other),
      ]
    ) {
      assert.equal((refusal as { readonly _tag: string })._tag, "Locked")
    }
    assert.equal(engine.publish("", "a", packet("1"))._tag, "Routed")
    engine.loseOwner(owner)
    assert.equal(engine.queue("a"), undefined)
  })
})

describe("Engine.declareExchange()", () => {
  test("accepts an equal one and names what differs", () => {
    const { engine } = clocked()
    assert.equal(engine.declareExchange({ name: "x", type: "topic" }), undefined)
    assert.equal(engine.declareExchange({ name: "x", type: "topic" }), undefined)
    assert.deepEqual(
      inWords(engine.declareExchange({ name: "x", type: "direct" })),
      clash("x", `type is "topic", not "direct"`),
    )
    assert.equal(engine.declareExchange({ name: "", type: "direct" })?._tag, "Forbidden")
  })

  test("is undone with its bindings", () => {
    const { engine } = clocked()
    engine.declareExchange({ name: "x", type: "fanout" })
    engine.declareQueue(queue("a"))
    engine.bind({ exchange: "x", queue: "a", key: "" })
    engine.deleteExchange("x")
    assert.equal(engine.publish("x", "", packet("1"))._tag, "NotFound")
    assert.deepEqual(engine.view().bindings, [])
  })
})

describe("Engine.bind()", () => {
  test("wants both ends to exist, and not the default exchange", () => {
    const { engine } = clocked()
    engine.declareExchange({ name: "x", type: "topic" })
    engine.declareQueue(queue("a"))
    const bind = (exchange: string, queue: string) => engine.bind({ exchange, queue, key: "k" })
    assert.deepEqual(bind("y", "a"), { _tag: "NotFound", kind: "exchange", name: "y" })
    assert.deepEqual(bind("x", "b"), { _tag: "NotFound", kind: "queue", name: "b" })
    assert.equal(bind("", "a")?._tag, "Forbidden")
    assert.deepEqual([bind("x", "a"), bind("x", "a")], [undefined, undefined])
    assert.deepEqual(engine.view().bindings, [{ exchange: "x", queue: "a", key: "k" }])
  })
})

describe("deleting", () => {
  test("tells the consumers, takes the messages along and ignores late settlements", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    let told = 0
    const { hands } = collect(engine, "a", { prefetch: 1, cancelled: () => told++ })
    engine.publish("", "a", packet("1"))
    engine.publish("", "a", packet("2"))
    assert.equal(engine.deleteQueue("a"), 1)
    assert.deepEqual([told, engine.settle(hands[0]!, "ack"), engine.view().counters.purged], [1, "late", 2])
    assert.deepEqual(engine.deleteQueue("a"), { _tag: "NotFound", kind: "queue", name: "a" })
  })

  test("happens to an auto-delete queue once its last consumer has left, not before it had one", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a", { type: "classic", autoDelete: true }))
    engine.publish("", "a", packet("1"))
    assert.deepEqual(counts(engine, "a"), [1, 0])
    const [first, second] = [collect(engine, "a"), collect(engine, "a")]
    engine.cancel(first.consumer)
    assert.notEqual(engine.queue("a"), undefined)
    engine.loseConsumer(second.consumer)
    assert.equal(engine.publish("", "a", packet("2"))._tag, "Unroutable")
  })

  test("by purge leaves what is in hand", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    collect(engine, "a", { prefetch: 1 })
    for (const id of ["1", "2", "3"]) engine.publish("", "a", packet(id))
    assert.equal(engine.purge("a"), 2)
    assert.deepEqual(counts(engine, "a"), [0, 1])
  })
})
