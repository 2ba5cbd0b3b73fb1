/**
 * Cases of the socket suite: peers that go and come back, and the end of a socket.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { type Case, closable, failureOf, filled, message, type Peer, texts, until, within } from "./rig.ts"

/** Losing, coming back, closing. */
export const lives: ReadonlyArray<Case> = [
  {
    name: "a socket connects again to a peer that was started again, and sends what waited",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        let life = yield* closable
        let sink = yield* life.within(listen("PULL"))
        const { at } = sink
        const source = yield* dial("PUSH", at)
        for (let round = 0; round < 3; round++) {
          yield* source.say(`now ${round}`)
          assert.deepEqual(yield* sink.hear, [`now ${round}`])
          yield* source.peers(1)
          yield* life.close
          yield* source.peers(0)
          yield* source.say(`later ${round}`)
          yield* Effect.sleep(30)
          life = yield* closable
          sink = yield* life.within(listen("PULL", {}, at))
          assert.deepEqual(yield* sink.hear, [`later ${round}`])
          yield* source.peers(1)
        }
      }),
  },
  {
    name: "ROUTER and DEALER find each other again, by the same name",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const life = yield* closable
        const first = yield* life.within(listen("ROUTER"))
        const dealer = yield* dial("DEALER", first.at, { identity: "ann" })
        yield* first.peers(1)
        yield* dealer.peers(1)
        yield* life.close
        yield* dealer.peers(0)
        const again = yield* listen("ROUTER", { mandatory: true }, first.at)
        yield* again.peers(1)
        yield* again.say("ann", "there you are")
        assert.deepEqual(yield* dealer.hear, ["there you are"])
      }),
  },
  {
    name: "pauses between attempts grow up to the maximum, and are told",
    needs: ["tellsRetries"],
    run: ({ dial, free }) =>
      Effect.gen(function* () {
        const at = yield* free
        const source = yield* dial("PUSH", at, { reconnect: { first: 8, max: 40 } })
        yield* source.saw("Retrying", 6)
        const retries = source.events.filter((event) => event._tag === "Retrying")
        assert.ok(retries.every(({ endpoint }) => endpoint === at))
        const most = [8, 16, 32, 40, 40, 40]
        for (const [i, mark] of most.entries()) {
          const { delay, why } = retries[i]!
          assert.ok(delay >= mark / 2 && delay <= mark, `Pause ${i} is ${delay} ms`)
          assert.equal(why, "nothing listens there (ECONNREFUSED)")
        }
      }),
  },
  {
    name: "the pause is short again after a connection that worked",
    needs: ["tellsRetries"],
    run: ({ dial, listen, free }) =>
      Effect.gen(function* () {
        const at = yield* free
        const source = yield* dial("PUSH", at, { reconnect: { first: 4, max: 1_000 } })
        yield* source.saw("Retrying", 5)
        const life = yield* closable
        yield* life.within(listen("PULL", {}, at))
        yield* source.peers(1)
        const before = source.events.filter(({ _tag }) => _tag === "Retrying").length
        yield* life.close
        const { delay, why } = yield* source.saw("Retrying", before + 1)
        assert.ok(delay <= 4, `It is ${delay} ms`)
        assert.equal(why, "the peer closed the connection")
      }),
  },
  {
    name: "a socket gives up a peer of a kind that it cannot talk to",
    needs: ["givesUp"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sub = yield* listen("SUB")
        const push = yield* dial("PUSH", sub.at)
        const { endpoint, why } = yield* push.saw("GaveUp")
        assert.equal(endpoint, sub.at)
        assert.match(why, /SUB/)
        assert.match((yield* sub.saw("Disconnected")).why, /It is a "?PUSH"?; expected one of PUB, XPUB for a SUB/)
        // what waited for it waits no more
        assert.equal(push.offer("nobody"), "full")
      }),
  },
  {
    name: "what a peer sent before it went can still be received",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const life = yield* closable
        const source = yield* life.within(dial("PUSH", sink.at))
        for (let i = 0; i < 200; i++) yield* source.say(`${i}`)
        yield* life.close
        yield* sink.saw("Disconnected")
        assert.deepEqual(yield* sink.hearAll(200), Array.from({ length: 200 }, (_, i) => `${i}`))
      }),
  },
  {
    name: "what a peer sent before it went can still be received, however much waits",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("ROUTER", { receiveHighWaterMark: 10 })
        const life = yield* closable
        const source = yield* life.within(dial("DEALER", sink.at, { identity: "ann", sendHighWaterMark: 10_000 }))
        for (let i = 0; i < 3_000; i++) yield* source.say(`${i}`)
        yield* life.close
        yield* Effect.sleep(50)
        assert.deepEqual(yield* sink.hearAll(3_000), Array.from({ length: 3_000 }, (_, i) => `ann|${i}`))
        yield* sink.peers(0)
      }),
  },
  {
    name: "a socket that is closed sends what is unsent first",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const life = yield* closable
        const source = yield* life.within(dial("PUSH", sink.at, { linger: "5 seconds" }))
        const body = filled(100_000)
        // before it is connected, and more than the system has room for
        for (let i = 0; i < 150; i++) yield* source.say(`${i}`, body)
        const heard: Array<string> = []
        sink.socket.deliver(([name, got]) => {
          assert.deepEqual(got!.length, body.length)
          heard.push(texts([name!])[0]!)
        })
        yield* within("the end", life.close)
        yield* until("the last message", () => heard.length === 150)
        assert.deepEqual(heard, Array.from({ length: 150 }, (_, i) => `${i}`))
      }),
  },
  {
    name: "a socket that is closed sends what is unsent although its peer sends too",
    needs: ["endsGently"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const left = yield* listen("DEALER", { sendHighWaterMark: 100_000 })
        const life = yield* closable
        const right = yield* life.within(dial("DEALER", left.at, { linger: "5 seconds", receiveHighWaterMark: 2 }))
        yield* left.peers(1)
        const body = filled(50_000)
        // nobody receives these
        for (let i = 0; i < 300; i++) yield* left.say("noise", body)
        for (let i = 0; i < 100; i++) yield* right.say(`${i}`, body)
        const heard: Array<string> = []
        left.socket.deliver(([name]) => heard.push(texts([name!])[0]!))
        yield* within("the end", life.close)
        yield* until("the last message", () => heard.length === 100)
      }),
  },
  {
    name: "a socket that lingers gives up in the end",
    needs: ["waitsAtEnd"],
    run: ({ dial, free, rawServer }) =>
      Effect.gen(function* () {
        // nobody there; somebody who says nothing; and nothing to wait for
        for (const at of [yield* free, (yield* rawServer).at]) {
          const life = yield* closable
          const source = yield* life.within(dial("PUSH", at, { linger: 60 }))
          yield* source.say("never sent")
          yield* within("the end", life.close)
        }
        const life = yield* closable
        yield* life.within(dial("PUSH", yield* free, { linger: "1 minute" }))
        yield* within("the end", life.close)
      }),
  },
  {
    name: "a socket whose peer reads nothing can be closed",
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const life = yield* closable
        const source = yield* life.within(listen("PUSH", { linger: 60, sendHighWaterMark: 2 }))
        const deaf = yield* raw(source.at)
        deaf.shake("PULL")
        yield* source.peers(1)
        deaf.pause()
        for (let offered = 0; source.offer("x", filled(512 * 1024)) === "sent"; offered++) {
          assert.ok(offered < 300, "It takes messages without end")
          yield* Effect.sleep(1)
        }
        yield* within("the end", life.close)
      }),
  },
  {
    name: "whoever waits for a socket that is closed is told",
    run: ({ listen, open }) =>
      Effect.gen(function* () {
        const life = yield* closable
        const [push, pull] = [yield* life.within(listen("PUSH")), yield* life.within(listen("PULL"))]
        const waiting = [
          yield* Effect.forkChild(Effect.flip(push.socket.send(message("never sent")))),
          yield* Effect.forkChild(Effect.flip(push.socket.send(message("nor this")))),
          yield* Effect.forkChild(Effect.flip(pull.socket.receive)),
          yield* Effect.forkChild(Effect.flip(pull.socket.receive)),
        ]
        yield* Effect.sleep(20)
        yield* life.close
        for (const failure of yield* Fiber.joinAll(waiting)) {
          assert.ok(typeof failure === "object" && failure._tag === "SocketClosed")
        }
        // and so is whoever comes later
        const after: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string; readonly message: string }>> = [
          push.socket.send(message("late")),
          push.socket.bind("tcp://127.0.0.1:0"),
          push.socket.connect("tcp://127.0.0.1:1"),
        ]
        for (const one of after) {
          const failure = yield* failureOf(one)
          assert.equal(failure._tag, "SocketClosed")
          assert.equal(failure.message, "Cannot use this PUSH socket: it is closed")
        }
        assert.equal((yield* failureOf(pull.hear))._tag, "SocketClosed")
        const offered = push.offer("late")
        assert.ok(typeof offered === "object" && offered._tag === "SocketClosed")
        yield* push.socket.unbind("tcp://127.0.0.1:1")
        yield* push.socket.disconnect("tcp://127.0.0.1:1")
        // the endpoint is free at once
        yield* (yield* open("PULL")).socket.bind(pull.at)
      }),
  },
  {
    name: "deliver() is given nothing after the end has begun",
    run: ({ listen, dial, free }) =>
      Effect.gen(function* () {
        const life = yield* closable
        const sink = yield* life.within(listen("DEALER", { linger: 100 }))
        let heard = 0
        sink.socket.deliver(() => void heard++)
        // so that its end takes a while
        yield* sink.socket.connect(yield* free)
        const source = yield* dial("DEALER", sink.at)
        yield* sink.peers(1)
        yield* sink.say("one of these waits")
        yield* sink.say("one of these waits")
        yield* source.say("before")
        yield* until("the first", () => heard === 1)
        const closing = yield* Effect.forkChild(life.close, { startImmediately: true })
        for (let i = 0; i < 10; i++) {
          yield* source.say("after")
          yield* Effect.sleep(5)
        }
        yield* Fiber.join(closing)
        assert.equal(heard, 1)
      }),
  },
  {
    name: "peers that come and go leave nothing behind",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        for (let round = 0; round < 20; round++) {
          const life = yield* closable
          const dealers: Array<Peer> = []
          const names = [0, 1, 2, 3, 4].map((i) => `d${round}-${i}`)
          for (const identity of names) dealers.push(yield* life.within(dial("DEALER", router.at, { identity })))
          for (const dealer of dealers) yield* dealer.say("hello")
          assert.deepEqual((yield* router.hearAll(5)).toSorted(), names.map((name) => `${name}|hello`))
          yield* router.peers(5)
          yield* life.close
          yield* router.peers(0)
        }
      }),
  },
]
