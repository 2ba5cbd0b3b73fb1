/**
 * Cases of the socket suite: how much may wait, who waits then, and what an interrupted wait leaves behind.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { bytes, type Case, filled, loopback, message, type Peer, texts, until } from "./rig.ts"

/** So large that few of them fit into what the system buffers. */
const heavy = filled(512 * 1024)

/** Sends heavy messages until nothing goes any more; says how many went, and who still sends. */
const fill = Effect.fnUntraced(function* (source: Peer) {
  let sent = 0
  const sending = yield* Effect.forkChild(
    Effect.forever(Effect.andThen(
      Effect.suspend(() => source.socket.send(message(`${sent}`, heavy))),
      Effect.sync(() => {
        assert.ok(++sent < 300, "It takes messages without end")
      }),
    )),
  )
  let before = -1
  while (sent !== before) {
    before = sent
    yield* Effect.sleep(150)
  }
  return { sent, count: () => sent, sending }
})

/** High-water marks, waiting and interruption. */
export const marks: ReadonlyArray<Case> = [
  ...(["PUSH", "DEALER"] as const).map((type): Case => ({
    name: `${type} takes as many messages for a peer that is not there yet as may wait, and then waits`,
    run: ({ dial, free, listen }) =>
      Effect.gen(function* () {
        const at = yield* free
        const source = yield* dial(type, at, { sendHighWaterMark: 3 })
        assert.deepEqual([1, 2, 3].map((i) => source.offer(`${i}`)), ["sent", "sent", "sent"])
        assert.equal(source.offer("refused"), "full")
        let isSent = false
        const sending = yield* Effect.forkChild(
          Effect.andThen(source.say("4"), Effect.sync(() => isSent = true)),
        )
        yield* Effect.sleep(40)
        assert.equal(isSent, false)
        const sink = yield* listen(type === "PUSH" ? "PULL" : "DEALER", {}, at)
        assert.deepEqual(yield* sink.hearAll(4), ["1", "2", "3", "4"])
        yield* Fiber.join(sending)
        yield* sink.quiet(20)
      }),
  })),
  {
    name: "what waits to be sent is counted",
    needs: ["countsUnsent"],
    run: ({ dial, free, listen }) =>
      Effect.gen(function* () {
        const at = yield* free
        const source = yield* dial("PUSH", at)
        for (let i = 0; i < 5; i++) yield* source.say(`${i}`)
        assert.equal(source.socket.stats().unsent, 5)
        yield* listen("PULL", {}, at)
        yield* until("all is sent", () => source.socket.stats().unsent === 0)
      }),
  },
  {
    name: "send() waits while there is no peer at all",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        for (const [type, other] of [["PUSH", "PULL"], ["DEALER", "DEALER"], ["REQ", "REP"]] as const) {
          const source = yield* listen(type)
          assert.equal(source.offer("nobody"), "full")
          const sending = yield* Effect.forkChild(source.say("first"))
          yield* Effect.sleep(20)
          const sink = yield* dial(other, source.at)
          assert.deepEqual(yield* sink.hear, ["first"])
          yield* Fiber.join(sending)
        }
      }),
  },
  {
    name: "immediate sends only to peers that are connected",
    run: ({ dial, free, listen }) =>
      Effect.gen(function* () {
        const at = yield* free
        const source = yield* dial("DEALER", at, { immediate: true })
        assert.equal(source.offer("too early"), "full")
        const there = yield* listen("DEALER")
        yield* source.socket.connect(there.at)
        yield* source.peers(1)
        for (let i = 0; i < 4; i++) yield* source.say(`${i}`)
        assert.deepEqual(yield* there.hearAll(4), ["0", "1", "2", "3"])
      }),
  },
  {
    name: "a reader that stops makes its writer wait, and loses nothing",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", { receiveHighWaterMark: 4 })
        const source = yield* dial("PUSH", sink.at, { sendHighWaterMark: 4 })
        const { sent, count, sending } = yield* fill(source)
        // both marks, and what the system has room for between them
        assert.ok(sent >= 8 && sent < 200, `${sent} messages of ${heavy.length} bytes were taken`)
        for (let i = 0; i < sent + 20; i++) assert.deepEqual(texts(yield* sink.hearRaw)[0], `${i}`)
        assert.ok(count() >= sent + 20)
        yield* Fiber.interrupt(sending)
      }),
  },
  {
    name: "sendHighWaterBytes is another mark, and one message may always wait",
    needs: ["limitsBytes"],
    run: ({ dial, free, listen }) =>
      Effect.gen(function* () {
        const at = yield* free
        const source = yield* dial("PUSH", at, { sendHighWaterBytes: 1_000 })
        assert.equal(source.offer(filled(400)), "sent")
        assert.equal(source.offer(filled(400), filled(199)), "sent")
        // there is a byte left, so this one may wait too
        assert.equal(source.offer(filled(5_000)), "sent")
        assert.equal(source.offer("x"), "full")
        const sending = yield* Effect.forkChild(source.say("last"))
        const sink = yield* listen("PULL", {}, at)
        const sizes = (yield* Effect.replicateEffect(sink.hearRaw, 4)).map((message) =>
          message.map(({ length }) => length)
        )
        assert.deepEqual(sizes, [[400], [400, 199], [5_000], [4]])
        yield* Fiber.join(sending)
        assert.equal(source.offer("room again"), "sent")
      }),
  },
  {
    name: "receiveHighWaterBytes makes a writer wait, and loses nothing",
    needs: ["limitsBytes"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", { receiveHighWaterBytes: 1_000_000 })
        const source = yield* dial("PUSH", sink.at, { sendHighWaterMark: 4 })
        const { sent, count, sending } = yield* fill(source)
        assert.ok(sent < 200, `${sent} messages of ${heavy.length} bytes were taken`)
        for (let i = 0; i < sent + 20; i++) assert.deepEqual(texts(yield* sink.hearRaw)[0], `${i}`)
        assert.ok(count() >= sent + 20)
        yield* Fiber.interrupt(sending)
      }),
  },
  {
    name: "what waits for a peer that is given up is counted as dropped",
    needs: ["countsDropped", "givesUp"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sub = yield* listen("SUB")
        const push = yield* dial("PUSH", sub.at)
        for (let i = 0; i < 3; i++) yield* push.say(`${i}`)
        yield* push.saw("GaveUp")
        assert.deepEqual(push.socket.stats(), { peers: 0, dropped: 3, unsent: 0 })
      }),
  },
  {
    name: "a writer that waits for one reader does not wait for another",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const source = yield* listen("PUSH", { sendHighWaterMark: 2 })
        yield* dial("PULL", source.at, { receiveHighWaterMark: 2 })
        const reader = yield* dial("PULL", source.at, { receiveHighWaterMark: 2 })
        yield* source.peers(2)
        let heard = 0
        reader.socket.deliver(() => void heard++)
        for (let i = 0; i < 120; i++) yield* source.say(`${i}`, heavy)
        yield* until("the last messages", () => heard >= 60)
      }),
  },
  {
    name: "those who wait to send are served in their order",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const source = yield* listen("PUSH", { sendHighWaterMark: 1 })
        const sending: Array<Fiber.Fiber<void, unknown>> = []
        for (let i = 0; i < 20; i++) sending.push(yield* Effect.forkChild(source.say(`${i}`)))
        yield* Effect.sleep(10)
        // whoever comes later does not go first
        assert.equal(source.offer("in between"), "full")
        const sink = yield* dial("PULL", source.at)
        assert.deepEqual(yield* sink.hearAll(20), Array.from({ length: 20 }, (_, i) => `${i}`))
        yield* Fiber.joinAll(sending)
      }),
  },
  {
    name: "send() that is interrupted sends nothing",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const source = yield* listen("PUSH")
        const [first, second, third] = [
          yield* Effect.forkChild(source.say("first")),
          yield* Effect.forkChild(source.say("second")),
          yield* Effect.forkChild(source.say("third")),
        ]
        yield* Effect.sleep(20)
        yield* Fiber.interrupt(second)
        const sink = yield* dial("PULL", source.at)
        assert.deepEqual(yield* sink.hearAll(2), ["first", "third"])
        yield* Fiber.joinAll([first, third])
        yield* sink.quiet(20)
      }),
  },
  {
    name: "receive() that is interrupted takes nothing",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const source = yield* dial("PUSH", sink.at)
        for (let i = 0; i < 5; i++) {
          const receiving = yield* Effect.forkChild(sink.hear)
          yield* Effect.sleep(5)
          yield* Fiber.interrupt(receiving)
        }
        for (let i = 0; i < 3; i++) yield* source.say(`${i}`)
        assert.deepEqual(yield* sink.hearAll(3), ["0", "1", "2"])
        yield* sink.quiet(20)
      }),
  },
  {
    name: "receive() that is interrupted while messages come loses none",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const source = yield* dial("PUSH", sink.at)
        const all = 600
        const sending = yield* Effect.forkChild(Effect.gen(function* () {
          for (let i = 0; i < all; i++) {
            yield* source.say(`${i}`)
            if (i % 20 === 0) yield* Effect.sleep(1)
          }
        }))
        const heard: Array<string> = []
        while (heard.length < all) {
          // some end by the clock, whatever came at that time
          yield* Effect.forEach(
            Array.from({ length: 5 }),
            () => Effect.tap(sink.socket.receive, (one) => Effect.sync(() => heard.push(texts(one).join()))),
          ).pipe(Effect.timeoutOption(2))
        }
        assert.deepEqual(heard, Array.from({ length: all }, (_, i) => `${i}`))
        yield* Fiber.join(sending)
      }),
  },
  {
    name: "those who wait to receive are served in their order",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const waiting: Array<Fiber.Fiber<ReadonlyArray<string>, unknown>> = []
        for (let i = 0; i < 10; i++) waiting.push(yield* Effect.forkChild(sink.hear))
        yield* Effect.sleep(10)
        const source = yield* dial("PUSH", sink.at)
        for (let i = 0; i < 10; i++) yield* source.say(`${i}`)
        assert.deepEqual(
          (yield* Fiber.joinAll(waiting)).map(([text]) => text),
          Array.from({ length: 10 }, (_, i) => `${i}`),
        )
      }),
  },
  {
    name: "a mark of one is enough in both directions",
    run: ({ open }) =>
      Effect.gen(function* () {
        const options = { sendHighWaterMark: 1, receiveHighWaterMark: 1 }
        const [left, right] = [yield* open("DEALER", options), yield* open("DEALER", options)]
        yield* right.socket.connect(yield* left.socket.bind(loopback))
        const echo = Effect.forever(Effect.flatMap(right.socket.receive, right.socket.send))
        yield* Effect.forkChild(echo)
        const sending = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 300 }), (_, i) => left.socket.send([bytes(`${i}`)])),
        )
        assert.deepEqual(yield* left.hearAll(300), Array.from({ length: 300 }, (_, i) => `${i}`))
        yield* Fiber.join(sending)
      }),
  },
]
