/**
 * What Warren relies on inside the library, beyond its documented interface; all of it is here.
 *
 * Used by `Connection.ts`. Two things are done there that the library cannot be asked for: messages whose headers are
 * nested too deep do not end the connection, and publishes and acks are written by `frames.ts`. A library that has none
 * of these parts any more is refused when the first connection is made.
 */
import { Buffer } from "node:buffer"
import type { Sink } from "./Outgoing.ts"

/** What of the library's connection is used. */
export interface Inside {
  readonly stream: Sink
  /** Bytes of a frame at most, as agreed with the broker. */
  readonly frameMax: number
  /** What its own writes go through, from all channels. */
  readonly muxer: { out: { readonly write: (bytes: Uint8Array) => boolean } }
  /** Whether it has ended. */
  readonly expectSocketClose: boolean
  /** Whether anything was sent since the last heartbeat was due. */
  sentSinceLastCheck: boolean
  /** Bytes that it has not read yet. */
  rest: Uint8Array
  /** Reads one frame off them. */
  recvFrame: () => unknown
}

/** What of the library's channel is used. */
export interface ChannelInside {
  /** Its number. */
  readonly ch: number
  /** Of a channel with confirms: who is told of the publish that is sent next. */
  readonly pushConfirmCallback: (told: (error: unknown) => void) => void
  /** Called when it begins to close, from then on nothing may be sent on it. */
  toClosing: (...details: ReadonlyArray<unknown>) => unknown
}

const unknown = "this version of amqplib is not one that Warren works with; install the one it asks for"

/** The inside of a connection of the library's. */
export const insideOf = (connection: object): Inside => {
  const { stream, frameMax, rest, recvFrame, muxer, expectSocketClose } = connection as Partial<Inside>
  const isKnown = typeof stream?.write === "function" && typeof frameMax === "number" && rest instanceof Uint8Array &&
    typeof recvFrame === "function" && typeof muxer?.out?.write === "function" && typeof expectSocketClose === "boolean"
  if (!isKnown) throw new Error(unknown)
  return connection as Inside
}

/** The inside of a channel of the library's; one without confirms has nobody to tell. */
export const channelInsideOf = (channel: object, kind: "plain" | "confirm"): ChannelInside => {
  const { ch, pushConfirmCallback, toClosing } = channel as Partial<ChannelInside>
  const isKnown = typeof ch === "number" && typeof toClosing === "function" &&
    (kind === "plain" || typeof pushConfirmCallback === "function")
  if (!isKnown) throw new Error(unknown)
  return channel as ChannelInside
}

/**
 * Lets the library write whenever it wants to. Once its socket is full it waits until everything is written, which under
 * load may be never, since publishes go there beside it; and what it writes itself is little.
 */
export const unblock = ({ muxer, stream }: Inside): void => {
  muxer.out = {
    write: (bytes) => {
      stream.write(bytes)
      return true
    },
  }
}

/** Is told when a channel begins to close, which the library itself tells only when it has been closed. */
export const onClosing = (channel: ChannelInside, told: () => void): void => {
  const begin = channel.toClosing.bind(channel)
  channel.toClosing = (...details) => {
    told()
    return begin(...details)
  }
}

/**
 * Takes the headers out of a message where they are nested too deep for the library's recursion. Failing, it would end the
 * connection, and the message would come again and end the next one.
 */
export const forgive = (reading: Inside): void => {
  const receive = reading.recvFrame.bind(reading)
  reading.recvFrame = () => {
    const { rest } = reading
    try {
      return receive()
    } catch (error) {
      // a frame that was taken from the rest had come as a whole
      const lighter = error instanceof RangeError && reading.rest !== rest ? withoutHeaders(rest) : undefined
      if (lighter === undefined) throw error
      reading.rest = lighter
      return receive()
    }
  }
}

/** These bytes, with an empty header table in the frame they begin with; `undefined` where it has none. */
const withoutHeaders = (bytes: Uint8Array): Uint8Array | undefined => {
  const frame = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // type (2: properties), channel, size; then class, weight, the body's size, which properties there are, and these
  const flags = frame.getUint8(0) === 2 ? frame.getUint16(19) : 0
  if ((flags & 0x2000) === 0) return undefined
  let table = 21
  for (const flag of [0x8000, 0x4000]) if ((flags & flag) !== 0) table += 1 + frame.getUint8(table)
  const length = frame.getUint32(table)
  const lighter = Buffer.concat([bytes.subarray(0, table + 4), bytes.subarray(table + 4 + length)])
  lighter.writeUInt32BE(0, table)
  lighter.writeUInt32BE(frame.getUint32(3) - length, 3)
  return lighter
}
