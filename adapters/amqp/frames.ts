/**
 * What is sent most, as frames of AMQP 0-9-1: a publish, an ack and a nack.
 *
 * Between `Connection.ts`, which says what to send, and `Outgoing.ts`, which holds the bytes. Pure: values in, bytes out.
 * The library writes the same bytes (a test compares them), for three times the price: it makes a new prototype for the
 * headers of each message, eight buffers, and a trip through two streams. Everything else goes its way.
 */
import type { Verdict } from "../../src/transport/mod.ts"
import type { Outgoing } from "./Outgoing.ts"
import type { Properties } from "./properties.ts"

/** Bytes of a table of headers at most; RabbitMQ takes them in one frame, of which the rest is the other properties. */
export const headerBytes = 65_536

/** Bytes around the payload of a frame. */
const overhead = 8
const frameEnd = 0xce
const Frame = { method: 1, header: 2, body: 3 }
const basic = 60
const Method = { publish: 40, ack: 80, nack: 120 }
const Settle = { upTo: 1, requeue: 2 }
const mandatory = 1

/** A basic.publish, mandatory, with its properties and its body; throws where they cannot be written down. */
export const writePublish = (
  out: Outgoing,
  channel: number,
  frameMax: number,
  exchange: string,
  key: string,
  properties: Properties,
  body: Uint8Array,
): void => {
  const method = begin(out, Frame.method, channel)
  out.uint16(basic)
  out.uint16(Method.publish)
  // a reserved field
  out.uint16(0)
  shortText(out, exchange)
  shortText(out, key)
  out.uint8(mandatory)
  end(out, method)

  const header = begin(out, Frame.header, channel)
  out.uint16(basic)
  // the weight, which means nothing
  out.uint16(0)
  out.uint64(body.length)
  const flagsAt = out.skip(2)
  let flags = 0
  for (const { name, flag, write } of fields) {
    const value = properties[name]
    if (value === undefined || value === null) continue
    flags |= flag
    write(out, value)
  }
  out.setUint16(flagsAt, flags)
  if (out.at - header > frameMax - overhead) throw new RangeError("the headers do not fit into a frame")
  end(out, header)

  const most = frameMax - overhead
  for (let from = 0; from < body.length; from += most) {
    const part = body.length <= most ? body : body.subarray(from, from + most)
    out.frame(part.length)
    out.uint8(Frame.body)
    out.uint16(channel)
    out.uint32(part.length)
    out.body(part)
    out.uint8(frameEnd)
  }
}

/** A basic.ack or basic.nack; `upTo`: also of every earlier delivery that is not settled yet. */
export const writeVerdict = (out: Outgoing, channel: number, tag: number, verdict: Verdict, upTo: boolean): void => {
  const method = begin(out, Frame.method, channel)
  out.uint16(basic)
  out.uint16(verdict === "ack" ? Method.ack : Method.nack)
  out.uint64(tag)
  out.uint8((upTo ? Settle.upTo : 0) | (verdict === "requeue" ? Settle.requeue : 0))
  end(out, method)
}

/** Where a frame's payload begins; its size is known at its end. */
const begin = (out: Outgoing, type: number, channel: number): number => {
  out.uint8(type)
  out.uint16(channel)
  return out.skip(4) + 4
}

const end = (out: Outgoing, payload: number): void => {
  out.setUint32(payload - 4, out.at - payload)
  out.uint8(frameEnd)
}

type Write = (out: Outgoing, value: unknown) => void

const shortText: Write = (out, value) => {
  if (typeof value !== "string") throw new TypeError(`a text is a ${typeof value}`)
  const at = out.skip(1)
  const size = out.text(value)
  if (size > 255) throw new TypeError(`a text has ${size} bytes of at most 255`)
  out.setUint8(at, size)
}

const octet: Write = (out, value) => out.uint8(number(value))

const number = (value: unknown): number => {
  if (typeof value !== "number") throw new TypeError(`a number is a ${typeof value}`)
  return value
}

const table: Write = (out, value) => {
  const at = out.skip(4)
  const given = value as Readonly<Record<string, unknown>>
  for (const name of Object.keys(given)) {
    const field = given[name]
    if (field === undefined) continue
    shortText(out, name)
    fieldValue(out, field)
    if (out.at - at > headerBytes) throw new RangeError("the headers are too large")
  }
  out.setUint32(at, out.at - at - 4)
}

