/**
 * Publishes and verdicts as bytes: the same that the library writes, whatever is in them and however much at once.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { createRequire } from "node:module"
import { join } from "node:path"
import { headerBytes, writePublish, writeVerdict } from "../../../adapters/amqp/frames.ts"
import { Outgoing } from "../../../adapters/amqp/Outgoing.ts"
import type { Properties } from "../../../adapters/amqp/properties.ts"
import type { Verdict } from "../../../src/transport/mod.ts"

/** The library's own encoder, which it does not export. */
interface Definitions {
  readonly [name: string]: unknown
  readonly encodeMethod: (id: number, channel: number, fields: object) => Uint8Array
  readonly encodeProperties: (id: number, channel: number, size: number, fields: object) => Uint8Array
}
const load = createRequire(import.meta.url)
const library = join(import.meta.dirname, "..", "..", "..", "node_modules", "amqplib", "lib")
const defs = load(join(library, "defs.js")) as Definitions
const { makeBodyFrame } = load(join(library, "frame.js")) as {
  readonly makeBodyFrame: (channel: number, part: Uint8Array) => Uint8Array
}

interface Message {
  readonly channel: number
  readonly exchange: string
  readonly key: string
  readonly properties: Properties
  readonly body: Uint8Array
}

const theirs = ({ channel, exchange, key, properties, body }: Message, frameMax: number): Uint8Array => {
  const fields = { exchange, routingKey: key, mandatory: true }
  const parts = [
    defs.encodeMethod(defs["BasicPublish"] as number, channel, fields),
    defs.encodeProperties(defs["BasicProperties"] as number, channel, body.length, properties),
  ]
  for (let from = 0; from < body.length; from += frameMax - 8) {
    parts.push(makeBodyFrame(channel, Buffer.from(body.subarray(from, from + frameMax - 8))))
  }
  return Buffer.concat(parts)
}

/** A socket that keeps what it is given, as it was then. */
const socket = () => {
  const written: Array<Uint8Array> = []
  return {
    written,
    all: () => Buffer.concat(written),
    write: (bytes: Uint8Array) => written.push(Buffer.from(bytes)),
    cork: () => {},
    uncork: () => {},
    destroyed: false,
  }
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

const name = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: "binary", maxLength: 20 }))
  // in a table "!" says that a type is given
  .filter((text) => text !== "__proto__" && text !== "!")
const whole = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(-129, -128, 127, 128, -32_768, 32_768))
const scalar = fc.oneof(
  fc.string({ unit: "binary", maxLength: 2_000 }),
  fc.boolean(),
  fc.constant(null),
  whole,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => ({ "!": "double", value })),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => ({ "!": "float", value })),
  fc.nat().map((value) => ({ "!": "timestamp", value })),
  fc.record({ places: fc.nat(255), digits: fc.nat() }).map((value) => ({ "!": "decimal", value })),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
)
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: "small" }, scalar, fc.array(tie("any"), { maxLength: 4 }), tie("table")),
  table: fc.dictionary(name, tie("any"), { maxKeys: 4, noNullPrototype: true }),
}))
const short = fc.option(name, { nil: undefined })
const properties = fc.record({
  contentType: short,
  contentEncoding: short,
  headers: fc.option(value.table as fc.Arbitrary<Record<string, unknown>>, { nil: undefined }),
  deliveryMode: fc.constantFrom(undefined, 1, 2),
  priority: fc.option(fc.nat(255), { nil: undefined }),
  correlationId: short,
  replyTo: short,
  expiration: short,
  messageId: short,
  timestamp: fc.option(fc.oneof(fc.nat(), fc.maxSafeInteger().map(Math.abs)), { nil: undefined }),
  type: short,
  userId: short,
  appId: short,
})
const message: fc.Arbitrary<Message> = fc.record({
  channel: fc.nat(65_535),
  exchange: name,
  key: name,
  properties,
  body: fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // around what is copied, what is one frame, and what the memory taken at a time holds
    fc.constantFrom(0, 8_184, 8_185, 16_384, 16_385, 131_064, 131_065, 300_000).map((size) =>
      new Uint8Array(size).fill(7)
    ),
  ),
})

