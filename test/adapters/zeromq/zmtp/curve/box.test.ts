/**
 * Boxes against the vectors that NaCl publishes, and what nobody can open.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import {
  boxOverhead,
  open,
  pairOf,
  randomPair,
  seal,
  sharedKey,
} from "../../../../../adapters/zeromq/zmtp/curve/box.ts"
import { hex, unhex, valueOf } from "../support.ts"
import { hidingNothing } from "./support.ts"

/** NaCl's own: "Cryptography in NaCl", sections 2 to 10, and its `tests/box.c`. */
const alice = {
  secretKey: "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
  publicKey: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
}
const bob = {
  secretKey: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
  publicKey: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
}
const firstKey = "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389"
const nonce = unhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
const text = unhex(`
  be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffc e5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb31
  0e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde 048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f93776384864
  5e0705`)
const box = unhex(`
  f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce 48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c972
  71d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae 90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b3
  7973f622a43d14a6599b1f654cb45a74e355a5`)

describe("boxes", () => {
  test("pairOf() is X25519 as NaCl has it", () => {
    for (const { secretKey, publicKey } of [alice, bob]) {
      assert.equal(hex(pairOf(unhex(secretKey)).publicKey), publicKey)
    }
  })

  test("sharedKey() is NaCl's first key, from both sides", () => {
    assert.equal(hex(valueOf(sharedKey(unhex(bob.publicKey), unhex(alice.secretKey)))), firstKey)
    assert.equal(hex(valueOf(sharedKey(unhex(alice.publicKey), unhex(bob.secretKey)))), firstKey)
  })

  test("seal() and open() are NaCl's crypto_box", () => {
    const key = unhex(firstKey)
    assert.equal(hex(seal(key, nonce, text)), hex(box))
    assert.equal(hex(valueOf(open(key, nonce, box))), hex(text))
  })

  test("sharedKey() is none for a public key that hides nothing", () => {
    for (const publicKey of hidingNothing) assert.equal(sharedKey(unhex(publicKey), unhex(alice.secretKey)), undefined)
  })

  test("open() opens what seal() closed, of any length, and leaves both as they were", () => {
    const key = valueOf(sharedKey(randomPair().publicKey, randomPair().secretKey))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ minLength: 24, maxLength: 24 }), (text, nonce) => {
        const before = hex(text)
        const box = seal(key, nonce, text)
        const closed = hex(box)
        assert.equal(box.length, text.length + boxOverhead)
        assert.equal(hex(valueOf(open(key, nonce, box))), before)
        assert.deepEqual([hex(text), hex(box)], [before, closed])
      }),
    )
  })

  test("open() opens nothing that was changed, cut, or closed with another key or nonce", () => {
    const key = unhex(firstKey)
    for (let at = 0; at < box.length; at++) {
      const changed = box.slice()
      changed[at]! ^= 1 << at % 8
      assert.equal(open(key, nonce, changed), undefined)
      assert.equal(open(key, nonce, box.subarray(0, at)), undefined)
    }
    const [otherKey, otherNonce] = [key.slice(), nonce.slice()]
    otherKey[31]! ^= 1
    otherNonce[23]! ^= 1
    assert.equal(open(otherKey, nonce, box), undefined)
    assert.equal(open(key, otherNonce, box), undefined)
  })
})
