/**
 * Messages of links: what is written is read again, and no bytes of anybody pass for more than they are.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import type { Headers, Packet, Parts } from "../../src/transport/mod.ts"
import {
  callPacket,
  callParts,
  cancelParts,
  formatLaneAddress,
  formatReplyAddress,
  Header,
  helloParts,
  type LaneMessage,
  makeTokens,
  parseLaneAddress,
  parseReplyAddress,
  readLaneMessage,
  receiptParts,
  refusalParts,
  replyPacket,
  replyParts,
  welcomeParts,
} from "../../src/wire/mod.ts"
import { properties } from "./properties.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const json = (value: unknown): Uint8Array => bytes(JSON.stringify(value))

const token = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((some) => String.fromCharCode(...some))
const body = fc.uint8Array({ maxLength: 200 })
// half a surrogate pair is no text that UTF-8 could carry
const text = fc.string({ unit: "grapheme", maxLength: 30 })
const name = text.filter((one) => one !== "")
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => Object.is(number, -0) ? 0 : number)
const headers: fc.Arbitrary<Headers> = fc.dictionary(
  fc.stringMatching(/^[a-z-]{1,20}$/),
  fc.oneof(text, finite, fc.boolean()),
  { maxKeys: 6 },
).map((some) => ({ ...some }))

const packet: fc.Arbitrary<Packet> = fc.record({
  id: name,
  type: name,
  app: name,
  timestamp: finite,
  contentType: text,
  replyTo: name,
  headers,
  body,
}).map((one) => ({ ...one, persistent: false, correlationId: one.id }))

const reply = fc.record({ error: fc.option(fc.string({ minLength: 1, maxLength: 60 })), hops: fc.option(text), body })
  .map(({ error, hops, body }): Packet => ({
    id: "r",
    type: "t",
    app: "a",
    timestamp: 0,
    contentType: "application/json",
    persistent: false,
    headers: {
      ...(error !== null && { [Header.error]: error }),
      ...(hops !== null && { [Header.hops]: hops }),
    },
    body,
  }))

const reason = fc.constantFrom("Overloaded" as const, "NoHandler" as const, "Stopped" as const)

/** A message, and what must be read from it. */
const message: fc.Arbitrary<{ readonly parts: Parts; readonly read: LaneMessage }> = fc.oneof(
  fc.tuple(token, finite, packet).map(([token, sentAt, packet]) => ({
    parts: callParts(token, sentAt, packet),
    read: { _tag: "Call" as const, token, sentAt, packet },
  })),
  fc.tuple(token, reply, fc.boolean()).map(([token, packet, isUrgent]) => ({
    parts: replyParts(token, packet, isUrgent),
    read: {
      _tag: "Reply" as const,
      token,
      error: String(packet.headers[Header.error] ?? ""),
      body: packet.body,
      hops: packet.headers[Header.hops] as string | undefined,
      isUrgent,
    },
  })),
  fc.array(token, { minLength: 1, maxLength: 20 }).map((tokens) => ({
    parts: receiptParts(tokens),
    read: { _tag: "Receipt" as const, tokens },
  })),
  fc.tuple(token, name).map(([token, callId]) => ({
    parts: cancelParts(token, callId),
    read: { _tag: "Cancel" as const, token, callId },
  })),
  fc.tuple(token, reason).map(([token, reason]) => ({
    parts: refusalParts(token, reason),
    read: { _tag: "Refusal" as const, token, reason },
  })),
  fc.tuple(finite, name, finite).map(([sentAt, to, at]) => ({
    parts: helloParts(sentAt, to, at),
    read: { _tag: "Hello" as const, sentAt, to, at },
  })),
  fc.constant({ parts: welcomeParts, read: { _tag: "Welcome" as const } }),
)

/** What must hold of whatever is read, from whomever. */
const isSound = (read: LaneMessage | undefined): void => {
  if (read === undefined) return
  if ("token" in read) assert.equal(read.token.length, 16)
  if ("sentAt" in read) assert.ok(Number.isFinite(read.sentAt))
  switch (read._tag) {
    case "Call": {
      const { id, type, app, replyTo = "", correlationId, timestamp, contentType, headers } = read.packet
      for (const one of [id, type, app, replyTo]) assert.ok(one !== "" && one.length <= 255, one)
      assert.ok(Number.isFinite(timestamp))
      assert.equal(correlationId, id)
      assert.equal(typeof contentType, "string")
      for (const value of Object.values(headers)) assert.match(typeof value, /^(string|number|boolean)$/)
      return
    }
    case "Reply":
      return assert.ok(read.error.length <= 255 && (read.hops ?? "").length <= 65_536)
    case "Receipt":
      return assert.ok(read.tokens.length > 0 && read.tokens.every(({ length }) => length === 16))
    case "Cancel":
      return assert.ok(read.callId.length <= 255)
    case "Hello":
      return assert.ok(read.to !== "" && read.to.length <= 255)
  }
}

