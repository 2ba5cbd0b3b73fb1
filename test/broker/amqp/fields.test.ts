/**
 * Tables and arrays: every type as RabbitMQ's own code writes it, the way there and back, depth, number, and lies.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import { Cursor } from "../../../src/broker/amqp/Cursor.ts"
import { array, table } from "../../../src/broker/amqp/fields.ts"
import { type Field, fieldLimits, isWireError, type Table } from "../../../src/broker/amqp/mod.ts"
import { Pen } from "../../../src/broker/amqp/Pen.ts"
import { properties } from "../../wire/properties.ts"
import { bytesOf, declareWith, inTable, long, readAll, readError, readOne } from "./support.ts"
import { field, scalarOf, scalarTypes, table as tables } from "./values.ts"

const write = (value: Table): Uint8Array => {
  const pen = new Pen(table.size(value))
  table.write(pen, value)
  return pen.done()
}

const read = (written: Uint8Array): Table => table.read(new Cursor(written))

const argumentsOf = (written: Uint8Array): Table => {
  const one = readOne(written)
  assert.ok(one.type === "method" && one.method.name === "queue.declare")
  return one.method.arguments
}

/** An entry named `k` of a letter. */
const entry = (letter: string, ...value: ReadonlyArray<number | string | Uint8Array>): Uint8Array =>
  bytesOf(1, "k", letter, ...value)

/** As `rabbit_binary_generator:generate_table` of RabbitMQ 3.10 writes them. */
const known: ReadonlyArray<readonly [Field, Uint8Array]> = [
  [{ type: "longstr", value: "a" }, entry("S", 0, 0, 0, 1, "a")],
  [{ type: "signedint", value: -1 }, entry("I", 255, 255, 255, 255)],
  [{ type: "decimal", value: { scale: 1, value: 2 } }, entry("D", 1, 0, 0, 0, 2)],
  [{ type: "timestamp", value: 1 }, entry("T", 0, 0, 0, 0, 0, 0, 0, 1)],
  [{ type: "table", value: new Map() }, entry("F", 0, 0, 0, 0)],
  [{ type: "byte", value: -1 }, entry("b", 255)],
  [{ type: "double", value: 1 }, entry("d", 63, 240, 0, 0, 0, 0, 0, 0)],
  [{ type: "float", value: 1 }, entry("f", 63, 128, 0, 0)],
  [{ type: "long", value: -1 }, entry("l", 255, 255, 255, 255, 255, 255, 255, 255)],
  [{ type: "short", value: -1 }, entry("s", 255, 255)],
  [{ type: "bool", value: true }, entry("t", 1)],
  [{ type: "binary", value: Uint8Array.of(1) }, entry("x", 0, 0, 0, 1, 1)],
  [{ type: "void", value: undefined }, entry("V")],
  [{ type: "array", value: [] }, entry("A", 0, 0, 0, 0)],
  [{ type: "unsignedbyte", value: 255 }, entry("B", 255)],
  [{ type: "unsignedshort", value: 65_535 }, entry("u", 255, 255)],
  [{ type: "unsignedint", value: 2 ** 32 - 1 }, entry("i", 255, 255, 255, 255)],
]

describe("table", () => {
  for (const [one, bytes] of known) {
    test(`writes and reads ${one.type} as RabbitMQ does`, () => {
      const value = new Map([["k", one]])
      assert.deepEqual(write(value), inTable(bytes))
      assert.deepEqual(argumentsOf(declareWith(bytes)), value)
    })
  }

  for (const type of scalarTypes) {
    test(`reads what it writes: ${type}`, () => {
      properties(
        fc.property(scalarOf(type), (one) => {
          const value = new Map([["name", one]])
          assert.deepEqual(read(write(value)), value)
        }),
        500,
      )
    })
  }

  test("reads what it writes, in each other, and in their order", () => {
    properties(
      fc.property(tables, (value) => {
        const again = read(write(value))
        assert.deepEqual(again, value)
        assert.deepEqual([...again.keys()], [...value.keys()])
      }),
      1_000,
    )
  })

  test("takes any octet but 0 for true, `L` for a number with a sign, `U` for 16 bits", () => {
    assert.deepEqual(argumentsOf(declareWith(entry("t", 7))), new Map([["k", { type: "bool", value: true }]]))
    const minusOne = Array.from({ length: 8 }, () => 255)
    assert.deepEqual(argumentsOf(declareWith(entry("L", ...minusOne))), new Map([["k", { type: "long", value: -1 }]]))
    assert.deepEqual(argumentsOf(declareWith(entry("U", 255, 254))), new Map([["k", { type: "short", value: -2 }]]))
  })

  test("keeps a text that is no UTF-8 as its bytes, and writes them again", () => {
    const latin = inTable(entry("S", 0, 0, 0, 2, 0xe9, 0x41))
    const value = read(latin)
    assert.deepEqual(value.get("k"), { type: "longstr", value: Uint8Array.of(0xe9, 0x41) })
    assert.deepEqual(write(value), latin)
  })

  test("counts the first of two values of one name", () => {
    const value = read(inTable(entry("t", 1), entry("t", 0)))
    assert.deepEqual([...value], [["k", { type: "bool", value: true }]])
  })

  test("keeps names that mean something to JavaScript", () => {
    const value = new Map<string, Field>([["__proto__", { type: "bool", value: true }], ["", {
      type: "byte",
      value: 1,
    }]])
    assert.deepEqual([...read(write(value))], [...value])
  })

  test("copies bytes that it keeps", () => {
    const written = write(new Map([["k", { type: "binary", value: Uint8Array.of(1, 2) }]]))
    const value = read(written)
    written.fill(0)
    assert.deepEqual(value.get("k")?.value, Uint8Array.of(1, 2))
  })
})

