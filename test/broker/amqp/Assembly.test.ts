/**
 * Methods with their contents: put together in any cut, and what is out of turn.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import {
  Assembly,
  type BodyFrame,
  type Content,
  type HeaderFrame,
  isWireError,
  type MethodFrame,
  type Plain,
  type TooLarge,
  type WireError,
  writeContent,
} from "../../../src/broker/amqp/mod.ts"
import { properties } from "../../wire/properties.ts"
import { readAll } from "./support.ts"
import { props } from "./values.ts"

const publish = { name: "basic.publish", exchange: "", routingKey: "q", mandatory: false, immediate: false } as const
const methodFrame: MethodFrame = { type: "method", channel: 1, method: publish }
const plainFrame: MethodFrame = { type: "method", channel: 1, method: { name: "channel.close-ok" } }
const header = (size: number | bigint, classId = 60): HeaderFrame => ({
  type: "header",
  channel: 1,
  classId,
  size,
  properties: {},
})
const body = (length: number, isOwn = false): BodyFrame => ({
  type: "body",
  channel: 1,
  body: new Uint8Array(length).fill(7),
  isOwn,
})

type Frame = MethodFrame | HeaderFrame | BodyFrame
type Taken = Plain | Content | TooLarge | WireError

const take = (frames: ReadonlyArray<Frame>, limit = 1_000_000): ReadonlyArray<Taken> => {
  const assembly = new Assembly(limit)
  return frames.flatMap((frame) => assembly.take(frame) ?? [])
}

describe("Assembly", () => {
  test("puts together what was parted, one message after the other", () => {
    properties(
      fc.property(
        fc.array(fc.tuple(props, fc.uint8Array({ maxLength: 1_000 })), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 400 }),
        (messages, piece) => {
          const assembly = new Assembly(1_000)
          const taken = messages.flatMap(([some, content]) => {
            const { frames } = readAll(writeContent(1, publish, some, content, 4096), { pieces: [piece] })
            return frames.flatMap((frame) => assembly.take(frame as Frame) ?? [])
          })
          const expected = messages.map(([some, content]) => ({
            type: "content",
            method: publish,
            properties: some,
            body: content,
          }))
          assert.deepEqual(taken, expected)
          assert.equal(assembly.held, 0)
        },
      ),
    )
  })

  test("gives a method without content at once", () => {
    assert.deepEqual(take([plainFrame, plainFrame]), [
      { type: "plain", method: plainFrame.method },
      { type: "plain", method: plainFrame.method },
    ])
  })

  test("takes a body in frames of any length, empty ones too", () => {
    const [whole] = take([methodFrame, header(5), body(0), body(2), body(0), body(3)])
    assert.ok(whole !== undefined && !isWireError(whole) && whole.type === "content")
    assert.deepEqual(whole.body, new Uint8Array(5).fill(7))
    const [empty] = take([methodFrame, header(0)])
    assert.ok(empty !== undefined && !isWireError(empty) && empty.type === "content" && empty.body.length === 0)
  })

  test("copies a view and takes over memory of its own", () => {
    for (const isOwn of [false, true]) {
      const frame = body(4, isOwn)
      const [whole] = take([methodFrame, header(4), frame])
      assert.ok(whole !== undefined && !isWireError(whole) && whole.type === "content")
      assert.equal(whole.body.buffer === frame.body.buffer, isOwn)
    }
  })

  test("refuses what is out of turn by 505", () => {
    const cases: ReadonlyArray<ReadonlyArray<Frame>> = [
      [header(0)],
      [body(1)],
      [methodFrame, methodFrame],
      [methodFrame, plainFrame],
      [methodFrame, body(1)],
      [methodFrame, header(1, 50)],
      [methodFrame, header(2), methodFrame],
      [methodFrame, header(2), header(2)],
      [methodFrame, header(2), body(3)],
      [methodFrame, header(2), body(1), body(2)],
      [methodFrame, header(0), body(0)],
    ]
    for (const frames of cases) {
      const taken = take(frames)
      const last = taken.at(-1)
      assert.ok(isWireError(last), JSON.stringify(frames))
      assert.deepEqual([last._tag, last.code], ["UnexpectedFrame", 505])
    }
  })

  test("tells of a body that is too long at its header, skips it, and goes on", () => {
    const [large, plain, ...rest] = take([methodFrame, header(11), body(6), body(5), plainFrame], 10)
    assert.ok(large !== undefined && !isWireError(large) && large.type === "too-large")
    assert.deepEqual([large.size, large.limit], [11, 10])
    assert.ok(plain !== undefined && !isWireError(plain) && plain.type === "plain")
    assert.deepEqual(rest, [])
    for (const frames of [[body(12)], [methodFrame], [body(10), body(2)]]) {
      assert.ok(isWireError(take([methodFrame, header(11), ...frames], 10).at(-1)))
    }
    assert.deepEqual(take([methodFrame, header(2n ** 63n), body(9)], 10).length, 1)
  })

  test("holds little for a long body of which little came", () => {
    const assembly = new Assembly(16 * 1024 * 1024)
    assembly.take(methodFrame)
    assembly.take(header(16 * 1024 * 1024))
    assert.equal(assembly.held, 0)
    assembly.take(body(1))
    assert.ok(assembly.held <= 64 * 1024)
  })
})
