/**
 * When two declarations of a queue that came with arguments are the same, as RabbitMQ 3.10 was seen to decide.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import type { Arguments, QueueSpec, Value } from "../../src/broker/mod.ts"
import { clocked, queue } from "./support.ts"

const text = (value: string): Value => ({ type: "longstr", value })
const byte = (value: number): Value => ({ type: "byte", value })

/** A queue with these arguments. */
const declared = (args: Readonly<Record<string, Value>>, more: Partial<QueueSpec> = {}) => {
  const all: Arguments = new Map(Object.entries(args))
  const type = args["x-queue-type"]?.value === "quorum" ? "quorum" : "classic"
  return { ...queue("a"), type, ...more, arguments: all } as const
}

const quorum = { "x-queue-type": text("quorum") }

describe("queues declared with arguments", () => {
  const equal: ReadonlyArray<readonly [string, QueueSpec, QueueSpec]> = [
    ["the default type, said or not", declared({}), declared({ "x-queue-type": text("classic") })],
    ["an argument that nobody knows", declared({}), declared({ "x-foo": byte(1) })],
    ["one of the other type of queue", declared({}), declared({ "x-delivery-limit": byte(3) })],
    ["one of the other type of queue, again", declared(quorum), declared({ ...quorum, "x-queue-mode": text("lazy") })],
    [
      "whole numbers of whichever length",
      declared({ "x-max-length": byte(3) }),
      declared({ "x-max-length": { type: "long", value: 3n } }),
    ],
  ]
  for (const [name, first, second] of equal) {
    test(`are the same: ${name}`, () => {
      const { engine } = clocked()
      assert.equal(engine.declareQueue(first), undefined)
      assert.equal(engine.declareQueue(second), undefined)
      assert.equal(engine.declareQueue(first), undefined)
    })
  }

  const different: ReadonlyArray<readonly [string, QueueSpec, QueueSpec]> = [
    ["x-overflow", declared({}), declared({ "x-overflow": text("drop-head") }, { overflow: "drop-head" })],
    ["x-overflow", declared({ "x-overflow": text("drop-head") }), declared({})],
    [
      "x-single-active-consumer",
      declared({}),
      declared({ "x-single-active-consumer": { type: "bool", value: false } }),
    ],
    ["x-message-ttl", declared({ "x-message-ttl": byte(5) }), declared({ "x-message-ttl": byte(6) })],
    ["x-message-ttl", declared({ "x-message-ttl": byte(5) }), declared({ "x-message-ttl": text("5") })],
    ["x-queue-mode", declared({}), declared({ "x-queue-mode": text("lazy") })],
    ["x-queue-type", declared({}), declared(quorum)],
    ["x-queue-type", declared(quorum), declared({ "x-max-length": byte(1) })],
    ["x-delivery-limit", declared(quorum), declared({ ...quorum, "x-delivery-limit": byte(3) })],
    ["durable", declared({}), declared({ "x-overflow": text("drop-head") }, { durable: false })],
  ]
  for (const [property, first, second] of different) {
    test(`differ: ${property} of ${[...first.arguments ?? []].length} and ${[...second.arguments ?? []].length}`, () => {
      const { engine } = clocked()
      assert.equal(engine.declareQueue(first), undefined)
      const refusal = engine.declareQueue(second)
      assert.ok(refusal?._tag === "Clash")
      assert.equal(refusal.difference?.property, property)
      if (!property.startsWith("x-")) return
      assert.deepEqual(refusal.difference?.existing, first.arguments?.get(property))
      assert.deepEqual(refusal.difference?.declared, second.arguments?.get(property))
    })
  }

  test("are locked where only one is exclusive", () => {
    const { engine } = clocked()
    const mine = {}
    engine.declareQueue(declared({}, { exclusive: true }), mine)
    assert.equal(engine.declareQueue(declared({}), mine)?._tag, "Locked")
    engine.declareQueue({ ...declared({}), name: "b" }, mine)
    assert.equal(engine.declareQueue({ ...declared({}, { exclusive: true }), name: "b" }, mine)?._tag, "Locked")
  })
})
