/**
 * Properties of messages: each alone and all together, there and back, and what is refused of them.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import { type Properties, writeHeader } from "../../../src/broker/amqp/mod.ts"
import { properties } from "../../wire/properties.ts"
import { bytesOf, frame, inTable, readBoth, readError, readOne } from "./support.ts"
import { props, unsigned64 } from "./values.ts"

const header = (...rest: ReadonlyArray<number | string | Uint8Array>): Uint8Array =>
  frame(2, 1, bytesOf(0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...rest))

const propertiesOf = (bytes: Uint8Array): Properties => {
  const one = readOne(bytes)
  assert.ok(one.type === "header")
  return one.properties
}

describe("properties", () => {
  test("are read as they were written, with the size of the body", () => {
    properties(
      fc.property(props, unsigned64, fc.nat({ max: 65_535 }), (some, size, channel) => {
        const written = { channel, classId: 60, size, properties: some }
        assert.deepEqual(readOne(writeHeader(written)), { type: "header", ...written })
      }),
      1_000,
    )
  })

  test("have one bit each, from the highest down", () => {
    const all: ReadonlyArray<readonly [keyof Properties, ReadonlyArray<number>, unknown]> = [
      ["contentType", [1, 0x61], "a"],
      ["contentEncoding", [1, 0x61], "a"],
      ["headers", [0, 0, 0, 0], new Map()],
      ["deliveryMode", [2], 2],
      ["priority", [9], 9],
      ["correlationId", [1, 0x61], "a"],
      ["replyTo", [1, 0x61], "a"],
      ["expiration", [1, 0x61], "a"],
      ["messageId", [1, 0x61], "a"],
      ["timestamp", [0, 0, 0, 0, 0, 0, 0, 7], 7],
      ["type", [1, 0x61], "a"],
      ["userId", [1, 0x61], "a"],
      ["appId", [1, 0x61], "a"],
      ["clusterId", [1, 0x61], "a"],
    ]
    all.forEach(([key, bytes, value], i) => {
      const flags = 0x8000 >> i
      const written = header(flags >> 8, flags & 0xff, ...bytes)
      assert.deepEqual(propertiesOf(written), { [key]: value })
      assert.deepEqual(writeHeader({ channel: 1, classId: 60, size: 0, properties: { [key]: value } }), written)
    })
  })

  test("overlook the bit behind the last one, as RabbitMQ does", () => {
    assert.deepEqual(propertiesOf(header(0x80, 0x02, 1, "a")), { contentType: "a" })
  })

  test("that are undefined are not written", () => {
    const some = { contentType: undefined, appId: "a" }
    const written = writeHeader({ channel: 1, classId: 60, size: 0, properties: some })
    assert.deepEqual(written, header(0, 8, 1, "a"))
  })

  test("are refused by 502 when cut short, followed by more, of a second word of flags, or wrong inside", () => {
    for (
      const wrong of [
        header(0x80, 0, 5, "a"),
        header(0x80, 0, 1, "a", 0),
        header(0x80, 0x01, 0, 0, 1, "a"),
        header(0x80, 0, 1, 0xff),
        header(0x20, 0, 0, 0, 0, 9),
        header(0x20, 0, inTable(bytesOf(1, "kZ"))),
        header(0, 0x40, 1, 2, 3),
      ]
    ) {
      const error = readError(wrong)
      assert.deepEqual([error._tag, error.code], ["SyntaxError", 502])
    }
  })

  test("are refused by 501 when the fixed part is cut short, by 505 when it has a weight", () => {
    for (let length = 0; length < 14; length++) {
      const error = readError(frame(2, 1, header(0, 0).slice(7, 7 + length)))
      assert.deepEqual([error._tag, error.code], ["FrameError", 501])
    }
    const error = readError(frame(2, 1, bytesOf(0, 60, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
    assert.deepEqual([error._tag, error.code, error.offset], ["UnexpectedFrame", 505, 9])
  })

  test("throw nothing, whatever the bytes are", () => {
    properties(
      fc.property(fc.uint8Array({ maxLength: 80 }), (rest) => {
        const given = readBoth(header(rest))
        assert.equal(given.frames.length + (given.error === undefined ? 0 : 1), 1)
      }),
      5_000,
    )
  })

  test("are not written when a value has no form, or the frame is longer than agreed on", () => {
    const write = (some: Properties, frameMax?: number) =>
      writeHeader({ channel: 1, classId: 60, size: 0, properties: some }, frameMax)
    assert.throws(() => write({ priority: 256 }), RangeError)
    assert.throws(() => write({ messageId: "x".repeat(256) }), RangeError)
    assert.throws(
      () => write({ headers: new Map([["k", { type: "longstr", value: "x".repeat(5_000) }]]) }, 4096),
      RangeError,
    )
    assert.throws(() => writeHeader({ channel: 1, classId: 60, size: -1, properties: {} }), RangeError)
  })
})
