/**
 * What a socket does to streams at moments that no network brings about on demand: streams in memory, and Effect's test clock.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import {
  type ByteStream,
  openSocket,
  type SocketEvent,
  type StreamEvents,
  Streams,
} from "../../../../adapters/zeromq/zmtp/mod.ts"
import type { Accept } from "../../../../adapters/zeromq/zmtp/Streams.ts"
import { bytes, message } from "./rig.ts"
import { greeting, messageBytes, ready } from "./RawPeer.ts"

/** A stream whose other end is the test. */
class Memory {
  readonly calls: Array<string> = []
  /** Whether the system takes more. */
  takes = true
  events: StreamEvents | undefined
  readonly stream: ByteStream = {
    write: () => this.takes,
    pause: () => void this.calls.push("pause"),
    resume: () => void this.calls.push("resume"),
    end: () => {
      this.calls.push("end")
      if (this.takes) this.#close()
    },
    destroy: () => {
      this.calls.push("destroy")
      this.#close()
    },
    remote: "memory",
  }
  #isClosed = false

  /** Gives it to a socket. */
  open(accept: Accept): void {
    this.events = accept(this.stream)
  }

  say(...pieces: ReadonlyArray<Uint8Array>): void {
    for (const piece of pieces) this.events!.onData(piece)
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    queueMicrotask(() => this.events!.onClosed(undefined))
  }

  /** Says what a socket of a kind says first. */
  shake(type: string): void {
    this.say(greeting(), ready(type))
  }
}

/** A network in which each connection gives the next of these streams. */
const network = (streams: ReadonlyArray<Memory>, opened: () => Effect.Effect<void> = () => Effect.void) => {
  let next = 0
  return Layer.succeed(Streams, {
    connect: (_, accept) =>
      Effect.suspend(() => {
        const stream = streams[next++]
        if (stream === undefined) return Effect.never
        stream.open(accept)
        return opened()
      }),
    listen: (endpoint) => Effect.succeed(endpoint),
  })
}

const settle = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))

const onClock = <A, E>(effect: Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, TestClock.layer()))

describe("sockets on streams", () => {
  test("disconnect() closes a stream that has just been opened", () =>
    onClock(Effect.scoped(Effect.gen(function* () {
      const stream = new Memory()
      stream.takes = false
      // the socket has the stream, but whoever opened it has not been told
      const net = network([stream], () => Effect.never)
      const socket = yield* Effect.provide(openSocket("PUSH"), net)
      yield* socket.connect("tcp://127.0.0.1:1")
      yield* settle
      assert.notEqual(stream.events, undefined)
      yield* socket.disconnect("tcp://127.0.0.1:1")
      assert.ok(stream.calls.includes("end"))
      yield* TestClock.adjust("1 second")
      yield* settle
      assert.ok(stream.calls.includes("destroy"))
    }))))

  test("a peer that breaks the rules and reads nothing does not keep its stream", () =>
    onClock(Effect.scoped(Effect.gen(function* () {
      const stream = new Memory()
      const socket = yield* Effect.provide(openSocket("PUSH"), network([stream]))
      yield* socket.connect("tcp://127.0.0.1:1")
      yield* settle
      stream.takes = false
      stream.shake("PULL")
      stream.say(Uint8Array.of(0xff))
      yield* settle
      assert.deepEqual(stream.calls, ["end"])
      yield* TestClock.adjust("2 seconds")
      yield* settle
      assert.deepEqual(stream.calls, ["end", "destroy"])
    }))))

  test("the end reads on, so that the system does not break off what is still to be sent", () =>
    onClock(Effect.gen(function* () {
      const stream = new Memory()
      yield* Effect.scoped(Effect.gen(function* () {
        const socket = yield* Effect.provide(
          openSocket("DEALER", { receiveHighWaterMark: 1, linger: 0 }),
          network([stream]),
        )
        yield* socket.connect("tcp://127.0.0.1:1")
        yield* settle
        stream.shake("DEALER")
        stream.say(messageBytes("nobody receives this"))
        assert.deepEqual(stream.calls, ["pause"])
      }))
      assert.deepEqual(stream.calls.slice(0, 3), ["pause", "end", "resume"])
      assert.ok(stream.calls.includes("destroy"))
    })))

  test("what waits goes when the system takes more, in its order", () =>
    onClock(Effect.scoped(Effect.gen(function* () {
      const stream = new Memory()
      const socket = yield* Effect.provide(openSocket("PUSH", { sendHighWaterMark: 2 }), network([stream]))
      yield* socket.connect("tcp://127.0.0.1:1")
      yield* settle
      stream.shake("PULL")
      yield* settle
      stream.takes = false
      const offers = () => socket.offer(message("x"))
      assert.equal(offers(), "sent")
      yield* settle
      assert.deepEqual([offers(), offers(), offers()], ["sent", "sent", "full"])
      const sending = yield* Effect.forkChild(socket.send(message("waits")))
      yield* settle
      assert.equal(socket.stats().unsent, 2)
      stream.takes = true
      stream.events!.onDrain()
      yield* Fiber.join(sending)
      yield* settle
      assert.equal(socket.stats().unsent, 0)
    }))))

  test("a peer that is silent before its handshake is over has time until the handshake's end", () =>
    onClock(Effect.scoped(Effect.gen(function* () {
      const stream = new Memory()
      const events: Array<SocketEvent> = []
      const options = { heartbeat: { interval: 100 }, handshakeTimeout: "2 seconds" } as const
      const socket = yield* Effect.provide(
        openSocket("PUSH", options, (event) => events.push(event)),
        network([stream]),
      )
      yield* socket.connect("tcp://127.0.0.1:1")
      yield* settle
      yield* TestClock.adjust("1900 millis")
      yield* settle
      assert.deepEqual(events, [])
      yield* TestClock.adjust("100 millis")
      yield* settle
      const why = "its handshake took longer than 2000 ms"
      assert.deepEqual((events as ReadonlyArray<SocketEvent>).map(({ _tag }) => _tag), ["Disconnected", "Retrying"])
      assert.ok(
        (events as ReadonlyArray<SocketEvent>).every((event) => event._tag !== "Disconnected" || event.why === why),
      )
    }))))

  test("a message that comes in one piece with the handshake is not lost", () =>
    onClock(Effect.scoped(Effect.gen(function* () {
      const stream = new Memory()
      const socket = yield* Effect.provide(openSocket("DEALER"), network([stream]))
      yield* socket.connect("tcp://127.0.0.1:1")
      yield* settle
      stream.say(
        Uint8Array.from([...greeting(), ...ready("DEALER"), ...messageBytes("at once"), ...messageBytes("two")]),
      )
      stream.stream.end()
      assert.deepEqual(yield* socket.receive, message("at once"))
      assert.deepEqual(yield* socket.receive, [bytes("two")])
    }))))
})
