/**
 * Commands, properties, heartbeats and subscriptions: written and read again, and refused when they are broken.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import {
  concat,
  isEqual,
  readUint32,
  toHex,
  toQuoted,
  toText,
  writeUint32,
} from "../../../../adapters/zeromq/zmtp/bytes.ts"
import {
  decodeCommand,
  decodeError,
  decodeMetadata,
  decodePing,
  decodeSubscription,
  encodeCommand,
  encodeError,
  encodeMetadata,
  encodePing,
  encodePong,
  encodeSubscription,
} from "../../../../adapters/zeromq/zmtp/commands.ts"
import { isProtocolError } from "../../../../adapters/zeromq/zmtp/ProtocolError.ts"
import { bytes, errorOf, hex, unhex, valueOf } from "./support.ts"

const name = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 255 })
const value = fc.uint8Array({ maxLength: 300 })

describe("decodeCommand()", () => {
  test("reads what was written", () => {
    fc.assert(fc.property(name, fc.array(value, { maxLength: 3 }), (name, data) => {
      const read = valueOf(decodeCommand(encodeCommand(name, ...data)))
      assert.deepEqual([read.name, hex(read.data)], [name, hex(concat(...data))])
    }))
  })

  test("refuses a command without a name, and one that ends within it", () => {
    for (const body of ["", "00", "00ff", "05", "0541", "05 41424344"]) {
      assert.match(errorOf(decodeCommand(unhex(body))).detail, /command of \d bytes without a name/)
    }
    assert.equal(valueOf(decodeCommand(unhex("05 4142434445"))).name, "ABCDE")
  })

  test("does not take a name for another that only looks alike", () => {
    assert.notEqual(valueOf(decodeCommand(concat(unhex("08 efbbbf"), bytes("READY")))).name, "READY")
  })
})

describe("decodeMetadata()", () => {
  test("reads what was written, names in lower case, the last of equal ones", () => {
    fc.assert(fc.property(fc.array(fc.tuple(name, value), { maxLength: 20 }), (properties) => {
      const read = valueOf(decodeMetadata(encodeMetadata(properties)))
      const expected = new Map(properties.map(([name, value]) => [name.toLowerCase(), hex(value)]))
      assert.deepEqual(new Map([...read].map(([name, value]) => [name, hex(value)])), expected)
    }))
  })

  test("does not care for upper and lower case", () => {
    for (const spelled of ["Socket-Type", "socket-type", "SOCKET-TYPE", "sOcKeT-tYpE"]) {
      const read = valueOf(decodeMetadata(encodeMetadata([[spelled, bytes("REP")]])))
      assert.equal(toText(read.get("socket-type")!), "REP")
    }
  })

  test("refuses properties that end in the middle", () => {
    const whole = encodeMetadata([["Socket-Type", bytes("DEALER")], ["Identity", bytes("me")]])
    const ends = new Set([0, 22, whole.length])
    for (let length = 0; length <= whole.length; length++) {
      const read = decodeMetadata(whole.subarray(0, length))
      if (ends.has(length)) assert.equal(isProtocolError(read), false)
      else assert.match(errorOf(read).detail, /end in the middle of a (name|value)/)
    }
  })

  test("refuses a name of no length, and a value longer than all", () => {
    assert.match(errorOf(decodeMetadata(unhex("00 00000000"))).detail, /middle of a name/)
    assert.match(errorOf(decodeMetadata(unhex("01 41 ffffffff"))).detail, /middle of a value/)
    assert.match(errorOf(decodeMetadata(unhex("01 41 7fffffff 00"))).detail, /middle of a value/)
  })

  test("refuses too many properties", () => {
    const properties = (count: number) =>
      encodeMetadata(Array.from({ length: count }, (_, i) => [`X-${i}`, bytes("1")] as const))
    assert.equal(valueOf(decodeMetadata(properties(64))).size, 64)
    assert.match(errorOf(decodeMetadata(properties(65))).detail, /more than 64 properties/)
  })

  test("reads or refuses whatever comes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => void decodeMetadata(noise)))
  })
})

describe("PING and PONG", () => {
  test("carry the time to live in tenths of a second, rounded up, at most 6553.5 s", () => {
    for (
      const [ttl, read] of [[0, 0], [1, 100], [100, 100], [101, 200], [2_000, 2_000], [6_553_500, 6_553_500], [
        1e12,
        6_553_500,
      ]]
    ) {
      const { name, data } = valueOf(decodeCommand(encodePing(ttl!)))
      assert.equal(name, "PING")
      assert.deepEqual(decodePing(data), { ttl: read, context: new Uint8Array(0) })
    }
  })

  test("give the context back", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 16 }), (context) => {
      const ping = valueOf(decodePing(concat(unhex("0014"), context)))
      assert.equal(ping.ttl, 2_000)
      assert.equal(hex(encodePong(ping.context)), `04${hex(bytes("PONG"))}${hex(context)}`)
    }))
  })

  test("are refused without a time to live, and with too long a context", () => {
    assert.match(errorOf(decodePing(unhex(""))).detail, /PING of 0 bytes/)
    assert.match(errorOf(decodePing(unhex("00"))).detail, /PING of 1 bytes/)
    assert.match(errorOf(decodePing(new Uint8Array(19))).detail, /context of over 16 bytes/)
  })
})

describe("ERROR", () => {
  test("carries a reason of at most 255 bytes", () => {
    for (const reason of ["400", "Invalid socket type", "ä".repeat(200)]) {
      const { name, data } = valueOf(decodeCommand(encodeError(reason)))
      assert.equal(name, "ERROR")
      assert.equal(data.length, 1 + data[0]!)
      assert.ok(data[0]! <= 255)
    }
    assert.equal(decodeError(valueOf(decodeCommand(encodeError("400"))).data), '"400"')
  })

  test("shows a reason as people may see it, if there is one", () => {
    for (const data of ["", "00", "00 313233"]) assert.equal(decodeError(unhex(data)), "no reason given")
    assert.equal(decodeError(unhex("02 0a07")), '"\\n\\u0007"')
    // one that is shorter than it says is shown as far as it goes
    assert.equal(decodeError(unhex("ff 6f6b")), '"ok"')
    assert.equal(decodeError(concat(unhex("ff"), new Uint8Array(255).fill(0x78))), `"${"x".repeat(64)}"…`)
  })
})

describe("subscriptions", () => {
  test("are commands for 3.1", () => {
    fc.assert(fc.property(fc.boolean(), value, (wanted, topic) => {
      const { name, data } = valueOf(decodeCommand(encodeSubscription(1, { wanted, topic })))
      assert.deepEqual([name, hex(data)], [wanted ? "SUBSCRIBE" : "CANCEL", hex(topic)])
    }))
  })

  test("are messages for 3.0", () => {
    fc.assert(fc.property(fc.boolean(), value, (wanted, topic) => {
      const read = decodeSubscription(encodeSubscription(0, { wanted, topic }))
      assert.deepEqual([read?.wanted, hex(read!.topic)], [wanted, hex(topic)])
    }))
    for (const other of ["", "02", "ff00"]) assert.equal(decodeSubscription(unhex(other)), undefined)
  })
})

describe("bytes", () => {
  test("32 bits are written and read again", () => {
    fc.assert(fc.property(fc.nat(0xffffffff), fc.nat(4), (value, at) => {
      const target = new Uint8Array(8)
      writeUint32(value, target, at)
      assert.equal(new DataView(target.buffer).getUint32(at), value)
      assert.equal(readUint32(target, at), value)
    }))
  })

  test("isEqual() compares all of them", () => {
    fc.assert(fc.property(value, value, (a, b) => {
      assert.equal(isEqual(a, b), hex(a) === hex(b))
      assert.equal(isEqual(a, a.slice()), true)
    }))
  })

  test("toHex() and toQuoted() show a little of much", () => {
    assert.equal(toHex(unhex("00ff10")), "00ff10")
    assert.equal(toHex(new Uint8Array(17)), `${"00".repeat(16)}…`)
    assert.equal(toQuoted(bytes('a"\n')), '"a\\"\\n"')
    assert.equal(toQuoted(new Uint8Array(1_000).fill(0x61), 3), '"aaa"…')
  })
})