const callHead = (part: { readonly [at: number]: unknown } = {}) =>
  Object.assign([1, "id", "a.b", "app", 2, "application/json", "replies", {}], part)
const aToken = "0123456789abcdef"
const firstOf = (kind: number, token = aToken) => Uint8Array.of(kind, ...bytes(token))
const readHead = (head: unknown) => readLaneMessage([firstOf(1), json(head), bytes("{}")])

describe("readLaneMessage()", () => {
  test("reads what was written", () => {
    properties(
      fc.property(message, ({ parts, read }) => {
        const found = readLaneMessage(parts)
        // `undefined` members apart
        assert.deepEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify(read)))
        isSound(found)
      }),
      500,
    )
  })

  test("reads a call with its body in place, and its reply as a reply", () => {
    const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true }
    const origin = { id: "i", type: "a.b", app: "app", now: 5, trace, version: "1", schema: "s", cause: undefined }
    const call = callPacket(origin, bytes("[1]"), "replies", 4_005)
    const parts = callParts(aToken, 1.25, call)
    const read = readLaneMessage(parts)
    assert.ok(read?._tag === "Call")
    assert.equal(read.packet.body, parts[2])
    assert.deepEqual({ ...read.packet, expiration: 4_000 }, call)
    const answer = replyPacket(call, "app", 7, { _tag: "Declared", body: bytes("{}") })
    assert.deepEqual(readLaneMessage(replyParts(aToken, answer)), {
      _tag: "Reply",
      token: aToken,
      error: "declared",
      body: bytes("{}"),
      hops: undefined,
      isUrgent: false,
    })
  })

  test("never throws and believes nothing odd, whatever the bytes", () => {
    const garbage = fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 6 })
    const plausible = fc.tuple(fc.integer({ min: 0, max: 8 }), garbage).map(([kind, [first, ...rest]]) => [
      Uint8Array.of(kind, ...(first ?? [])),
      ...rest,
    ])
    const values = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.jsonValue({ maxDepth: 4 })).map(([kind, value]) => [
      firstOf(kind),
      json(value),
      bytes("{}"),
    ])
    const heads = fc.tuple(fc.nat({ max: 7 }), fc.jsonValue()).map(([at, value]) => [
      firstOf(1),
      json(callHead({ [at]: value })),
      bytes("{}"),
    ])
    for (const some of [garbage, plausible, values, heads]) {
      properties(fc.property(some, (parts) => isSound(readLaneMessage(parts))), 500)
    }
  })

  test("never throws and believes nothing odd of messages that were tampered with", () => {
    const change = fc.record({ part: fc.nat(3), at: fc.nat(300), to: fc.integer({ min: 0, max: 255 }) })
    const tampered = fc.tuple(message, fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(4), fc.nat(400)).map(
      ([{ parts }, changes, kept, length]) => {
        const copy = parts.map((part) => part.slice())
        for (const { part, at, to } of changes) {
          const bytes = copy[part % copy.length]!
          if (bytes.length > 0) bytes[at % bytes.length] = to
        }
        // and some of them lose parts, or the end of one
        const few = copy.slice(0, Math.max(1, kept))
        return few.map((part, i) => i === few.length - 1 ? part.slice(0, length) : part)
      },
    )
    properties(fc.property(tampered, (parts) => isSound(readLaneMessage(parts))), 2_000)
  })

  test("takes what is sent to it for no message when a part is missing, or longer than it may be", () => {
    const long = new Uint8Array(256).fill(97)
    for (
      const parts of [
        [],
        [new Uint8Array(0)],
        [Uint8Array.of(0)],
        [firstOf(0)],
        [firstOf(8)],
        [firstOf(1)],
        [firstOf(1), json(callHead())],
        [firstOf(1, "short"), json(callHead()), bytes("")],
        [firstOf(2)],
        [firstOf(2), bytes("")],
        [firstOf(2), long, bytes("")],
        [Uint8Array.of(3)],
        [firstOf(3, `${aToken}and more`)],
        [firstOf(4)],
        [firstOf(4), long],
        [firstOf(5)],
        [firstOf(5), bytes("Because")],
        [firstOf(5), new Uint8Array(100_000)],
        [Uint8Array.of(6)],
        [Uint8Array.of(6), json([1])],
        [Uint8Array.of(6), json([1, ""])],
        [Uint8Array.of(6), json([1, "x".repeat(256)])],
        [Uint8Array.of(6), json(["1", "to"])],
        [Uint8Array.of(6), json({ 0: 1, 1: "to" })],
      ]
    ) assert.equal(readLaneMessage(parts), undefined, parts.map((part) => part.length).join(" "))
  })

  test("only receipts have several tokens", () => {
    const two = `${aToken}${aToken}`
    assert.ok(readLaneMessage([firstOf(3, two)])?._tag === "Receipt")
    for (
      const parts of [
        [firstOf(1, two), json(callHead()), bytes("{}")],
        [firstOf(2, two), bytes(""), bytes("{}")],
        [firstOf(4, two), bytes("id")],
        [firstOf(5, two), bytes("Stopped")],
      ]
    ) assert.equal(readLaneMessage(parts), undefined, String(parts[0]![0]))
  })

  test("a receipt has at most 65536 tokens", () => {
    const receipt = (tokens: number) => readLaneMessage([new Uint8Array(1 + tokens * 16).fill(3, 0, 1)])
    assert.ok(receipt(65_536)?._tag === "Receipt")
    assert.equal(receipt(65_537), undefined)
  })

  test("times that are no numbers are none, and neither are texts that no broker would carry", () => {
    assert.ok(readHead(callHead())?._tag === "Call")
    const written = (head: string) => readLaneMessage([firstOf(1), bytes(head), bytes("{}")])
    const text = JSON.stringify(callHead())
    assert.ok(written(text)?._tag === "Call")
    for (const endless of ["1e999", "-1e999"]) {
      assert.equal(written(text.replace("[1,", `[${endless},`)), undefined)
      assert.equal(written(text.replace(",2,", `,${endless},`)), undefined)
      assert.equal(readLaneMessage([Uint8Array.of(6), bytes(`[${endless},"to"]`)]), undefined)
    }
    const dated = (at: unknown) => readLaneMessage([Uint8Array.of(6), json([1, "to", at])])
    assert.deepEqual(dated(5), { _tag: "Hello", sentAt: 1, to: "to", at: 5 })
    for (const odd of [undefined, null, "5", [5], {}]) {
      assert.deepEqual(dated(odd), { _tag: "Hello", sentAt: 1, to: "to", at: undefined })
    }
    for (const at of [1, 2, 3, 6]) {
      for (const odd of ["", "x".repeat(256), 7, null, undefined, ["id"], {}]) {
        assert.equal(readHead(callHead({ [at]: odd })), undefined, `${at} ${String(odd).slice(0, 10)}`)
      }
    }
    for (const odd of [undefined, null, [], { a: null }, { a: [] }, { a: {} }, "text"]) {
      assert.equal(readHead(callHead({ 7: odd })), undefined, JSON.stringify(odd))
    }
  })

  test("a call says at most 65536 bytes of itself beside its body, and its hops are left out beyond as many", () => {
    const padded = (length: number) => {
      const bare = json(callHead({ 7: { pad: "" } })).length
      return readHead(callHead({ 7: { pad: "x".repeat(length - bare) } }))
    }
    assert.ok(padded(65_536)?._tag === "Call")
    assert.equal(padded(65_537), undefined)
    const told = (length: number) => {
      const read = readLaneMessage([firstOf(2), bytes(""), bytes("1"), new Uint8Array(length).fill(97)])
      assert.ok(read?._tag === "Reply")
      return read.hops?.length
    }
    assert.equal(told(65_536), 65_536)
    assert.equal(told(65_537), undefined)
  })

  test("deep and cyclic-looking JSON, keys named __proto__ and broken UTF-8 do no harm", () => {
    const head = (text: string) => readLaneMessage([firstOf(1), bytes(text), bytes("{}")])
    for (const one of ["[", "{", '{"a":', "[["]) assert.equal(head(one.repeat(30_000)), undefined)
    assert.equal(head(`${"[".repeat(30_000)}${"]".repeat(30_000)}`), undefined)
    const polluting = head('[1,"id","a.b","app",2,"","replies",{"__proto__":{"polluted":true}}]')
    assert.equal(polluting, undefined)
    const named = head('[1,"id","a.b","app",2,"","replies",{"__proto__":"text","constructor":"text"}]')
    isSound(named)
    assert.equal((named as { polluted?: unknown } | undefined)?.polluted, undefined)
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
    isSound(readLaneMessage([firstOf(4), Uint8Array.of(0xff, 0xfe, 0xc0)]))
    isSound(readLaneMessage([firstOf(2), Uint8Array.of(0xff), bytes("1"), Uint8Array.of(0xc0, 0x80)]))
    assert.equal(readLaneMessage([Uint8Array.of(6), Uint8Array.of(0xff)]), undefined)
  })
})

