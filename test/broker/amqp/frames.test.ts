/**
 * The reader of frames, fed in pieces of any length; what it refuses, and how much it holds.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import {
  type Frame,
  FrameReader,
  heartbeat,
  isWireError,
  protocolHeader,
  writeBody,
  writeContent,
  writeHeader,
  writeMethod,
} from "../../../src/broker/amqp/mod.ts"
import { properties } from "../../wire/properties.ts"
import { bytesOf, frame, long, readAll, readBoth, readError } from "./support.ts"
import { bytes, method, props } from "./values.ts"

const channel = fc.nat({ max: 65_535 })

const frames: fc.Arbitrary<{ readonly frame: Frame; readonly written: Uint8Array }> = fc.oneof(
  fc.tuple(channel, method).map(([channel, method]) => ({
    frame: { type: "method", channel, method } as const,
    written: writeMethod(channel, method),
  })),
  fc.tuple(channel, props, fc.nat()).map(([channel, properties, size]) => ({
    frame: { type: "header", channel, classId: 60, size, properties } as const,
    written: writeHeader({ channel, classId: 60, size, properties }),
  })),
  fc.tuple(channel, bytes).map(([channel, body]) => ({
    frame: { type: "body", channel, body, isOwn: true } as const,
    written: writeBody(channel, body),
  })),
  fc.constant({ frame: { type: "heartbeat" } as const, written: heartbeat as Uint8Array }),
)

const asOwn = (one: Frame): Frame => one.type === "body" ? { ...one, isOwn: true } : one

describe("FrameReader", () => {
  test("gives what was written, however it is cut", () => {
    properties(
      fc.property(
        fc.array(frames, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
        (some, pieces) => {
          const written = bytesOf(...some.map(({ written }) => written))
          for (const given of [readAll(written, { pieces }), readBoth(written)]) {
            assert.equal(given.error, undefined)
            assert.equal(given.held, 0)
            assert.deepEqual(given.frames.map(asOwn), some.map(({ frame }) => frame))
          }
        },
      ),
      300,
    )
  })

  test("takes pieces faster than they are read", () => {
    const written = bytesOf(writeBody(1, Uint8Array.of(1, 2)), heartbeat, writeBody(2, Uint8Array.of(3)))
    const reader = new FrameReader({ frameMax: 4096, expectsGreeting: false })
    for (const octet of written) reader.push(Uint8Array.of(octet))
    assert.equal(reader.held, written.length)
    const given = [reader.next(), reader.next(), reader.next(), reader.next()].map((one) =>
      one === undefined || isWireError(one) ? one : one.type
    )
    assert.deepEqual(given, ["body", "heartbeat", "body", undefined])
  })

  test("gives a body that came whole as a view, and one that came in pieces as memory of its own", () => {
    const written = writeBody(1, Uint8Array.of(1, 2, 3))
    const reader = new FrameReader({ frameMax: 4096, expectsGreeting: false })
    reader.push(written)
    const view = reader.next()
    assert.ok(view !== undefined && !isWireError(view) && view.type === "body" && !view.isOwn)
    assert.equal(view.body.buffer, written.buffer)
    reader.push(written.subarray(0, 8))
    assert.equal(reader.next(), undefined)
    reader.push(written.subarray(8))
    const own = reader.next()
    assert.ok(own !== undefined && !isWireError(own) && own.type === "body" && own.isOwn)
    assert.notEqual(own.body.buffer, written.buffer)
    assert.deepEqual(own.body, view.body)
  })

  test("takes the header of AMQP 0-9 for a greeting", () => {
    const { frames, error } = readBoth(bytesOf("AMQP\u0001\u0001\0\u0009", heartbeat), { expectsGreeting: true })
    assert.equal(error, undefined)
    assert.deepEqual(frames, [{ type: "greeting" }, { type: "heartbeat" }])
  })

  test("expects a greeting of its version, and refuses any other once it is whole", () => {
    assert.deepEqual(readBoth(bytesOf(protocolHeader, heartbeat), { expectsGreeting: true }).frames, [
      { type: "greeting" },
      { type: "heartbeat" },
    ])
    const others = [
      "AMQP\0\0\u0009\0",
      "AMQP\0\u0001\0\0",
      "AMQP\0\0\0\u0009",
      "AMQP\u0001\u0001\u0008\0",
      "AMQP\u0001\u0001\u0009\u0001",
      "AMQP\u0003\u0001\0\0",
      "GET / HT",
    ]
    for (const other of others) {
      const error = readError(bytesOf(other, "and more"), { expectsGreeting: true })
      assert.deepEqual([error._tag, error.code, error.offset], ["VersionRefused", 0, 0])
      assert.deepEqual(readBoth(bytesOf(other).slice(0, 7), { expectsGreeting: true }).error, undefined)
    }
    assert.match(readError(bytesOf("GET / HT"), { expectsGreeting: true }).message, /found 47 45 54 20 2f 20 48 54$/)
  })

  test("refuses another octet at the end by 501", () => {
    for (const end of [0, 0xcd, 0xcf, 0xff]) {
      for (const wrong of [frame(8, 0, bytesOf(), end), frame(3, 1, bytesOf("abc"), end)]) {
        const error = readError(wrong)
        assert.deepEqual([error._tag, error.code, error.offset], ["FrameError", 501, wrong.length - 1])
      }
    }
    // a size that lies makes some other octet the last one
    assert.equal(readError(bytesOf(3, 0, 1, long(2), "abc", 0xce))._tag, "FrameError")
  })

  test("refuses types of frames that do not exist by 501, as soon as the size is there", () => {
    for (const type of [0, 4, 5, 6, 7, 9, 65, 255]) {
      const error = readError(bytesOf(type, 0, 0, long(2 ** 32 - 1)))
      assert.deepEqual([error._tag, error.code, error.offset], ["FrameError", 501, 0])
    }
  })

  test("refuses a payload that is longer than agreed on when its size is known, before there is memory for it", () => {
    for (const size of [4097, 2 ** 31, 2 ** 32 - 1]) {
      const error = readError(bytesOf(3, 0, 1, long(size)), { frameMax: 4096 })
      assert.deepEqual([error._tag, error.code, error.offset], ["FrameError", 501, 3])
    }
    assert.equal(readBoth(frame(3, 1, new Uint8Array(4096)), { frameMax: 4096 }).frames.length, 1)
  })

  test("goes by another limit from the next frame on", () => {
    const reader = new FrameReader({ frameMax: 4096, expectsGreeting: false })
    reader.frameMax = 8192
    reader.push(frame(3, 1, new Uint8Array(8000)))
    const next = reader.next()
    assert.ok(next !== undefined && !isWireError(next))
  })

  test("holds little for a long frame of which little came", () => {
    const reader = new FrameReader({ frameMax: 0, expectsGreeting: false })
    reader.push(bytesOf(3, 0, 1, long(2 ** 32 - 9)))
    assert.equal(reader.next(), undefined)
    assert.ok(reader.held <= 64 * 1024)
    for (let i = 0; i < 10; i++) {
      reader.push(new Uint8Array(64 * 1024))
      assert.equal(reader.next(), undefined)
      assert.ok(reader.held <= 64 * 1024 + 2 * (i + 1) * 64 * 1024)
    }
  })

  test("refuses a heartbeat with a payload by 501, and one of a channel by 505", () => {
    assert.equal(readError(frame(8, 0, Uint8Array.of(1)))._tag, "FrameError")
    assert.equal(readError(frame(8, 1, bytesOf()))._tag, "UnexpectedFrame")
  })

  test("says nothing after an error but the error", () => {
    const reader = new FrameReader({ frameMax: 4096, expectsGreeting: false })
    reader.push(frame(9, 0, bytesOf()))
    const error = reader.next()
    assert.ok(isWireError(error))
    reader.push(heartbeat as Uint8Array)
    assert.equal(reader.next(), error)
    assert.equal(reader.held, 0)
  })
})

describe("writeContent()", () => {
  test("parts a body into frames of what was agreed on, and no more of them than needed", () => {
    properties(
      fc.property(
        method,
        props,
        fc.uint8Array({ maxLength: 2_000 }),
        fc.integer({ min: 9, max: 600 }),
        (one, some, body, least) => {
          const alone = writeHeader({ channel: 1, classId: 60, size: body.length, properties: some }).length
          const frameMax = Math.max(least, alone, writeMethod(1, one).length)
          const { frames, error } = readBoth(writeContent(1, one, some, body, frameMax), { frameMax })
          assert.equal(error, undefined)
          const [first, second, ...bodies] = frames
          assert.deepEqual(first, { type: "method", channel: 1, method: one })
          assert.ok(second?.type === "header" && second.size === body.length)
          assert.deepEqual(second.properties, some)
          assert.equal(bodies.length, Math.ceil(body.length / (frameMax - 8)))
          assert.deepEqual(bytesOf(...bodies.map((part) => part.type === "body" ? part.body : "?")), body)
        },
      ),
    )
  })

  test("has no limit when none was agreed on", () => {
    const deliver = { name: "basic.get-empty" } as const
    assert.equal(readBoth(writeContent(1, deliver, {}, new Uint8Array(200_000), 0), { frameMax: 0 }).frames.length, 3)
  })

  test("refuses what cannot be parted and does not fit", () => {
    const deliver = { name: "connection.blocked", reason: "x".repeat(200) } as const
    assert.throws(() => writeContent(1, deliver, {}, bytesOf(), 100), /at most 92/)
    assert.throws(() => writeContent(1, { name: "tx.select" }, { type: "x".repeat(200) }, bytesOf(), 100), /at most 92/)
  })
})
