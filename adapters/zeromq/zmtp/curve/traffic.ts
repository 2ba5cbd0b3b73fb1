/**
 * The traffic of CurveZMQ: each frame in a box of its own, as the MESSAGE command.
 *
 * Between the frames and `Session.ts`, once a handshake has found the key. Pure, but for its two counters.
 */
import { toBytes, toHex } from "../bytes.ts"
import { broken } from "../ProtocolError.ts"
import type { Cipher } from "../Mechanism.ts"
import { boxOverhead, plainBoxes, type SharedKey } from "./box.ts"
import { boxAt, type Boxes, textAt } from "./Boxes.ts"
import { NonceCounter, type NonceGuard, nonceOf, Prefix, shortNonce } from "./nonce.ts"

/** Bits of the flags inside the box. */
const Inside = { more: 1, command: 2 } as const

/** Before the box: just the room that a box leaves before itself. */
const name = toBytes("\x07MESSAGE")
const nonceAt = boxAt - shortNonce

/** What a frame grows by, bytes: name, nonce, box, and the flags inside. */
const overhead = boxAt + boxOverhead + 1

/** The cipher of one connection. `guard` and `counter` go on from the handshake; `boxes` is what makes its boxes. */
export const curveTraffic = (
  key: SharedKey,
  side: "client" | "server",
  counter: NonceCounter,
  guard: NonceGuard,
  boxes: Boxes = plainBoxes,
): Cipher => {
  const [mine, theirs] = side === "client"
    ? [Prefix.fromClient, Prefix.fromServer]
    : [Prefix.fromServer, Prefix.fromClient]
  // whole nonces, of which only the end changes
  const [sending, receiving] = [nonceOf(mine, new Uint8Array(shortNonce)), nonceOf(theirs, new Uint8Array(shortNonce))]
  return {
    overhead,
    seal: ({ command, more, body }) => {
      const sealed = new Uint8Array(overhead + body.length)
      sealed[textAt] = (more ? Inside.more : 0) | (command ? Inside.command : 0)
      sealed.set(body, textAt + 1)
      const nonce = counter.next()
      sending.set(nonce, mine.length)
      boxes.close(key, sending, sealed)
      sealed.set(name, 0)
      sealed.set(nonce, nonceAt)
      return sealed
    },
    open: (sealed) => {
      if (sealed.length < overhead || !name.every((byte, i) => sealed[i] === byte)) {
        return broken(`It sends ${sealed.length} bytes (${toHex(sealed)}); expected a MESSAGE of at least ${overhead}`)
      }
      const nonce = sealed.subarray(nonceAt, boxAt)
      if (!guard.accepts(nonce)) return broken(`It uses the nonce ${toHex(nonce)} again; expected a greater one`)
      receiving.set(nonce, theirs.length)
      const text = boxes.open(key, receiving, sealed.subarray(boxAt))
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
