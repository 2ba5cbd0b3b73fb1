/**
 * Sealed frames: what one side seals the other opens, and what is inside has rules of its own.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { concat } from "../../../../../adapters/zeromq/zmtp/bytes.ts"
import { seal, type SharedKey } from "../../../../../adapters/zeromq/zmtp/curve/box.ts"
import { NonceCounter, NonceGuard, nonceOf, Prefix } from "../../../../../adapters/zeromq/zmtp/curve/nonce.ts"
import { curveTraffic } from "../../../../../adapters/zeromq/zmtp/curve/traffic.ts"
import { bytes, errorOf, hex, unhex, valueOf } from "../support.ts"

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
