/**
 * What the tests of CURVE share: servers and clients that talk up to some command, and ones that do by hand what the code
 * does, so that they can do it wrong.
 */
import assert from "node:assert/strict"
import { concat } from "../../../../../adapters/zeromq/zmtp/bytes.ts"
import { type Command, decodeCommand, encodeMetadata } from "../../../../../adapters/zeromq/zmtp/commands.ts"
import {
  type KeyPair,
  open,
  pairOf,
  randomBytes,
  seal,
  sharedKey,
} from "../../../../../adapters/zeromq/zmtp/curve/box.ts"
import { curveClient } from "../../../../../adapters/zeromq/zmtp/curve/client.ts"
import { nonceOf, Prefix } from "../../../../../adapters/zeromq/zmtp/curve/nonce.ts"
import { curveServer } from "../../../../../adapters/zeromq/zmtp/curve/server.ts"
import { greetingLength } from "../../../../../adapters/zeromq/zmtp/greeting.ts"
import type { ProtocolError } from "../../../../../adapters/zeromq/zmtp/ProtocolError.ts"
import type { SocketType } from "../../../../../adapters/zeromq/zmtp/SocketType.ts"
import { Party } from "../../../../../scripts/zmtp/Party.ts"
import { bytes, errorOf, hex, readFrames, unhex, valueOf } from "../support.ts"

export const pair = (seed: number): KeyPair => pairOf(new Uint8Array(32).fill(seed))
export const [server, client, other] = [pair(1), pair(2), pair(3)]

export const serving = (keys = server, type: SocketType = "ROUTER", isAllowed?: (key: Uint8Array) => boolean): Party =>
  new Party(type, { curve: { role: "server", keys, ...(isAllowed === undefined ? {} : { isAllowed }) } })

export const asking = (serverKey = server.publicKey, type: SocketType = "DEALER"): Party =>
  new Party(type, { curve: { role: "client", keys: client, serverKey } })

/** Every secret key of these tests, which no error may show. */
export const secrets = [server, client, other].map(({ secretKey }) => hex(secretKey))

export const saysOf = (error: ProtocolError | undefined): { readonly detail: string; readonly fatal: boolean } => {
  const { detail, fatal } = errorOf(error)
  for (const secret of secrets) assert.ok(!detail.includes(secret.slice(0, 16)), detail)
  return { detail, fatal }
}

export const ends = (party: Party, detail: RegExp, fatal: boolean): void => {
  const said = saysOf(party.heard.error)
  assert.match(said.detail, detail)
  assert.deepEqual([said.fatal, party.heard.failures, party.session.isReady], [fatal, 1, false])
}

export const commandOf = (frame: Uint8Array): Command => valueOf(decodeCommand(readFrames([frame]).frames[0]!.body))

/** Greets, and lets both say as many commands as asked for; the next one is the result, and not passed on. */
export const upTo = (one: Party, two: Party, name: string): { readonly frame: Uint8Array; readonly to: Party } => {
  const greetings = [one.written(), two.written()] as const
  one.push(greetings[1].subarray(0, greetingLength))
  two.push(greetings[0].subarray(0, greetingLength))
  const rest = [greetings[0].subarray(greetingLength), greetings[1].subarray(greetingLength)]
  for (;;) {
    const [there, back] = [concat(rest[0]!, one.written()), concat(rest[1]!, two.written())]
    rest.fill(new Uint8Array(0))
    for (const [frame, to] of [[there, two], [back, one]] as const) {
      if (frame.length === 0) continue
      if (commandOf(frame).name === name) return { frame, to }
      to.push(frame)
    }
    if (there.length === 0 && back.length === 0) throw new Error(`Nobody said ${name}`)
  }
}

export const flipped = (frame: Uint8Array, at: number): Uint8Array => {
  const changed = frame.slice()
  changed[at < 0 ? frame.length + at : at]! ^= 1
  return changed
}

export const metadata = (type: string) => encodeMetadata([["Socket-Type", bytes(type)]])

/** A client that does by hand what curve/client.ts does, so that it can do it wrong. */
export const byHand = (wrong: {
  readonly transient?: Uint8Array
  readonly version?: Uint8Array
  readonly helloNonce?: string
  readonly initiateNonce?: string
  readonly cookie?: Uint8Array
  readonly permanent?: Uint8Array
  readonly vouched?: Uint8Array
  readonly vouchedTo?: Uint8Array
  readonly metadata?: Uint8Array
} = {}) => {
  const handshake = curveServer(server, () => true, metadata("ROUTER"))
  const transient = pair(9)
  const shared = valueOf(sharedKey(server.publicKey, transient.secretKey))
  const helloNonce = unhex(wrong.helloNonce ?? "0000000000000001")
  const hello = handshake.receive({
    name: "HELLO",
    data: concat(
      wrong.version ?? unhex("0100"),
      new Uint8Array(72),
      wrong.transient ?? transient.publicKey,
      helloNonce,
      seal(shared, nonceOf(Prefix.hello, helloNonce), new Uint8Array(64)),
    ),
  })
  if (!("send" in hello) || hello.send?.[0] === undefined) return hello
  const { data } = valueOf(decodeCommand(hello.send[0]))
  const welcome = valueOf(open(shared, nonceOf(Prefix.welcome, data.subarray(0, 16)), data.subarray(16)))
  const session = valueOf(sharedKey(welcome.subarray(0, 32), transient.secretKey))
  const vouching = valueOf(sharedKey(welcome.subarray(0, 32), client.secretKey))
  const vouchNonce = randomBytes(16)
  const vouched = concat(wrong.vouched ?? transient.publicKey, wrong.vouchedTo ?? server.publicKey)
  const nonce = unhex(wrong.initiateNonce ?? "0000000000000002")
  const inside = concat(
    wrong.permanent ?? client.publicKey,
    vouchNonce,
    seal(vouching, nonceOf(Prefix.vouch, vouchNonce), vouched),
    wrong.metadata ?? metadata("DEALER"),
  )
  return handshake.receive({
    name: "INITIATE",
    data: concat(wrong.cookie ?? welcome.subarray(32), nonce, seal(session, nonceOf(Prefix.initiate, nonce), inside)),
  })
}

/** A server that does by hand what curve/server.ts does; what the client makes of its WELCOME, and then of its READY. */
export const welcomeByHand = (transient: Uint8Array, readyNonce = "0000000000000001") => {
  const handshake = curveClient(client, server.publicKey, metadata("DEALER"))
  const { data } = valueOf(decodeCommand(handshake.begin()[0]!))
  const shared = valueOf(sharedKey(data.subarray(74, 106), server.secretKey))
  const nonce = randomBytes(16)
  const box = seal(shared, nonceOf(Prefix.welcome, nonce), concat(transient, new Uint8Array(96)))
  const welcomed = handshake.receive({ name: "WELCOME", data: concat(nonce, box) })
  const ready = (secretKey: Uint8Array) => {
    const session = valueOf(sharedKey(data.subarray(74, 106), secretKey))
    const nonce = unhex(readyNonce)
    const read = handshake.receive({
      name: "READY",
      data: concat(nonce, seal(session, nonceOf(Prefix.ready, nonce), metadata("ROUTER"))),
    })
    return { session, cipher: valueOf("done" in read ? read.done?.cipher : undefined) }
  }
  return { welcomed, ready }
}
