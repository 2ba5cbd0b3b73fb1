/**
 * The client's side of the CURVE handshake (ZeroMQ RFC 26): HELLO, then INITIATE, then the server's READY.
 *
 * Above the boxes, below `Session.ts`. Bytes in, bytes out. The client knows the server's public key before, and
 * nothing is sent that another server could read.
 */
import { concat } from "../bytes.ts"
import { type Command, decodeError, decodeMetadata, encodeCommand } from "../commands.ts"
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
import { longNonce, NonceCounter, NonceGuard, nonceOf, Prefix, shortNonce } from "./nonce.ts"
import { curveTraffic } from "./traffic.ts"

/** Length of a cookie, which only its server understands, bytes. */
export const cookieLength = longNonce + boxOverhead + 2 * keyLength

/** Lengths of the data of the two commands that have a fixed one, bytes. */
export const helloLength = 2 + 72 + keyLength + shortNonce + 64 + boxOverhead
export const welcomeLength = longNonce + keyLength + cookieLength + boxOverhead

/** Zeros that make a HELLO longer than its answer, so that nobody can make a server send more than it was sent. */
const padding = new Uint8Array(72)
const version = Uint8Array.of(1, 0)
const signature = new Uint8Array(64)

/** Starts one handshake. `metadata`: this side's properties, written; `boxes`: what makes those of its messages. */
export const curveClient = (
  keys: KeyPair,
  serverKey: Uint8Array,
  metadata: Uint8Array,
  boxes: Boxes = plainBoxes,
): Handshake => {
  const transient = randomPair()
  const counter = new NonceCounter()
  const guard = new NonceGuard()
  const toServer = sharedKey(serverKey, transient.secretKey)
  let stage: "welcome" | "ready" = "welcome"
  let session: ReturnType<typeof sharedKey>

  const onWelcome = ({ name, data }: Command): HandshakeStep | ProtocolError => {
    if (name !== "WELCOME" || data.length !== welcomeLength) return unexpected("WELCOME", name, data)
    const text = toServer &&
      open(toServer, nonceOf(Prefix.welcome, data.subarray(0, longNonce)), data.subarray(longNonce))
    if (text === undefined) {
      return misfit("It cannot write a WELCOME for us: its key is not the one that was given for it")
    }
    const serverTransient = text.subarray(0, keyLength)
    const cookie = text.subarray(keyLength)
    session = sharedKey(serverTransient, transient.secretKey)
    const vouching = sharedKey(serverTransient, keys.secretKey)
    if (session === undefined || vouching === undefined) {
      return broken("It sends a WELCOME with a key that hides nothing")
    }
    const vouchNonce = randomBytes(longNonce)
    const vouch = seal(vouching, nonceOf(Prefix.vouch, vouchNonce), concat(transient.publicKey, serverKey))
    const nonce = counter.next()
    const box = seal(
      session,
      nonceOf(Prefix.initiate, nonce),
      concat(keys.publicKey, vouchNonce, vouch, metadata),
    )
    stage = "ready"
    return { send: [encodeCommand("INITIATE", cookie, nonce, box)] }
  }

  const onReady = ({ name, data }: Command): HandshakeStep | ProtocolError => {
    if (name !== "READY" || data.length < shortNonce + boxOverhead) return unexpected("READY", name, data)
    const nonce = data.subarray(0, shortNonce)
    guard.accepts(nonce)
    const text = session && open(session, nonceOf(Prefix.ready, nonce), data.subarray(shortNonce))
    if (text === undefined) return broken("It sends a READY that its key does not open")
    const found = decodeMetadata(text)
    if (isProtocolError(found)) return found
    return {
      send: [],
      done: { metadata: found, cipher: curveTraffic(session!, "client", counter, guard, boxes), key: serverKey },
    }
  }

  return {
    begin: () => {
      const nonce = counter.next()
      // with a key that hides nothing there is nobody who may answer; the WELCOME is refused then
      const box = seal(toServer ?? randomBytes(keyLength), nonceOf(Prefix.hello, nonce), signature)
      return [encodeCommand("HELLO", version, padding, transient.publicKey, nonce, box)]
    },
    receive: (command) => {
      if (command.name === "ERROR") return misfit(`It refuses this client: ${decodeError(command.data)}`)
      if (command.name === "HELLO") return misfit("It is a client of CURVE too; expected a server")
      return stage === "welcome" ? onWelcome(command) : onReady(command)
    },
  }
}

/** What came instead. */
export const unexpected = (wanted: string, name: string, data: Uint8Array): ProtocolError =>
  broken(`It sends ${JSON.stringify(name)} of ${data.length} bytes; expected ${wanted} of CURVE`)
