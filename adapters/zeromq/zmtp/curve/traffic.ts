/**
 * The traffic of CurveZMQ: each frame in a box of its own, as the MESSAGE command.
 *
 * Between the frames and `Session.ts`, once a handshake has found the key. Pure, but for its two counters.
 */
import { toBytes, toHex } from "../bytes.ts"
import { broken } from "../ProtocolError.ts"
import type { Cipher } from "../Mechanism.ts"
import { boxOverhead, open, seal, type SharedKey } from "./box.ts"
import { NonceCounter, type NonceGuard, nonceOf, Prefix, shortNonce } from "./nonce.ts"

/** Bits of the flags inside the box. */
const Inside = { more: 1, command: 2 } as const

const name = toBytes("\x07MESSAGE")
const boxAt = name.length + shortNonce

/** What a frame grows by, bytes: name, nonce, box, and the flags inside. */
const overhead = boxAt + boxOverhead + 1

/** The cipher of one connection. `guard` and `counter` go on from the handshake. */
export const curveTraffic = (
  key: SharedKey,
  side: "client" | "server",
  counter: NonceCounter,
  guard: NonceGuard,
): Cipher => {
  const [mine, theirs] = side === "client"
    ? [Prefix.fromClient, Prefix.fromServer]
    : [Prefix.fromServer, Prefix.fromClient]
  return {
    overhead,
    seal: ({ command, more, body }) => {
      const text = new Uint8Array(1 + body.length)
      text[0] = (more ? Inside.more : 0) | (command ? Inside.command : 0)
      text.set(body, 1)
      const nonce = counter.next()
      const box = seal(key, nonceOf(mine, nonce), text)
      const sealed = new Uint8Array(boxAt + box.length)
      sealed.set(name, 0)
      sealed.set(nonce, name.length)
      sealed.set(box, boxAt)
      return sealed
    },
    open: (sealed) => {
      if (sealed.length < overhead || !name.every((byte, i) => sealed[i] === byte)) {
        return broken(`It sends ${sealed.length} bytes (${toHex(sealed)}); expected a MESSAGE of at least ${overhead}`)
      }
      const nonce = sealed.subarray(name.length, boxAt)
      if (!guard.accepts(nonce)) return broken(`It uses the nonce ${toHex(nonce)} again; expected a greater one`)
      const text = open(key, nonceOf(theirs, nonce), sealed.subarray(boxAt))
      if (text === undefined) return broken("It sends a MESSAGE that its key does not open")
      const flags = text[0]!
      if ((flags & ~(Inside.more | Inside.command)) !== 0) {
        return broken(`It sends a MESSAGE with flags ${flags}; expected only more (1) and command (2)`)
      }
      const command = (flags & Inside.command) !== 0
      const more = (flags & Inside.more) !== 0
      if (command && more) return broken("It sends a command in several frames; expected one")
      return { command, more, body: text.subarray(1) }
    },
  }
}
