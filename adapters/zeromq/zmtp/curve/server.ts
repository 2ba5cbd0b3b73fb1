/**
 * The server's side of the CURVE handshake (ZeroMQ RFC 26): WELCOME for a HELLO, READY for an INITIATE.
 *
 * Above the boxes, below `Session.ts`. Bytes in, bytes out. Whom it lets in is decided by the client's permanent key,
 * which a vouch ties to this very connection.
 */
import { concat, isEqual } from "../bytes.ts"
import { type Command, decodeMetadata, encodeCommand, encodeError } from "../commands.ts"
import type { Handshake, HandshakeStep } from "../Mechanism.ts"
import { broken, isProtocolError, misfit, type ProtocolError } from "../ProtocolError.ts"
import {
  boxOverhead,
  keyLength,
  type KeyPair,
  open,
  plainBoxes,
  randomBytes,
  randomPair,
  seal,
  sharedKey,
} from "./box.ts"
import type { Boxes } from "./Boxes.ts"
import { cookieLength, helloLength, unexpected } from "./client.ts"
import { longNonce, NonceCounter, NonceGuard, nonceOf, Prefix, shortNonce } from "./nonce.ts"
import { curveTraffic } from "./traffic.ts"

/** Offsets in the data of a HELLO. */
const Hello = { key: 74, nonce: 74 + keyLength, box: 74 + keyLength + shortNonce } as const

/** Offsets in the data of an INITIATE, and in its box. */
const Initiate = { nonce: cookieLength, box: cookieLength + shortNonce } as const
const Inside = {
  vouchNonce: keyLength,
  vouch: keyLength + longNonce,
  metadata: keyLength + longNonce + boxOverhead + 2 * keyLength,
} as const

/** The reason of a refused client, as libzmq's authentication has it. */
const refused = "400"

/** What a client was given for its HELLO. */
interface Given {
  /** The client's transient key. */
  readonly client: Uint8Array
  readonly cookie: Uint8Array
  readonly transient: KeyPair
}

/**
 * Starts one handshake. `isAllowed` decides by the client's public key; `metadata`: this side's properties, written; `boxes`:
 * what makes those of its messages.
 */
export const curveServer = (
  keys: KeyPair,
  isAllowed: (clientKey: Uint8Array) => boolean,
  metadata: Uint8Array,
  boxes: Boxes = plainBoxes,
): Handshake => {
  const counter = new NonceCounter()
  const guard = new NonceGuard()
  let given: Given | undefined

  const onHello = ({ name, data }: Command): HandshakeStep | ProtocolError => {
    if (name !== "HELLO" || data.length !== helloLength) return unexpected("HELLO", name, data)
    if (data[0] !== 1 || data[1] !== 0) return broken(`It speaks version ${data[0]}.${data[1]} of CURVE; expected 1.0`)
    const client = data.slice(Hello.key, Hello.nonce)
    const nonce = data.subarray(Hello.nonce, Hello.box)
    guard.accepts(nonce)
    const key = sharedKey(client, keys.secretKey)
    const text = key && open(key, nonceOf(Prefix.hello, nonce), data.subarray(Hello.box))
    if (key === undefined || text === undefined) {
      return broken("It sends a HELLO for a server with another key; expected one for this server's")
    }
    const transient = randomPair()
    // nobody else can read the cookie, and nobody keeps the key it was written with
    const cookieNonce = randomBytes(longNonce)
    const cookieBox = seal(
      randomBytes(keyLength),
      nonceOf(Prefix.cookie, cookieNonce),
      concat(client, transient.secretKey),
    )
    const cookie = concat(cookieNonce, cookieBox)
    given = { client, cookie, transient }
    const welcomeNonce = randomBytes(longNonce)
    const box = seal(key, nonceOf(Prefix.welcome, welcomeNonce), concat(transient.publicKey, cookie))
    return { send: [encodeCommand("WELCOME", welcomeNonce, box)] }
  }

  const onInitiate = (
    { client, cookie, transient }: Given,
    { name, data }: Command,
  ): HandshakeStep | ProtocolError => {
    if (name !== "INITIATE" || data.length < Initiate.box + boxOverhead + Inside.metadata) {
      return unexpected("INITIATE", name, data)
    }
    if (!isEqual(data.subarray(0, cookieLength), cookie)) return broken("It sends an INITIATE with another's cookie")
    const nonce = data.subarray(Initiate.nonce, Initiate.box)
    const session = sharedKey(client, transient.secretKey)
    const text = session && open(session, nonceOf(Prefix.initiate, nonce), data.subarray(Initiate.box))
    if (session === undefined || text === undefined) return broken("It sends an INITIATE that its key does not open")
    if (!guard.accepts(nonce)) return broken("It uses the nonce of its HELLO again; expected a greater one")
    const permanent = text.slice(0, keyLength)
    const vouching = sharedKey(permanent, transient.secretKey)
    const vouch = vouching && open(
      vouching,
      nonceOf(Prefix.vouch, text.subarray(Inside.vouchNonce, Inside.vouch)),
      text.subarray(Inside.vouch, Inside.metadata),
    )
    if (vouch === undefined || !isEqual(vouch, concat(client, keys.publicKey))) {
      return broken("It cannot vouch for the key it claims to have")
    }
    if (!isAllowed(permanent)) {
      return { ...misfit("It has a key that is not allowed here"), send: [encodeError(refused)] }
    }
    const found = decodeMetadata(text.subarray(Inside.metadata))
    if (isProtocolError(found)) return found
    const readyNonce = counter.next()
    const box = seal(session, nonceOf(Prefix.ready, readyNonce), metadata)
    return {
      send: [encodeCommand("READY", readyNonce, box)],
      done: { metadata: found, cipher: curveTraffic(session, "server", counter, guard, boxes), key: permanent },
    }
  }

  return {
    begin: () => [],
    receive: (command) => given === undefined ? onHello(command) : onInitiate(given, command),
  }
}
