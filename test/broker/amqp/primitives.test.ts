/**
 * Elementary types: the bytes of each, the way there and back, and what has no form.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import { Cursor } from "../../../src/broker/amqp/Cursor.ts"
import { isWireError } from "../../../src/broker/amqp/mod.ts"
import { Pen } from "../../../src/broker/amqp/Pen.ts"
import * as primitives from "../../../src/broker/amqp/primitives.ts"
import { decodeText, encodeText, textSize } from "../../../src/broker/amqp/text.ts"
import { properties } from "../../wire/properties.ts"
import { bytes, shortText, signed64, unsigned64, whole } from "./values.ts"

const write = <A>(primitive: primitives.Primitive<A>, value: A): Uint8Array => {
  const pen = new Pen(primitive.size(value))
  primitive.write(pen, value)
  return pen.done()
}

const hex = (some: Uint8Array): string => Array.from(some, (octet) => octet.toString(16).padStart(2, "0")).join("")

interface Case<A> {
  readonly form: primitives.Primitive<A>
  readonly values: fc.Arbitrary<A>
  readonly known: ReadonlyArray<readonly [A, string]>
  readonly refused: ReadonlyArray<unknown>
}

const cases: { readonly [name: string]: Case<never> } = {
  octet: { form: primitives.octet, values: whole(0, 255), known: [[255, "ff"]], refused: [-1, 256, 0.5, NaN, "1"] },
  signedOctet: { form: primitives.signedOctet, values: whole(-128, 127), known: [[-1, "ff"]], refused: [128, -129] },
  short: { form: primitives.short, values: whole(0, 65_535), known: [[258, "0102"]], refused: [-1, 65_536] },
  signedShort: {
    form: primitives.signedShort,
    values: whole(-32_768, 32_767),
    known: [[-2, "fffe"]],
    refused: [32_768, -32_769],
  },
  long: {
    form: primitives.long,
    values: whole(0, 2 ** 32 - 1),
    known: [[2 ** 32 - 1, "ffffffff"]],
    refused: [2 ** 32],
  },
  signedLong: {
    form: primitives.signedLong,
    values: whole(-(2 ** 31), 2 ** 31 - 1),
    known: [[-2, "fffffffe"]],
    refused: [2 ** 31, 1n],
  },
  longlong: {
    form: primitives.longlong,
    values: unsigned64,
    known: [
      [1, "0000000000000001"],
      [2 ** 53 - 1, "001fffffffffffff"],
      [2n ** 53n, "0020000000000000"],
      [2n ** 63n + 1n, "8000000000000001"],
      [2n ** 64n - 1n, "ffffffffffffffff"],
    ],
    refused: [-1, -1n, 2 ** 53, 2n ** 64n, 0.5, Infinity],
  },
  signedLonglong: {
    form: primitives.signedLonglong,
    values: signed64,
    known: [
      [-1, "ffffffffffffffff"],
      [-(2 ** 32), "ffffffff00000000"],
      [-(2 ** 53) + 1, "ffe0000000000001"],
      [-(2n ** 53n), "ffe0000000000000"],
      [-(2n ** 63n), "8000000000000000"],
      [2n ** 63n - 1n, "7fffffffffffffff"],
    ],
    refused: [2n ** 63n, -(2n ** 63n) - 1n, 2 ** 53, -(2 ** 53)],
  },
  float: {
    form: primitives.float,
    values: fc.float(),
    known: [[1, "3f800000"], [-Infinity, "ff800000"]],
    refused: [],
  },
  double: { form: primitives.double, values: fc.double(), known: [[-0, "8000000000000000"]], refused: [] },
  shortstr: {
    form: primitives.shortstr,
    values: shortText,
    known: [["", "00"], ["é€𝄞", "09c3a9e282acf09d849e"]],
    refused: ["x".repeat(256), "é".repeat(128)],
  },
  longstr: { form: primitives.longstr, values: bytes, known: [[Uint8Array.of(1, 2), "000000020102"]], refused: [] },
} as { readonly [name: string]: unknown } as { readonly [name: string]: Case<never> }

for (const [name, { form, values, known, refused }] of Object.entries(cases)) {
  describe(name, () => {
    test("reads what it writes, to the last byte", () => {
      properties(
        fc.property(values, fc.nat({ max: 3 }), (value, offset) => {
          const written = write(form, value)
          const around = new Uint8Array(offset + written.length + 3).fill(0xaa)
          around.set(written, offset)
          const cursor = new Cursor(around)
          cursor.at = offset
          assert.deepEqual(form.read(cursor), value)
          assert.equal(cursor.at, offset + written.length)
        }),
        1_000,
      )
    })

    test("has the bytes of the specification", () => {
      for (const [value, expected] of known) assert.equal(hex(write(form, value)), expected)
    })

    test("refuses bytes that are too few, wherever they end", () => {
      properties(fc.property(values, (value) => {
        const written = write(form, value)
        for (let end = 0; end < written.length; end++) {
          assert.throws(() => form.read(new Cursor(written.subarray(0, end))), isWireError)
        }
      }))
    })

    test("refuses to write what has no form", () => {
      for (const value of refused) assert.throws(() => form.size(value as never), RangeError)
    })
  })
}

describe("shortstr", () => {
  test("refuses bytes that are no UTF-8", () => {
    for (const wrong of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
      const cursor = new Cursor(Uint8Array.of(wrong.length, ...wrong))
      assert.throws(
        () => primitives.shortstr.read(cursor),
        (error) => isWireError(error) && error._tag === "SyntaxError" && error.offset === 8,
      )
    }
  })

  test("keeps a byte order mark", () => {
    const mark = "\ufeffa"
    assert.equal(primitives.shortstr.read(new Cursor(write(primitives.shortstr, mark))), mark)
  })
})

describe("text", () => {
  test("has the size and the bytes that the platform's encoder gives it, halves of pairs included", () => {
    const any = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
    )
    properties(
      fc.property(any, (text) => {
        const expected = new TextEncoder().encode(text)
        assert.equal(textSize(text), expected.length)
        const written = new Uint8Array(expected.length)
        assert.equal(encodeText(text, written, 0), expected.length)
        assert.deepEqual(written, expected)
        assert.equal(decodeText(written, 0, written.length), text.toWellFormed())
      }),
      2_000,
    )
  })
})
