/**
 * Lets in only some clients of CURVE: libzmq asks whoever is bound to a certain name in its context (ZeroMQ RFC 27, "ZAP").
 *
 * There is one such name in a context, so a socket that is particular has a context of its own, and with it two threads until
 * the process ends.
 */
import { isEqual, toText } from "../zmtp/bytes.ts"
import { readKey } from "../zmtp/curve/keys.ts"
import type { Libzmq, NativeContext, NativeSocket } from "./native.ts"

const name = "inproc://zeromq.zap.01"

/** A question: version, number, domain, address, identity, mechanism, and here the client's key. */
const [atNumber, atMechanism, atKey] = [1, 5, 6]

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const answer = (number: Uint8Array, isAllowed: boolean): ReadonlyArray<Uint8Array> => [
  bytes("1.0"),
  number,
  bytes(isAllowed ? "200" : "400"),
  bytes(isAllowed ? "OK" : "Its key is not allowed"),
  bytes(""),
  bytes(""),
]

/** Answers libzmq's questions until it is closed. */
export const authenticate = (
  libzmq: Libzmq,
  context: NativeContext,
  allowed: ReadonlyArray<string>,
): NativeSocket => {
  const keys = allowed.map((key) => readKey(key)!)
  // looks at all of them, whichever it is
  const isAllowed = (key: Uint8Array) => keys.reduce((found, one) => isEqual(one, key) || found, false)
  const socket = libzmq.open("REP", { context, linger: 0 })
  socket.bindSync(name)
  const serve = async () => {
    for (;;) {
      const question = await socket.receive()
      const number = question[atNumber]
      if (number === undefined) continue
      const isCurve = toText(question[atMechanism] ?? bytes("")) === "CURVE"
      await socket.send(answer(number, isCurve && isAllowed(question[atKey] ?? bytes(""))))
    }
  }
  // it ends when the socket is closed
  serve().catch(() => {})
  return socket
}
