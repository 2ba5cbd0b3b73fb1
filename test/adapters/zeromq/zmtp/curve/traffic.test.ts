/**
 * Sealed frames: what one side seals the other opens, what is inside has rules of its own, and what may end a session.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { concat } from "../../../../../adapters/zeromq/zmtp/bytes.ts"
import { encodeCommand, encodeError } from "../../../../../adapters/zeromq/zmtp/commands.ts"
import { seal, type SharedKey } from "../../../../../adapters/zeromq/zmtp/curve/box.ts"
import { NonceCounter, NonceGuard, nonceOf, Prefix } from "../../../../../adapters/zeromq/zmtp/curve/nonce.ts"
import { curveTraffic } from "../../../../../adapters/zeromq/zmtp/curve/traffic.ts"
import { Flag } from "../../../../../adapters/zeromq/zmtp/frames.ts"
import { converse } from "../../../../../scripts/zmtp/Party.ts"
import { bytes, encodeFrame, errorOf, hex, hexes, unhex, valueOf } from "../support.ts"
import { asking, ends, flipped, saysOf, serving } from "./parties.ts"

const key = new Uint8Array(32).fill(5) as SharedKey

const traffic = (side: "client" | "server") => curveTraffic(key, side, new NonceCounter(), new NonceGuard())

const frame = fc.record({
  command: fc.boolean(),
  more: fc.boolean(),
  body: fc.uint8Array({ maxLength: 300 }),
}).filter(({ command, more }) => !(command && more))

describe("curveTraffic()", () => {
  test("opens what the other side sealed, in both directions, each frame by itself", () => {
    fc.assert(fc.property(fc.array(frame, { maxLength: 8 }), (frames) => {
      const [client, server] = [traffic("client"), traffic("server")]
      for (const [from, to] of [[client, server], [server, client]] as const) {
        for (const one of frames) {
          const sealed = from.seal(one)
          assert.equal(sealed.length, one.body.length + from.overhead)
          const opened = valueOf(to.open(sealed))
          assert.deepEqual({ ...opened, body: hex(opened.body) }, { ...one, body: hex(one.body) })
        }
      }
    }))
  })

  test("refuses flags that nobody may set, and a command in several frames", () => {
    for (let flags = 0; flags < 256; flags++) {
      const nonce = unhex("0000000000000001")
      const box = seal(key, nonceOf(Prefix.fromClient, nonce), Uint8Array.of(flags, 7))
      const opened = traffic("server").open(concat(bytes("\x07MESSAGE"), nonce, box))
      if (flags < 3) {
        assert.deepEqual({ ...valueOf(opened), body: "" }, { command: flags === 2, more: flags === 1, body: "" })
      } else if (flags === 3) assert.match(errorOf(opened).detail, /command in several frames/)
      else assert.match(errorOf(opened).detail, new RegExp(`MESSAGE with flags ${flags}; expected only more`))
    }
  })

  test("opens or refuses whatever comes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (noise, named) => {
      const sealed = named ? concat(bytes("\x07MESSAGE"), noise) : noise
      assert.match(errorOf(traffic("server").open(sealed)).detail, /MESSAGE|nonce/)
    }))
  })
})

describe("traffic after a CURVE handshake", () => {
  /** Two that talk, and the frames of what the client says. */
  const said = (...messages: ReadonlyArray<ReadonlyArray<Uint8Array>>) => {
    const [one, two] = [serving(), asking()]
    converse(one, two)
    const frames = messages.map((message) => {
      two.session.send(message)
      return two.written()
    })
    return { one, two, frames }
  }

  test("is heard in order", () => {
    const { one, frames } = said([bytes("a")], [bytes("b"), new Uint8Array(0)])
    for (const frame of frames) one.push(frame)
    assert.deepEqual(one.heard.messages.map(hexes), [["61"], ["62", ""]])
  })

  test("ends it when it comes again, or in another order", () => {
    const { one, frames } = said([bytes("a")])
    one.push(concat(frames[0]!, frames[0]!))
    ends(one, /uses the nonce 0000000000000003 again; expected a greater one/, false)
    assert.equal(one.heard.messages.length, 1)
    const swapped = said([bytes("a")], [bytes("b")])
    swapped.one.push(concat(swapped.frames[1]!, swapped.frames[0]!))
    ends(swapped.one, /uses the nonce 0000000000000003 again/, false)
    assert.deepEqual(swapped.one.heard.messages.map(hexes), [["62"]])
  })

  test("ends it when any of its bytes was changed", () => {
    for (let at = 2; at < 2 + 8 + 8 + 16 + 1 + 1; at++) {
      const { one, frames } = said([bytes("a")])
      one.push(flipped(frames[0]!, at))
      assert.match(
        saysOf(one.heard.error).detail,
        at < 10 ? /expected a MESSAGE of at least 33$/ : /that its key does not open|expected a greater one/,
      )
      assert.deepEqual(one.heard.messages, [])
    }
  })

  test("ends it when it comes back to its sender", () => {
    const { two, frames } = said([bytes("a")])
    two.push(frames[0]!)
    ends(two, /MESSAGE that its key does not open/, false)
  })

  test("ends it when it is in clear, or too short", () => {
    for (
      const frame of [
        encodeFrame(0, bytes("in clear")),
        encodeFrame(Flag.command, encodeCommand("PING", unhex("0000"))),
        encodeFrame(Flag.command, encodeError("400")),
        encodeFrame(0, encodeCommand("MESSAGE", new Uint8Array(24))),
        encodeFrame(0, new Uint8Array(0)),
      ]
    ) {
      const { one } = said()
      one.push(frame)
      ends(one, /expected a MESSAGE of at least 33$/, false)
    }
  })

  test("may be a command, as RFC 26 has it, or a message, as libzmq has it", () => {
    const { one, frames } = said([bytes("a")])
    const frame = frames[0]!.slice()
    assert.equal(frame[0], 0)
    frame[0] = Flag.command
    one.push(frame)
    assert.deepEqual(one.heard.messages.map(hexes), [["61"]])
  })
})