describe("makeTokens()", () => {
  test("takes 16 bytes for each from whoever makes them, uses none of them twice, and asks seldom", () => {
    let next = 0
    let asked = 0
    const nextToken = makeTokens((bytes) => {
      asked++
      // counts in four bytes each
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, next)
      for (let at = 0; at < bytes.length; at += 4) new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, next++)
    })
    const seen = new Set<string>()
    for (let i = 0; i < 1_000; i++) {
      const token = nextToken()
      assert.equal(token.length, 16)
      for (let at = 0; at < 16; at += 4) {
        const part = token.slice(at, at + 4)
        assert.ok(!seen.has(part))
        seen.add(part)
      }
    }
    assert.ok(asked <= 4, String(asked))
  })

  test("has all 128 bits by chance: each of them is set in about half of the tokens, and none comes twice", () => {
    const nextToken = makeTokens((bytes) => void crypto.getRandomValues(bytes))
    const tokens = Array.from({ length: 4_096 }, nextToken)
    assert.equal(new Set(tokens).size, tokens.length)
    for (let bit = 0; bit < 128; bit++) {
      const set = tokens.filter((token) => (token.charCodeAt(bit >> 3) >> (bit & 7)) & 1).length
      // 2048 give or take nine standard deviations
      assert.ok(Math.abs(set - 2_048) < 288, `bit ${bit} is set in ${set} of ${tokens.length}`)
    }
  })

  test("all bytes survive the way through a message and a header", () =>
    properties(fc.property(token, (one) => {
      const read = readLaneMessage(cancelParts(one, "id"))
      assert.ok(read?._tag === "Cancel" && read.token === one)
      assert.deepEqual(parseReplyAddress(formatReplyAddress("zmq+tcp://h:1/i", one)), {
        address: "zmq+tcp://h:1/i",
        token: one,
      })
    })))
})

