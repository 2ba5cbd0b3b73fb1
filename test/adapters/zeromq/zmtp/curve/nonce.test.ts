/**
 * Nonces: they count up, and whoever receives them takes none twice.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { NonceCounter, NonceGuard, nonceOf, Prefix } from "../../../../../adapters/zeromq/zmtp/curve/nonce.ts"
import { hex, unhex } from "../support.ts"

const bytesOf = (value: bigint) => unhex(value.toString(16).padStart(16, "0"))

describe("NonceGuard", () => {
  test("accepts what is greater than all before, over all 64 bits", () => {
    const most = 2n ** 64n - 1n
    const value = fc.oneof(
      fc.bigInt({ min: 0n, max: 5n }),
      fc.bigInt({ min: 0n, max: most }),
      fc.bigInt({ min: -3n, max: 3n }).chain((step) =>
        fc.constantFrom(2n ** 32n, 2n ** 53n, 2n ** 63n).map((at) => at + step)
      ),
    )
    fc.assert(fc.property(fc.array(value, { maxLength: 30 }), (values) => {
      const guard = new NonceGuard()
      let greatest = 0n
      for (const value of values) {
        assert.equal(guard.accepts(bytesOf(value)), value > greatest)
        if (value > greatest) greatest = value
      }
    }))
  })

  test("accepts what NonceCounter counts, and none of it again", () => {
    const [counter, guard] = [new NonceCounter(), new NonceGuard()]
    for (let i = 1; i <= 1_000; i++) {
      const nonce = counter.next()
      assert.equal(hex(nonce), hex(bytesOf(BigInt(i))))
      assert.equal(guard.accepts(nonce), true)
      assert.equal(guard.accepts(nonce), false)
    }
  })
})

describe("nonceOf()", () => {
  test("fills 24 bytes, for each prefix with what belongs to it", () => {
    for (const [name, prefix] of Object.entries(Prefix)) {
      const rest = new Uint8Array(24 - prefix.length).fill(1)
      assert.ok(rest.length === 8 || rest.length === 16, name)
      assert.equal(hex(nonceOf(prefix, rest)), hex(prefix) + hex(rest))
    }
    // what differs in its text differs in its first bytes
    assert.equal(new Set(Object.values(Prefix).map(hex)).size, Object.keys(Prefix).length)
  })
})
