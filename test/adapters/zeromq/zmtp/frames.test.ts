/**
 * Frames: what is written is read again however it is cut, and what is too long gets no memory.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { concat } from "../../../../adapters/zeromq/zmtp/bytes.ts"
import { Flag, FrameReader, headerLength, writeHeader } from "../../../../adapters/zeromq/zmtp/frames.ts"
import { cutting, encodeFrame, errorOf, hex, readFrames, unhex, valueOf } from "./support.ts"

const KiB = 1024
const MiB = 1024 * KiB

const filled = (size: number) => new Uint8Array(size).fill(size % 256)
const body = fc.oneof(
  { weight: 12, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  // around the two forms of a size
  { weight: 12, arbitrary: fc.constantFrom(0, 1, 254, 255, 256, 257, 3_000).map(filled) },
  // around what is given room at once
  { weight: 1, arbitrary: fc.constantFrom(64 * KiB - 1, 64 * KiB, 64 * KiB + 1, 150_000).map(filled) },
)
const frame = fc.record({ flags: fc.constantFrom(0, Flag.more, Flag.command), body })

describe("FrameReader", () => {
  test("reads what was written, however it is cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), cutting, (frames, cut) => {
        const stream = concat(...frames.map(({ flags, body }) => encodeFrame(flags, body)))
        const read = readFrames(cut(stream))
        assert.equal(read.error, undefined)
        assert.deepEqual(
          read.frames.map(({ command, more, body }) => ({ command, more, body: hex(body) })),
          frames.map(({ flags, body }) => ({
            command: flags === Flag.command,
            more: flags === Flag.more,
            body: hex(body),
          })),
        )
      }),
      { numRuns: 60 },
    )
  })

  test("reads on where it was left waiting, with what came meanwhile", () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 6 }), cutting, fc.nat(3), (frames, cut, turns) => {
        const stream = concat(...frames.map(({ flags, body }) => encodeFrame(flags, body)))
        const reader = new FrameReader(() => Infinity)
        const read: Array<string> = []
        // fewer frames are asked for than there are, and the rest in the end
        for (const piece of cut(stream)) {
          reader.push(piece)
          for (let turn = 0; turn < turns; turn++) {
            const next = reader.next()
            if (next === undefined) break
            read.push(hex(valueOf(next).body))
          }
        }
        for (let next = reader.next(); next !== undefined; next = reader.next()) read.push(hex(valueOf(next).body))
        assert.deepEqual(read, frames.map(({ body }) => hex(body)))
        assert.equal(reader.held, 0)
      }),
      { numRuns: 30 },
    )
  })

  test("gives a view of a message that came in one piece, and a copy of a command", () => {
    for (const [flags, shared] of [[0, true], [Flag.command, false]] as const) {
      // as the runtimes give it: `slice` of a Buffer would be a view too
      const stream = Buffer.from(encodeFrame(flags, new Uint8Array(1_000)))
      const { frames: [only] } = readFrames([stream])
      assert.equal(only!.body.buffer === stream.buffer, shared)
    }
  })

  test("takes a short body behind a long size", () => {
    const { frames } = readFrames([unhex("02 0000000000000002 6869")])
    assert.equal(hex(frames[0]!.body), "6869")
  })

  test("refuses flags that nobody may set, as soon as it sees them", () => {
    for (let flags = 0; flags < 256; flags++) {
      const reader = new FrameReader(() => Infinity)
      reader.push(Uint8Array.of(flags))
      const known = flags < 8 && (flags & 5) !== 5
      if (known) assert.equal(reader.next(), undefined)
      else assert.match(errorOf(reader.next()).detail, flags < 8 ? /command in several frames/ : /flags \d+; expected/)
    }
  })

  test("asks for the limit of what it is", () => {
    const asked: Array<boolean> = []
    const limit = (command: boolean) => {
      asked.push(command)
      return 100
    }
    readFrames([concat(encodeFrame(0, new Uint8Array(100)), encodeFrame(Flag.command, new Uint8Array(100)))], limit)
    assert.deepEqual(asked, [false, true])
    for (const [flags, what] of [[0, "frame"], [Flag.more, "frame"], [Flag.command, "command"]] as const) {
      const { error } = readFrames([encodeFrame(flags, new Uint8Array(101))], limit)
      assert.equal(error?.detail, `It sends a ${what} of 101 bytes; expected at most 100`)
    }
  })

  test("refuses what is too long when its size is known, whatever the size, and holds nothing for it", () => {
    const sizes = ["8000000000000000", "ffffffffffffffff", "7fffffffffffffff", "0020000000000000", "0000000004000001"]
    for (const size of sizes) {
      for (
        const cut of [(all: Uint8Array) => [all], (all: Uint8Array) => Array.from(all, (byte) => Uint8Array.of(byte))]
      ) {
        const reader = new FrameReader(() => 64 * MiB)
        const header = cut(unhex(`02 ${size}`))
        header.forEach((piece, i) => {
          reader.push(piece)
          const next = reader.next()
          if (i < header.length - 1) assert.equal(next, undefined)
          else assert.match(errorOf(next).detail, /frame of \d+ bytes; expected at most 67108864/)
        })
        assert.equal(reader.held, 0)
      }
    }
  })

  test("holds no more for a long body than what came of it, doubled", () => {
    const size = 64 * MiB
    const reader = new FrameReader(() => size)
    reader.push(unhex("02 0000000004000000"))
    assert.equal(reader.next(), undefined)
    assert.equal(reader.held, 0)
    let sent = 0
    for (let i = 0; i < 40; i++) {
      const piece = new Uint8Array(1 + i * 700)
      sent += piece.length
      reader.push(piece)
      assert.equal(reader.next(), undefined)
      assert.ok(reader.held <= Math.max(64 * KiB, 2 * sent), `${reader.held} bytes for ${sent}`)
    }
  })
})

describe("writeHeader()", () => {
  test("writes what RFC 37 says for any size", () => {
    const sizes = fc.oneof(fc.nat(600), fc.constantFrom(255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1), fc.maxSafeNat())
    fc.assert(fc.property(sizes, fc.constantFrom(0, Flag.more, Flag.command), fc.nat(5), (size, flags, at) => {
      const target = new Uint8Array(20)
      const end = writeHeader(flags, size, target, at)
      assert.equal(end - at, headerLength(size))
      const written = hex(target.subarray(at, end))
      const two = (value: number) => value.toString(16).padStart(2, "0")
      assert.equal(
        written,
        size < 256 ? two(flags) + two(size) : two(flags + 2) + BigInt(size).toString(16).padStart(16, "0"),
      )
    }))
  })
})