describe("frames", () => {
  test("publishes are the library's, byte for byte, however many in one turn", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(message, { maxLength: 12 }), { maxLength: 3 }),
        fc.constantFrom(8_192, 131_072),
        async (turns, frameMax) => {
          const sink = socket()
          const out = new Outgoing(sink)
          for (const messages of turns) {
            for (const { channel, exchange, key, properties, body } of messages) {
              out.add((out) => writePublish(out, channel, frameMax, exchange, key, properties, body))
            }
            await turn()
          }
          const expected = Buffer.concat(turns.flat().map((message) => theirs(message, frameMax)))
          assert.ok(sink.all().equals(expected))
        },
      ),
      { numRuns: 150 },
    )
  })

  test("acks and nacks are the library's", async () => {
    const verdicts = fc.array(fc.record({
      channel: fc.nat(65_535),
      tag: fc.maxSafeInteger().map(Math.abs),
      verdict: fc.constantFrom<Verdict>("ack", "requeue", "reject"),
      upTo: fc.boolean(),
    }))
    await fc.assert(fc.asyncProperty(verdicts, async (verdicts) => {
      const sink = socket()
      const out = new Outgoing(sink)
      for (const { channel, tag, verdict, upTo } of verdicts) {
        out.add((out) => writeVerdict(out, channel, tag, verdict, upTo))
      }
      await turn()
      const expected = verdicts.map(({ channel, tag, verdict, upTo }) =>
        verdict === "ack"
          ? defs.encodeMethod(defs["BasicAck"] as number, channel, { deliveryTag: tag, multiple: upTo })
          : defs.encodeMethod(defs["BasicNack"] as number, channel, {
            deliveryTag: tag,
            multiple: upTo,
            requeue: verdict === "requeue",
          })
      )
      assert.ok(sink.all().equals(Buffer.concat(expected)))
    }))
  })

  test("one turn is one write", async () => {
    const sink = socket()
    const out = new Outgoing(sink)
    for (let tag = 1; tag <= 100; tag++) out.add((out) => writeVerdict(out, 1, tag, "ack", false))
    assert.equal(sink.written.length, 0)
    await turn()
    assert.deepEqual(sink.written.map(({ length }) => length), [2_100])
  })

  test("what cannot be written leaves nothing behind", async () => {
    const body = new Uint8Array([1])
    const bad: ReadonlyArray<readonly [Properties, RegExp]> = [
      [{ messageId: "x".repeat(256) }, /256 bytes of at most 255/],
      [{ messageId: 1 as unknown as string }, /a text is a number/],
      [{ priority: "1" as unknown as number }, /a number is a string/],
      [{ headers: { f: () => {} } }, /a header is a function/],
      [{ headers: { f: { "!": "constructor", value: 1 } } }, /unknown type "constructor"/],
      [{ headers: { f: "x".repeat(headerBytes) } }, /too large/],
      [{ headers: { f: "ä".repeat(headerBytes / 2) } }, /too large/],
      [{ headers: { f: new Uint8Array(headerBytes + 1) } }, /too large/],
      [{ headers: { f: Array.from({ length: 100_000 }, () => 1.5) } }, /too large|out of|range/],
      [{ headers: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`h${i}`, i])) }, /too large/],
    ]
    const sink = socket()
    const out = new Outgoing(sink)
    const good: Message = { channel: 3, exchange: "e", key: "k", properties: { messageId: "m" }, body }
    for (const [properties, reason] of bad) {
      out.add((out) => writePublish(out, 3, 131_072, "e", "k", good.properties, body))
      assert.throws(() => out.add((out) => writePublish(out, 3, 131_072, "e", "k", properties, body)), reason)
    }
    await turn()
    assert.ok(sink.all().equals(Buffer.concat(bad.map(() => theirs(good, 131_072)))))
  })

  test("a socket that is gone is not written to", async () => {
    const sink = socket()
    const out = new Outgoing(sink)
    out.add((out) => writeVerdict(out, 1, 1, "ack", false))
    sink.destroyed = true
    await turn()
    assert.equal(sink.written.length, 0)
  })
})
