/**
 * Methods: each one there and back, and what is refused of them with which reply code.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import {
  isWireError,
  type Method,
  type MethodName,
  methods,
  notImplemented,
  writeMethod,
} from "../../../src/broker/amqp/mod.ts"
import { readMethod } from "../../../src/broker/amqp/methodCodec.ts"
import { properties } from "../../wire/properties.ts"
import fc from "fast-check"
import { bytesOf, frame, readBoth, readError, readOne } from "./support.ts"
import { method, methodOf, names } from "./values.ts"

const payloadOf = (one: Method): Uint8Array => writeMethod(0, one).slice(7, -1)

const back = (payload: Uint8Array): Method => {
  const read = readMethod(payload)
  assert.ok(!isWireError(read), isWireError(read) ? read.message : "")
  return read
}

describe("methods", () => {
  for (const name of names) {
    test(`${name}: reads what it writes, on its channel`, () => {
      properties(
        fc.property(methodOf(name), fc.nat({ max: 65_535 }), (one, channel) => {
          assert.deepEqual(readOne(writeMethod(channel, one)), { type: "method", channel, method: one })
        }),
        50,
      )
    })
  }

  test("has each pair of ids once, and an answer behind each question", () => {
    const ids = names.map((name) => `${methods[name].classId}.${methods[name].methodId}`)
    assert.equal(new Set(ids).size, names.length)
    assert.equal(names.length, 66)
    for (const name of names) {
      if (!methods[name].isSync || name === "basic.get") continue
      assert.ok(names.includes(`${name}-ok` as MethodName), name)
      assert.ok(!methods[`${name}-ok` as MethodName].isSync)
    }
  })

  test("packs bits into one byte, the first one lowest", () => {
    const payload = payloadOf({
      name: "queue.declare",
      queue: "q",
      passive: false,
      durable: true,
      exclusive: false,
      autoDelete: true,
      noWait: false,
      arguments: new Map(),
    })
    assert.deepEqual(payload, bytesOf(0, 50, 0, 10, 0, 0, 1, "q", 0b01010, 0, 0, 0, 0))
  })

  test("overlooks bits that mean nothing, and what is reserved", () => {
    const qos = back(bytesOf(0, 60, 0, 10, 0, 0, 0, 0, 0, 5, 0xff))
    assert.deepEqual(qos, { name: "basic.qos", prefetchSize: 0, prefetchCount: 5, global: true })
    const open = back(bytesOf(0, 10, 0, 40, 1, "/", 3, "abc", 1))
    assert.deepEqual(open, { name: "connection.open", virtualHost: "/" })
  })

  test("refuses what is cut short by 501, wherever it is cut", () => {
    properties(
      fc.property(method, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (one, share) => {
        const payload = payloadOf(one)
        const error = readMethod(payload.subarray(0, Math.floor(share * payload.length)))
        assert.ok(isWireError(error))
        assert.deepEqual([error._tag, error.code], ["FrameError", 501])
        assert.ok(error.offset <= 7 + payload.length)
      }),
      1_000,
    )
  })

  test("refuses what follows the last argument by 501, and says of which method", () => {
    properties(fc.property(method, fc.uint8Array({ minLength: 1, maxLength: 9 }), (one, more) => {
      const payload = payloadOf(one)
      const error = readMethod(bytesOf(payload, more))
      assert.ok(isWireError(error))
      const { classId, methodId } = methods[one.name]
      assert.deepEqual(
        [error._tag, error.offset, error.classId, error.methodId],
        ["FrameError", 7 + payload.length, classId, methodId],
      )
    }))
  })

  test("refuses methods that do not exist by 503", () => {
    const known = new Set(names.map((name) => `${methods[name].classId}.${methods[name].methodId}`))
    for (const classId of [0, 10, 20, 30, 40, 50, 60, 70, 85, 90, 110, 255]) {
      for (let methodId = 0; methodId < 256; methodId++) {
        if (known.has(`${classId}.${methodId}`)) continue
        const error = readMethod(bytesOf(0, classId, 0, methodId, 1, 2, 3))
        assert.ok(isWireError(error))
        assert.deepEqual([error._tag, error.code, error.classId, error.methodId], [
          "CommandInvalid",
          503,
          classId,
          methodId,
        ])
      }
    }
    // more than the low byte counts
    assert.equal(readError(frame(1, 1, bytesOf(1, 60, 0, 10, 0, 0, 0, 0, 0, 0, 0)))._tag, "CommandInvalid")
  })

  test("refuses a name that is no UTF-8 by 502", () => {
    const error = readError(frame(1, 1, bytesOf(0, 60, 0, 40, 0, 0, 1, 0xff, 0, 0)))
    assert.deepEqual([error._tag, error.code, error.offset], ["SyntaxError", 502, 14])
  })

  test("throws nothing, whatever the bytes are", () => {
    properties(
      fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 60 }), (name, rest) => {
        const { classId, methodId } = methods[name]
        const payload = bytesOf(0, classId, 0, methodId, rest)
        const given = readBoth(frame(1, 1, payload))
        assert.equal(given.frames.length + (given.error === undefined ? 0 : 1), 1)
      }),
      5_000,
    )
  })

  test("are refused by 540 by whoever does not do them", () => {
    const error = notImplemented({ name: "tx.select" })
    assert.deepEqual([error._tag, error.code, error.classId, error.methodId], ["NotImplemented", 540, 90, 10])
    assert.equal(error.message, "Expected a method that is done here at byte 7 of the frame, found tx.select")
  })

  test("are not written when a value has no form, or the frame is longer than agreed on", () => {
    const ack = (deliveryTag: number): Method => ({ name: "basic.ack", deliveryTag, multiple: false })
    assert.throws(() => writeMethod(1, ack(-1)), RangeError)
    assert.throws(() => writeMethod(1, { name: "connection.blocked", reason: "x".repeat(256) }), RangeError)
    assert.throws(() => writeMethod(1, { name: "connection.blocked", reason: "x".repeat(200) }, 200), RangeError)
    assert.throws(() => writeMethod(1, { name: "none" } as never), RangeError)
    assert.equal(writeMethod(1, ack(1), 4096).length, 21)
  })
})
