/**
 * Cases of the socket suite: which peer gets a message, whose message is next, and that it comes as it was.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { type Case, failureOf, filled, message, type Peer, same, texts, until } from "./rig.ts"

/** Sends numbers, each with a prefix. */
const count = Effect.fnUntraced(function* (peer: Peer, prefix: string, from: number, to: number) {
  for (let i = from; i <= to; i++) yield* peer.say(`${prefix}${i}`)
})

/** Turns, order, and messages as they are. */
export const routing: ReadonlyArray<Case> = [
  ...(["PUSH", "DEALER"] as const).map((type): Case => ({
    name: `${type} sends to each peer in turn`,
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const source = yield* listen(type)
        const sinks: Array<Peer> = []
        for (let i = 0; i < 3; i++) sinks.push(yield* dial(type === "PUSH" ? "PULL" : "DEALER", source.at))
        yield* source.peers(3)
        yield* count(source, "m", 1, 6)
        const heard = yield* Effect.forEach(sinks, (sink) => sink.hearAll(2))
        assert.deepEqual(heard.toSorted(), [["m1", "m4"], ["m2", "m5"], ["m3", "m6"]])
      }),
  })),
  {
    name: "PUSH that connects to several shares out from the start",
    run: ({ listen, open }) =>
      Effect.gen(function* () {
        const sinks = [yield* listen("PULL"), yield* listen("PULL")]
        const source = yield* open("PUSH")
        for (const { at } of sinks) yield* source.socket.connect(at)
        yield* count(source, "m", 1, 4)
        const heard = yield* Effect.forEach(sinks, (sink) => sink.hearAll(2))
        assert.deepEqual(heard.toSorted(), [["m1", "m3"], ["m2", "m4"]])
      }),
  },
  ...(["PULL", "DEALER", "ROUTER"] as const).map((type): Case => ({
    name: `${type} hears each peer in turn`,
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen(type)
        const from = type === "PULL" ? "PUSH" : "DEALER"
        const sources = [yield* dial(from, sink.at), yield* dial(from, sink.at), yield* dial(from, sink.at)]
        yield* sink.peers(3)
        for (const [i, source] of sources.entries()) yield* count(source, "abc"[i]!, 1, 40)
        yield* Effect.sleep(150)
        const heard = (yield* sink.hearAll(120)).map((one) => one.split("|").at(-1)!)
        for (const prefix of "abc") {
          // a third of any stretch, give or take what was first in the queue
          const early = heard.slice(0, 30).filter((one) => one.startsWith(prefix)).length
          assert.ok(early >= 8 && early <= 12, `${early} of the first 30 came from ${prefix}: ${heard.join()}`)
          const own = heard.filter((one) => one.startsWith(prefix))
          assert.deepEqual(own, Array.from({ length: 40 }, (_, i) => `${prefix}${i + 1}`))
        }
      }),
  })),
  {
    name: "a message keeps its frames, empty ones among them",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("DEALER")
        const source = yield* dial("DEALER", sink.at)
        const all = [[""], ["", ""], ["", "a", ""], ["a", "", "", "b"], Array.from({ length: 300 }, (_, i) => `${i}`)]
        for (const frames of all) yield* source.say(...frames)
        for (const frames of all) assert.deepEqual(yield* sink.hear, frames)
      }),
  },
  {
    name: "a message keeps its bytes, whatever its size",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("DEALER")
        const source = yield* dial("DEALER", sink.at)
        const sizes = [0, 1, 254, 255, 256, 257, 16_384, 16_385, 65_535, 65_536, 1_048_576, 1]
        for (const size of sizes) yield* source.say(filled(size), "end")
        for (const size of sizes) {
          const [body, end] = yield* sink.hearRaw
          assert.ok(same(body, filled(size)), `${size} bytes differ`)
          assert.equal(texts([end!])[0], "end")
        }
      }),
  },
  {
    name: "messages keep their order, sent and offered",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const source = yield* dial("PUSH", sink.at)
        const heard = yield* Effect.forkChild(sink.hearAll(4_000))
        for (let i = 0; i < 4_000; i++) {
          const taken = i % 3 === 0 && source.offer(`${i}`) === "sent"
          if (!taken) yield* source.say(`${i}`)
        }
        const joined = yield* Fiber.join(heard)
        assert.deepEqual(joined, Array.from({ length: 4_000 }, (_, i) => `${i}`))
      }),
  },
  {
    name: "deliver() gives what waits, then each message as it comes, and receive() nothing",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const source = yield* dial("PUSH", sink.at)
        yield* count(source, "m", 1, 3)
        assert.deepEqual(yield* sink.hear, ["m1"])
        const heard: Array<string> = []
        sink.socket.deliver((message) => heard.push(texts(message).join()))
        yield* until("the first", () => heard.length === 2)
        yield* count(source, "m", 4, 500)
        yield* until("the others", () => heard.length === 499)
        assert.deepEqual(heard, Array.from({ length: 499 }, (_, i) => `m${i + 2}`))
        yield* sink.quiet(20)
      }),
  },
  {
    name: "deliver() may send at once",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const server = yield* listen("ROUTER")
        server.socket.deliver((message) => void server.socket.offer(message))
        const client = yield* dial("DEALER", server.at)
        let turns = 0
        client.socket.deliver(() => {
          if (++turns < 500) client.socket.offer(message(`${turns}`))
        })
        yield* client.say("0")
        yield* until("the last turn", () => turns === 500)
      }),
  },
  {
    name: "send() and receive() fail on sockets that go one way only",
    run: ({ open }) =>
      Effect.gen(function* () {
        for (const type of ["PULL", "SUB"] as const) {
          const { say, offer } = yield* open(type)
          const offered = offer("x")
          assert.ok(typeof offered === "object" && offered._tag === "OutOfTurn")
          const failure = yield* failureOf(say("x"))
          assert.equal(failure._tag, "OutOfTurn")
          assert.equal(failure.message, `Cannot send: a ${type} socket only receives`)
        }
        for (const type of ["PUSH", "PUB"] as const) {
          const failure = yield* failureOf((yield* open(type)).hear)
          assert.equal(failure._tag, "OutOfTurn")
          assert.equal(failure.message, `Cannot receive: a ${type} socket only sends`)
        }
      }),
  },
  {
    name: "send() refuses a message without frames",
    run: ({ open }) =>
      Effect.gen(function* () {
        const { say, offer } = yield* open("PUSH")
        const failure = yield* failureOf(say())
        assert.equal(failure._tag, "UnfitMessage")
        assert.equal(failure.message, "Cannot send this message: it has no frames; expected one or more")
        const offered = offer()
        assert.ok(typeof offered === "object" && offered._tag === "UnfitMessage")
      }),
  },
]