/** The properties of a message, in the order of their flags. */
const fields: ReadonlyArray<{ readonly name: keyof Properties; readonly flag: number; readonly write: Write }> = [
  { name: "contentType", flag: 0x8000, write: shortText },
  { name: "contentEncoding", flag: 0x4000, write: shortText },
  { name: "headers", flag: 0x2000, write: table },
  { name: "deliveryMode", flag: 0x1000, write: octet },
  { name: "priority", flag: 0x0800, write: octet },
  { name: "correlationId", flag: 0x0400, write: shortText },
  { name: "replyTo", flag: 0x0200, write: shortText },
  { name: "expiration", flag: 0x0100, write: shortText },
  { name: "messageId", flag: 0x0080, write: shortText },
  { name: "timestamp", flag: 0x0040, write: (out, value) => out.uint64(number(value)) },
  { name: "type", flag: 0x0020, write: shortText },
  { name: "userId", flag: 0x0010, write: shortText },
  { name: "appId", flag: 0x0008, write: shortText },
]

/** The kinds of values in a table that these runtimes have no type for, as the library names them. */
const tagged: Readonly<Record<string, Write>> = {
  double: (out, value) => {
    out.uint8(Tag.double)
    out.float64(number(value))
  },
  float: (out, value) => {
    out.uint8(Tag.float)
    out.float32(number(value))
  },
  timestamp: (out, value) => {
    out.uint8(Tag.timestamp)
    out.uint64(number(value))
  },
  decimal: (out, value) => {
    const { places, digits } = value as { readonly places: unknown; readonly digits: unknown }
    out.uint8(Tag.decimal)
    out.uint8(number(places))
    out.uint32(number(digits))
  },
}

/** The letters that say what a value in a table is. */
const Tag = {
  text: 0x53,
  boolean: 0x74,
  int8: 0x62,
  int16: 0x73,
  int32: 0x49,
  int64: 0x6c,
  double: 0x64,
  float: 0x66,
  timestamp: 0x54,
  decimal: 0x44,
  bytes: 0x78,
  list: 0x41,
  table: 0x46,
  none: 0x56,
}

const fieldValue: Write = (out, value) => {
  switch (typeof value) {
    case "string": {
      if (value.length > headerBytes) throw new RangeError("a header is too large")
      out.uint8(Tag.text)
      const at = out.skip(4)
      return out.setUint32(at, out.text(value))
    }
    case "number":
      return numberValue(out, value)
    case "boolean":
      out.uint8(Tag.boolean)
      return out.uint8(value ? 1 : 0)
    case "object":
      return value === null ? out.uint8(Tag.none) : objectValue(out, value)
    default:
      throw new TypeError(`a header is a ${typeof value}`)
  }
}

const numberValue = (out: Outgoing, value: number): void => {
  if (!Number.isSafeInteger(value)) return tagged["double"]!(out, value)
  if (value >= -0x80 && value < 0x80) {
    out.uint8(Tag.int8)
    return out.uint8(value)
  }
  if (value >= -0x8000 && value < 0x8000) {
    out.uint8(Tag.int16)
    return out.uint16(value)
  }
  if (value >= -0x80000000 && value < 0x80000000) {
    out.uint8(Tag.int32)
    return out.uint32(value)
  }
  out.uint8(Tag.int64)
  out.uint64(value)
}

const objectValue = (out: Outgoing, value: object): void => {
  if (Array.isArray(value)) {
    out.uint8(Tag.list)
    const at = out.skip(4)
    for (const item of value) fieldValue(out, item)
    return out.setUint32(at, out.at - at - 4)
  }
  if (value instanceof Uint8Array) {
    if (value.length > headerBytes) throw new RangeError("a header is too large")
    out.uint8(Tag.bytes)
    out.uint32(value.length)
    return out.bytes(value)
  }
  if (Object.hasOwn(value, "!")) {
    const { "!": name, value: inner } = value as { readonly "!": unknown; readonly value: unknown }
    const write = Object.hasOwn(tagged, String(name)) ? tagged[String(name)] : undefined
    if (write === undefined) throw new TypeError(`a header has the unknown type "${name}"`)
    return write(out, inner)
  }
  out.uint8(Tag.table)
  table(out, value)
}
