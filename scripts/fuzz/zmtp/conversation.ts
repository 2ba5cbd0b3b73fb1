/**
 * What a peer that makes no mistake says, drawn by chance: a greeting, READY, then messages and commands.
 *
 * Pure. The first storey of the fuzzer of ZMTP; `fields.ts` and `../mutate.ts` spoil what is drawn here.
 */
import { concat, toBytes } from "../../../adapters/zeromq/zmtp/bytes.ts"
import {
  encodeCommand,
  encodeError,
  encodeMetadata,
  encodePing,
  encodePong,
  encodeSubscription,
} from "../../../adapters/zeromq/zmtp/commands.ts"
import type { Cipher } from "../../../adapters/zeromq/zmtp/Mechanism.ts"
import { Flag, type Frame, headerLength, writeHeader } from "../../../adapters/zeromq/zmtp/frames.ts"
import { encodeGreeting, type MechanismName } from "../../../adapters/zeromq/zmtp/greeting.ts"
import { hasIdentity, type SocketType } from "../../../adapters/zeromq/zmtp/SocketType.ts"
import type { Random } from "../../chaos/random.ts"
import { noise, type Parts, pick } from "../mutate.ts"

/** Kinds of sockets, and one or two that each may talk to. */
export const peersOf: { readonly [type in SocketType]: readonly [string, ...ReadonlyArray<string>] } = {
  REQ: ["REP", "ROUTER"],
  REP: ["REQ", "DEALER"],
  DEALER: ["ROUTER", "REP", "DEALER"],
  ROUTER: ["DEALER", "REQ", "ROUTER"],
  PUB: ["SUB", "XSUB"],
  SUB: ["PUB", "XPUB"],
  PUSH: ["PULL"],
  PULL: ["PUSH"],
}

/** What a message may be at most where it is fuzzed: little, so that limits are met often. */
export const limits = { maxMessageBytes: 1_000, maxFrames: 6 } as const

/** A frame in one piece. */
export const encodeFrame = (flags: number, body: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(headerLength(body.length) + body.length)
  bytes.set(body, writeHeader(flags, body.length, bytes, 0))
  return bytes
}

/** A greeting, of 3.1 mostly. */
export const drawGreeting = (random: Random, mechanism: MechanismName, asServer: boolean): Uint8Array => {
  const greeting = encodeGreeting(mechanism, asServer)
  if (random.next() < 0.2) greeting[11] = pick(random, [0, 0, 2])
  // padding and filler mean nothing
  if (random.next() < 0.2) greeting.set(noise(random, 8), 1)
  return greeting
}

/** READY of a peer of a kind. */
export const drawReady = (random: Random, type: SocketType): Uint8Array => {
  const peer = pick(random, peersOf[type])
  const identity = random.next() < 0.5
    ? new Uint8Array(0)
    : noise(random, random.next() < 0.04 ? 255 : random.between(1, 8)).with(0, random.between(1, 255))
  const properties: Array<readonly [string, Uint8Array]> = [["Socket-Type", toBytes(peer)]]
  if (hasIdentity(peer as SocketType)) properties.push(["Identity", identity])
  if (random.next() < 0.1) properties.push(["X-Other", noise(random, random.between(0, 20))])
  return encodeFrame(Flag.command, encodeCommand("READY", encodeMetadata(properties)))
}

const drawBody = (random: Random): Uint8Array => {
  const chance = random.next()
  if (chance < 0.15) return new Uint8Array(0)
  if (chance < 0.18) return noise(random, pick(random, [254, 255, 256, 257, 300]))
  // PUB takes what begins so for subscriptions
  if (chance < 0.35) return concat(Uint8Array.of(random.between(0, 1)), noise(random, random.between(0, 4)))
  return noise(random, random.between(1, 24))
}

const drawCommand = (random: Random): Uint8Array => {
  const data = noise(random, random.between(0, 16))
  switch (random.between(0, 5)) {
    case 0:
      return encodeSubscription(1, { wanted: true, topic: data })
    case 1:
      return encodeSubscription(1, { wanted: false, topic: data })
    case 2:
      return concat(encodePing(random.between(0, 10_000)), data)
    case 3:
      return encodePong(data)
    case 4:
      return encodeCommand(pick(random, ["JOIN", "READY", "X", "SUBSCRIBER", "ping"]), data)
    default:
      return encodePing(random.between(0, 1) * 1_000)
  }
}

/** The frames of a message, which together are as long as they may be now and then. */
const drawMessage = (random: Random): ReadonlyArray<Frame> => {
  const last = random.next() < 0.6 ? 0 : random.between(1, limits.maxFrames - 1)
  const fills = random.next() < 0.03
  const frames: Array<Frame> = []
  let room: number = limits.maxMessageBytes
  for (let i = 0; i <= last; i++) {
    const body = fills && i === last ? noise(random, room) : drawBody(random).subarray(0, room)
    room -= body.length
    frames.push({ command: false, more: i < last, body })
    if (i < last && random.next() < 0.1) frames.push({ command: true, more: false, body: drawCommand(random) })
  }
  return frames
}

/** Messages and commands; no command but within a message is out of place, and there it may be too. */
export const drawTraffic = (random: Random): ReadonlyArray<Frame> => {
  const frames: Array<Frame> = []
  for (let count = random.between(0, 5); count > 0; count--) {
    if (random.next() < 0.45) frames.push({ command: true, more: false, body: drawCommand(random) })
    else frames.push(...drawMessage(random))
  }
  return frames
}

/** The last that a peer says that refuses. */
export const refusal = encodeFrame(Flag.command, encodeError("400"))

/** Frames as they travel, in clear or sealed. */
export const write = (frames: ReadonlyArray<Frame>, cipher: Cipher | undefined): Parts =>
  frames.map((frame) =>
    cipher === undefined
      ? encodeFrame((frame.command ? Flag.command : 0) | (frame.more ? Flag.more : 0), frame.body)
      : encodeFrame(0, cipher.seal(frame))
  )