describe("addresses", () => {
  const hosts = ["127.0.0.1", "10.0.0.5", "sales-1", "sales.internal", "[::1]", "[fe80::1%eth0]", "[2001:db8::7]"]

  test("what is written is read again, with names and addresses of both kinds", () => {
    for (const host of hosts) {
      const address = { endpoint: `zmq+tcp://${host}:40123`, instance: "01a0c4f1-5c00-7000-8000-0123456789ab" }
      const text = formatLaneAddress(address)
      assert.equal(text, `zmq+tcp://${host}:40123/01a0c4f1-5c00-7000-8000-0123456789ab`)
      assert.deepEqual(parseLaneAddress(text), address)
      const token = "\u00ab".repeat(16)
      assert.equal(formatReplyAddress(text, token), `${text}/${"ab".repeat(16)}`)
      assert.deepEqual(parseReplyAddress(`${text}/${"ab".repeat(16)}`), { address: text, token })
    }
  })

  test("what is none is read as none", () => {
    for (
      const text of [
        "",
        "zmq+tcp://",
        "zmq+tcp://h:1",
        "zmq+tcp://h:1/",
        "zmq+tcp:///i",
        "zmq+tcp://h:1/i/j",
        "tcp://h:1/i",
        "http://h:1/i",
        " zmq+tcp://h:1/i",
        `zmq+tcp://${"h".repeat(301)}/i`,
        `zmq+tcp://h:1/${"i".repeat(256)}`,
      ]
    ) assert.equal(parseLaneAddress(text), undefined, text)
    const hex = "ab".repeat(16)
    for (
      const value of [
        undefined,
        7,
        true,
        "",
        hex,
        `/${hex}`,
        `zmq+tcp://h:1/i/${hex.toUpperCase()}`,
        `zmq+tcp://h:1/i/${hex}00`,
        `zmq+tcp://h:1/i/${hex.slice(2)}`,
        `zmq+tcp://h:1/i/${"g".repeat(32)}`,
        `${"h".repeat(601)}/${hex}`,
      ]
    ) assert.equal(parseReplyAddress(value), undefined, String(value))
  })

  test("no text makes reading throw, or takes long", () => {
    const pieces = fc.array(fc.constantFrom("zmq+tcp://", "/", ":", "[", "]", "a", "0", "\n", "é", "%"), {
      maxLength: 400,
    })
    properties(fc.property(fc.oneof(fc.string(), pieces.map((some) => some.join(""))), (text) => {
      const address = parseLaneAddress(text)
      if (address !== undefined) assert.equal(formatLaneAddress(address), text)
      const reply = parseReplyAddress(text)
      if (reply !== undefined) assert.equal(formatReplyAddress(reply.address, reply.token), text)
    }))
    for (const one of ["/", "a", "zmq+tcp://", "ab"]) {
      parseLaneAddress(one.repeat(100_000))
      parseReplyAddress(one.repeat(100_000))
    }
  })
})
