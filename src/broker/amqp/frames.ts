/**
 * Frames: a type, a channel, a size, a payload, an octet that ends it; and how they are written.
 *
 * Above methods and properties; `FrameReader.ts` reads what is written here. A message is written in one piece whatever the
 * number of its frames, so that its bytes are copied once. What does not fit into a frame and cannot be parted is refused
 * with a `RangeError`.
 */
import { frameHeaderSize } from "./Cursor.ts"
import type { Method } from "./methods.ts"
import { methodSize, putMethod } from "./methodCodec.ts"
import { methods } from "./methods.ts"
import { Pen } from "./Pen.ts"
import { type Long, long, longlong, octet, short } from "./primitives.ts"
import { type Properties, propertiesSize, putProperties } from "./properties.ts"

/** The first octet of each kind of frame. */
export const FrameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const

/** The last octet of every frame. */
export const frameEnd = 0xce

/** Bytes of a frame that are not payload. */
export const frameOverhead = frameHeaderSize + 1

/** The least that may be agreed on as the size of a frame, and what holds before there is agreement, bytes. */
export const leastFrameMax = 4096

/** What a client says first, and what a server answers with that refuses it. */
export const protocolHeader: Readonly<Uint8Array> = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1)

/** What a client says first that takes its header from AMQP 0-9; what it says then is AMQP 0-9-1. */
export const earlierHeader: Readonly<Uint8Array> = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9)

/** A client greets in the version that is spoken here. */
export interface Greeting {
  readonly type: "greeting"
}

/** A method, of a channel or (0) of the connection. */
export interface MethodFrame {
  readonly type: "method"
  readonly channel: number
  readonly method: Method
}

/** How much body follows a method, and what is said of it. */
export interface HeaderFrame {
  readonly type: "header"
  readonly channel: number
  readonly classId: number
  /** Bytes of the whole body. */
  readonly size: Long
  readonly properties: Properties
  /** The bytes of `properties` as they came, where a reader was told to keep them; a view of what was received. */
  readonly head?: Uint8Array
}

/** A part of a body. */
export interface BodyFrame {
  readonly type: "body"
  readonly channel: number
  readonly body: Uint8Array
  /** Whether `body` is memory of its own; else a view of what was received, to be copied by whoever keeps it. */
  readonly isOwn: boolean
}

/** A sign of life. */
export interface HeartbeatFrame {
  readonly type: "heartbeat"
}

/** What a peer sends; tell them apart by `type`. */
export type Frame = Greeting | MethodFrame | HeaderFrame | BodyFrame | HeartbeatFrame

const begin = (pen: Pen, type: number, channel: number, size: number): void => {
  octet.write(pen, type)
  short.write(pen, channel)
  long.write(pen, size)
}

const finish = (pen: Pen): void => octet.write(pen, frameEnd)

/** The longest payload within a frame; 0: there is no limit. */
const payloadMax = (frameMax: number): number => frameMax === 0 ? 2 ** 32 - 1 : frameMax - frameOverhead

const check = (what: string, size: number, frameMax: number): void => {
  if (size > payloadMax(frameMax)) {
    throw new RangeError(`Cannot write ${what} of ${size} bytes: expected at most ${payloadMax(frameMax)}`)
  }
}

/** Writes a method frame; `frameMax` is what was agreed on, no limit unless said otherwise. */
export const writeMethod = (channel: number, method: Method, frameMax = 0): Uint8Array<ArrayBuffer> => {
  const size = methodSize(method)
  check(method.name, size, frameMax)
  const pen = new Pen(frameOverhead + size)
  begin(pen, FrameType.method, channel, size)
  putMethod(pen, method)
  finish(pen)
  return pen.done()
}

/** Bytes of a header's payload before its properties: class, weight, size of the body. */
export const headerFixedSize = 12

/** Properties, or their bytes. */
type Head = Properties | Uint8Array

const headSize = (head: Head): number => head instanceof Uint8Array ? head.length : propertiesSize(head)

const putHeader = (
  pen: Pen,
  channel: number,
  classId: number,
  size: Long,
  head: Head,
  payload: number,
): void => {
  begin(pen, FrameType.header, channel, payload)
  short.write(pen, classId)
  short.write(pen, 0)
  longlong.write(pen, size)
  if (head instanceof Uint8Array) pen.bytes.set(head, pen.skip(head.length))
  else putProperties(pen, head)
  finish(pen)
}

const putBody = (pen: Pen, channel: number, part: Uint8Array): void => {
  begin(pen, FrameType.body, channel, part.length)
  pen.bytes.set(part, pen.skip(part.length))
  finish(pen)
}

/** Writes a header frame. */
export const writeHeader = (frame: Omit<HeaderFrame, "type">, frameMax = 0): Uint8Array<ArrayBuffer> => {
  const size = headerFixedSize + propertiesSize(frame.properties)
  check("properties", size, frameMax)
  const pen = new Pen(frameOverhead + size)
  longlong.size(frame.size)
  putHeader(pen, frame.channel, frame.classId, frame.size, frame.properties, size)
  return pen.done()
}

/** Writes one body frame. */
export const writeBody = (channel: number, part: Uint8Array, frameMax = 0): Uint8Array<ArrayBuffer> => {
  check("a body", part.length, frameMax)
  const pen = new Pen(frameOverhead + part.length)
  putBody(pen, channel, part)
  return pen.done()
}

/**
 * Writes a method, its header and its body, parted into as many frames as `frameMax` wants; 0: there is no limit.
 *
 * Details: properties that were received are written as they came, even where they are longer than `frameMax`: they cannot
 * be parted, and whoever sent them was allowed to.
 */
export const writeContent = (
  channel: number,
  method: Method,
  properties: Properties | Uint8Array,
  body: Uint8Array,
  frameMax: number,
): Uint8Array<ArrayBuffer> => {
  const methodBytes = methodSize(method)
  const headerBytes = headerFixedSize + headSize(properties)
  check(method.name, methodBytes, frameMax)
  if (!(properties instanceof Uint8Array)) check("properties", headerBytes, frameMax)
  const most = payloadMax(frameMax)
  const parts = Math.ceil(body.length / most)
  const pen = new Pen(frameOverhead * (2 + parts) + methodBytes + headerBytes + body.length)
  begin(pen, FrameType.method, channel, methodBytes)
  putMethod(pen, method)
  finish(pen)
  putHeader(pen, channel, methods[method.name].classId, body.length, properties, headerBytes)
  for (let from = 0; from < body.length; from += most) {
    putBody(pen, channel, parts === 1 ? body : body.subarray(from, from + most))
  }
  return pen.done()
}

/** A heartbeat, which is always the same. */
export const heartbeat: Readonly<Uint8Array> = Uint8Array.of(FrameType.heartbeat, 0, 0, 0, 0, 0, 0, frameEnd)
