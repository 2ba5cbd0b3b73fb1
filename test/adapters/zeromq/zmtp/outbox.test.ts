/**
 * Outbox: what is added is written in order, once a turn, and what was given away stays as it was.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { concat } from "../../../../adapters/zeromq/zmtp/bytes.ts"
import { Flag } from "../../../../adapters/zeromq/zmtp/frames.ts"
import { Outbox } from "../../../../adapters/zeromq/zmtp/Outbox.ts"
import { encodeFrame, hex } from "./support.ts"

/** The longest body that is copied, bytes. */
const copied = 16 * 1024

const turn = () => new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)))

const body = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  // around the forms of a size, what is copied, and the lengths of common pieces
  fc.constantFrom(0, 255, 256, 1_000, 1_022, 1_024, 8_000, copied - 1, copied, copied + 1, 65_536, 100_000).chain((
    size,
  ) => fc.nat(255).map((byte) => new Uint8Array(size).fill(byte))),
)
type Step =
  | { readonly kind: "bytes" | "frame" | "command"; readonly body: Uint8Array }
  | { readonly kind: "message"; readonly frames: ReadonlyArray<Uint8Array> }
  | { readonly kind: "flush" }
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("bytes" as const, "frame" as const, "command" as const), body }),
  fc.record({ kind: fc.constant("message" as const), frames: fc.array(body, { minLength: 1, maxLength: 4 }) }),
  fc.constant({ kind: "flush" as const }),
)

const add = (outbox: Outbox, step: Step): void => {
  if (step.kind === "flush") outbox.flush()
  else if (step.kind === "message") outbox.addMessage(step.frames)
  else if (step.kind === "bytes") outbox.add(step.body)
  else outbox.addFrame(step.kind === "command" ? Flag.command : 0, step.body)
}

const expectedOf = (step: Step): ReadonlyArray<Uint8Array> => {
  if (step.kind === "flush") return []
  if (step.kind === "bytes") return [step.body]
  if (step.kind !== "message") return [encodeFrame(step.kind === "command" ? Flag.command : 0, step.body)]
  const last = step.frames.length - 1
  return step.frames.map((frame, i) => encodeFrame(i < last ? Flag.more : 0, frame))
}

describe("Outbox", () => {
  test("writes everything in order, whatever the sizes, and never writes again into what it gave away", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 20 }), { maxLength: 4 }), async (turns) => {
        const given: Array<Uint8Array> = []
        const seen: Array<string> = []
        const outbox = new Outbox((pieces) => {
          for (const piece of pieces) {
            given.push(piece)
            seen.push(hex(piece))
          }
        })
        for (const steps of turns) {
          for (const one of steps) add(outbox, one)
          await turn()
          assert.equal(outbox.size, 0)
        }
        const expected = concat(...turns.flat().flatMap(expectedOf))
        assert.equal(seen.join(""), hex(expected))
        // as the stream reads them, which may be later
        assert.deepEqual(given.map(hex), seen)
      }),
      { numRuns: 100 },
    )
  })

  test("writes once a turn, and only when something was added", async () => {
    let writes = 0
    const outbox = new Outbox(() => void writes++)
    await turn()
    assert.equal(writes, 0)
    for (let i = 0; i < 100; i++) outbox.addFrame(0, Uint8Array.of(i))
    assert.equal(writes, 0)
    await turn()
    assert.equal(writes, 1)
    outbox.flush()
    await turn()
    assert.equal(writes, 1)
  })

  test("writes what is added while it writes, too", async () => {
    const written: Array<string> = []
    const outbox = new Outbox((pieces) => {
      written.push(hex(concat(...pieces)))
      if (written.length < 3) outbox.addFrame(0, Uint8Array.of(written.length))
    })
    outbox.addFrame(0, Uint8Array.of(0))
    outbox.flush()
    await turn()
    await turn()
    assert.deepEqual(written, ["000100", "000101", "000102"])
  })

  test("makes one piece of many small frames", async () => {
    const pieces: Array<number> = []
    const outbox = new Outbox((given) => void pieces.push(given.length))
    // the first pieces are short, later ones hold this many
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 300; i++) outbox.addFrame(0, new Uint8Array(10))
      await turn()
    }
    assert.equal(pieces.at(-1), 1)
    assert.ok(pieces.every((count) => count <= 4), String(pieces))
  })

  test("does not copy long bodies", async () => {
    const long = new Uint8Array(copied + 1)
    const given: Array<Uint8Array> = []
    const outbox = new Outbox((pieces) => void given.push(...pieces))
    outbox.addMessage([Uint8Array.of(1), long, Uint8Array.of(2)])
    await turn()
    assert.equal(given.length, 3)
    assert.ok(given[1] === long)
  })

  test("counts what is not written yet", () => {
    const outbox = new Outbox(() => {})
    outbox.add(new Uint8Array(64))
    outbox.addFrame(0, new Uint8Array(10))
    outbox.addFrame(Flag.command, new Uint8Array(20_000))
    assert.equal(outbox.size, 64 + 12 + 9 + 20_000)
    outbox.flush()
    assert.equal(outbox.size, 0)
  })

  test("holds little for a connection that says little", () => {
    let held = 0
    const outbox = new Outbox((pieces) => void (held = Math.max(...pieces.map(({ buffer }) => buffer.byteLength))))
    outbox.add(new Uint8Array(64))
    outbox.addFrame(Flag.command, new Uint8Array(40))
    outbox.flush()
    assert.ok(held > 0 && held <= 1024, String(held))
  })
})