describe("array", () => {
  test("reads what it writes", () => {
    properties(fc.property(fc.array(field, { maxLength: 6 }), (value) => {
      const pen = new Pen(array.size(value))
      array.write(pen, value)
      assert.deepEqual(array.read(new Cursor(pen.done())), value)
    }))
  })
})

const nested = (depth: number, letter: "A" | "F"): Uint8Array => {
  let inside = new Uint8Array(0)
  for (let i = 0; i < depth; i++) {
    inside = bytesOf(
      ...(letter === "A" && i < depth - 1 ? [] : [1, "k"]),
      letter,
      long(inside.length),
      inside,
    ) as typeof inside
  }
  return inside
}

describe("hostile tables", () => {
  test("are read up to a depth, and refused below it", () => {
    const most = fieldLimits.depth - 1
    for (const letter of ["A", "F"] as const) {
      // not by `readBoth`: Bun's deepEqual takes twice as long for each Map in a Map
      for (const pieces of [[100_000], [1]]) {
        const { frames: [one], error } = readAll(declareWith(nested(most, letter)), { pieces })
        assert.ok(error === undefined && one?.type === "method" && one.method.name === "queue.declare")
        let depth = 1
        for (let inner = one.method.arguments.get("k"); inner !== undefined; depth++) {
          assert.ok(inner.type === "table" || inner.type === "array")
          inner = inner.type === "table" ? inner.value.get("k") : inner.value[0]
        }
        assert.equal(depth, most + 1)
      }
      for (const depth of [most + 1, 500]) {
        const error = readError(declareWith(nested(depth, letter)))
        assert.equal(error._tag, "SyntaxError")
        assert.match(error.message, /at most 64 tables in each other/)
      }
    }
  })

  test("are read up to a number of values, and refused above it", () => {
    const voids = (count: number) => bytesOf(1, "k", "A", long(count), new Uint8Array(count).fill(0x56))
    assert.equal(argumentsOf(declareWith(voids(fieldLimits.fields - 1))).size, 1)
    assert.equal(readError(declareWith(voids(fieldLimits.fields)))._tag, "SyntaxError")
  })

  test("that lie about a length are refused by 502, and cannot reach beyond their table", () => {
    const lies = [
      entry("S", long(2 ** 32 - 1), "a"),
      entry("S", long(2), "a"),
      entry("x", long(2 ** 31), "a"),
      entry("A", long(9), "V"),
      entry("F", long(1), 0),
      entry("F", long(3), 9, "kV"),
      entry("A", long(2), "I", 0),
      entry("I", 0, 0, 0),
      entry("Z"),
      entry("\0"),
      bytesOf(200, "k"),
      bytesOf(1, 0xff, "V"),
      bytesOf(1, "k"),
    ]
    for (const lie of lies) {
      const error = readError(declareWith(lie))
      assert.deepEqual([error._tag, error.code, error.classId, error.methodId], ["SyntaxError", 502, 50, 10])
      // the same with more tables around it, whose bytes it must not take
      assert.equal(readError(declareWith(entry("F", inTable(lie)), entry("V")))._tag, "SyntaxError")
    }
  })

  test("never throw anything but a WireError, whatever the bytes are", () => {
    properties(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, framed) => {
        try {
          read(framed ? inTable(bytes) : bytes)
        } catch (error) {
          assert.ok(isWireError(error), String(error))
        }
      }),
      5_000,
    )
  })

  test("of a type that does not exist are not written", () => {
    assert.throws(() => write(new Map([["k", { type: "none", value: 1 } as never]])), RangeError)
  })
})
