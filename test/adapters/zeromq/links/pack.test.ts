/**
 * Messages of encrypted links as one frame: what is packed comes out as it was, and nothing else is read.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { pack, unpack } from "../../../../adapters/zeromq/links/pack.ts"

const part = fc.uint8Array({ maxLength: 300 })

describe("pack()", () => {
  test("gives a frame that unpack() takes apart again", () => {
    fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
      assert.deepEqual(unpack(pack(parts), 8)?.map((one) => [...one]), parts.map((one) => [...one]))
    }))
  })
})

describe("unpack()", () => {
  test("reads no frame that is cut off, and none with more parts than may be", () => {
    const frame = pack([Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)])
    const ends = new Set([0, 7, 11, frame.length])
    for (let length = 0; length <= frame.length; length++) {
      assert.equal(unpack(frame.subarray(0, length), 8) !== undefined, ends.has(length), `${length} bytes`)
    }
    assert.equal(unpack(frame, 2), undefined)
  })

  test("believes no length beyond its frame, whatever the bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const parts = unpack(bytes, 8)
      if (parts !== undefined) assert.deepEqual([...pack(parts)], [...bytes])
    }))
    assert.equal(unpack(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1), 8), undefined)
  })
})
