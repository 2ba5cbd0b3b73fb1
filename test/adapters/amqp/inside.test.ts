/**
 * What is relied on inside the library: that it is there, and what is done with it.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { channelInsideOf, type Inside, insideOf, onClosing, unblock } from "../../../adapters/amqp/inside.ts"

const bytes = new Uint8Array([1, 2, 3])

/** A socket that is full: it takes what it is given, and says that it should not be given more. */
const full = () => {
  const written: Array<Uint8Array> = []
  return { written, write: (part: Uint8Array) => written.push(part) < 0, cork: () => {}, uncork: () => {} }
}

describe("the inside of the library", () => {
  test("a connection or a channel without what is relied on is refused, with the remedy", () => {
    const remedy = /amqplib is not one that Warren works with; install the one it asks for/
    assert.throws(() => insideOf({}), remedy)
    assert.throws(() => channelInsideOf({ ch: 1, toClosing: () => {} }, "confirm"), remedy)
    assert.throws(() => channelInsideOf({ ch: 1 }, "plain"), remedy)
    assert.equal(channelInsideOf({ ch: 1, toClosing: () => {} }, "plain").ch, 1)
  })

  test("what the library writes does not wait for a socket that is full of publishes", () => {
    const stream = full()
    const inside: Inside = {
      stream,
      muxer: { out: stream },
      frameMax: 8_192,
      expectSocketClose: false,
      sentSinceLastCheck: false,
      rest: new Uint8Array(0),
      recvFrame: () => false,
    }
    assert.equal(inside.muxer.out.write(bytes), false)
    unblock(inside)
    assert.equal(inside.muxer.out.write(bytes), true)
    assert.deepEqual(stream.written, [bytes, bytes])
  })

  test("a channel that begins to close is told before it says so to the broker", () => {
    const said: Array<unknown> = []
    const channel = {
      ch: 1,
      toClosing: (...details: ReadonlyArray<unknown>) => void said.push(details),
      pushConfirmCallback: () => {},
    }
    onClosing(channel, () => said.push("closing"))
    channel.toClosing("why", 1)
    assert.deepEqual(said, ["closing", ["why", 1]])
  })
})
