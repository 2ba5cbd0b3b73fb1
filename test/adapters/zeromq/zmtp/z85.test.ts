/**
 * Z85 against RFC 32, and there and back.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { decodeZ85, encodeZ85 } from "../../../../adapters/zeromq/zmtp/z85.ts"
import { hex, unhex, valueOf } from "./support.ts"

/** The test case of RFC 32, and the key that its reference implementation is tested with. */
const vectors = [
  ["864fd26fb559f75b", "HelloWorld"],
  ["8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"],
  ["", ""],
  ["00000000", "00000"],
  ["ffffffff", "%nSc0"],
] as const

describe("Z85", () => {
  test("is what RFC 32 says", () => {
    for (const [decoded, encoded] of vectors) {
      assert.equal(encodeZ85(unhex(decoded)), encoded)
      assert.equal(hex(valueOf(decodeZ85(encoded))), decoded)
    }
  })

  test("writes and reads any bytes that are a multiple of four", () => {
    const some = fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { maxLength: 20 })
    fc.assert(fc.property(some, (words) => {
      const bytes = Uint8Array.from(words.flatMap((word) => [...word]))
      const text = encodeZ85(bytes)
      assert.equal(text.length, bytes.length / 4 * 5)
      assert.equal(hex(valueOf(decodeZ85(text))), hex(bytes))
    }))
  })

  test("refuses other lengths, other characters, and groups of more than 32 bits", () => {
    for (
      const text of ["1", "1234", "123456", "1234 ", "1234\\", '1234"', "1234;", "1234ä", "12😀4", "%nSc1", "#####"]
    ) {
      assert.equal(decodeZ85(text), undefined, text)
    }
  })

  test("reads no text that it would not write so", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme-ascii", minLength: 5, maxLength: 5 }), (text) => {
      const bytes = decodeZ85(text)
      if (bytes !== undefined) assert.equal(encodeZ85(bytes), text)
    }))
  })
})
