/**
 * The greeting: what is written is read again, and another protocol is told by its first bytes.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import {
  decodeGreeting,
  encodeGreeting,
  greetingLength,
  type MechanismName,
} from "../../../../adapters/zeromq/zmtp/greeting.ts"
import { isProtocolError } from "../../../../adapters/zeromq/zmtp/ProtocolError.ts"
import { bytes, errorOf, hex, valueOf } from "./support.ts"

const mechanism = fc.constantFrom<MechanismName>("NULL", "CURVE")

describe("encodeGreeting()", () => {
  test("writes the 64 bytes of RFC 37", () => {
    const zeros = (count: number) => "00".repeat(count)
    assert.equal(
      hex(encodeGreeting("NULL", false)),
      `ff${zeros(8)}7f0301${hex(bytes("NULL"))}${zeros(16)}00${zeros(31)}`,
    )
    assert.equal(
      hex(encodeGreeting("CURVE", true)),
      `ff${zeros(8)}7f0301${hex(bytes("CURVE"))}${zeros(15)}01${zeros(31)}`,
    )
  })
})

describe("decodeGreeting()", () => {
  test("reads what was written, once it is whole", () => {
    fc.assert(fc.property(mechanism, fc.boolean(), (mechanism, asServer) => {
      const all = encodeGreeting(mechanism, asServer)
      for (let length = 0; length < greetingLength; length++) {
        assert.equal(decodeGreeting(all.subarray(0, length)), undefined)
      }
      assert.deepEqual(decodeGreeting(all), { minor: 1, mechanism, asServer })
    }))
  })

  test("gives no meaning to padding and filler", () => {
    const greeting = encodeGreeting("NULL", false)
    greeting.fill(0xab, 1, 9)
    greeting.fill(0xcd, 33)
    assert.equal(valueOf(decodeGreeting(greeting)).mechanism, "NULL")
  })

  test("takes later versions, and 3.0", () => {
    for (const [major, minor, expected] of [[3, 0, 0], [3, 1, 1], [3, 7, 7], [4, 0, 1], [255, 255, 1]] as const) {
      const greeting = encodeGreeting("NULL", false)
      greeting.set([major, minor], 10)
      assert.equal(valueOf(decodeGreeting(greeting)).minor, expected)
    }
  })

  test("tells another protocol by its first byte, and one without a signature by its tenth", () => {
    assert.match(errorOf(decodeGreeting(bytes("G"))).detail, /greets with 47, which is not ZMTP/)
    const unsigned = encodeGreeting("NULL", false)
    unsigned[9] = 0x7e
    assert.equal(decodeGreeting(unsigned.subarray(0, 9)), undefined)
    assert.match(errorOf(decodeGreeting(unsigned.subarray(0, 10))).detail, /which is not ZMTP/)
    // any odd byte is a signature
    unsigned[9] = 1
    assert.equal(valueOf(decodeGreeting(unsigned)).minor, 1)
  })

  test("tells an older version by its eleventh byte, and that it will stay so", () => {
    for (const major of [0, 1, 2]) {
      const greeting = encodeGreeting("NULL", false)
      greeting[10] = major
      assert.equal(decodeGreeting(greeting.subarray(0, 10)), undefined)
      const { detail, fatal } = errorOf(decodeGreeting(greeting.subarray(0, 11)))
      assert.equal(detail, `It speaks version ${major} of its protocol; expected ZMTP 3.0 or later`)
      assert.equal(fatal, true)
    }
  })

  test("takes a name with a zero in it for another name", () => {
    const greeting = encodeGreeting("NULL", false)
    greeting[20] = 0x58
    assert.equal(valueOf(decodeGreeting(greeting)).mechanism, "NULL\0\0\0\0X")
  })

  test("reads or refuses whatever comes, and goes by the first 64 bytes alone", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(64), (noise, kept) => {
      const greeting = new Uint8Array(Math.max(greetingLength, noise.length))
      greeting.set(noise)
      greeting.set(encodeGreeting("NULL", false).subarray(0, kept))
      const read = decodeGreeting(greeting)
      assert.notEqual(read, undefined)
      if (isProtocolError(read)) return
      assert.deepEqual(read, decodeGreeting(greeting.subarray(0, greetingLength)))
    }))
  })
})
