/**
 * Cases of the socket suite: how a ROUTER knows its peers, and what becomes of messages to those it does not know.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { bytes, type Case, closable, failureOf, filled, message, until } from "./rig.ts"

/** So large that few of them fit into what the system buffers. */
const heavy = filled(512 * 1024)

/** Names, given, made, taken and free. */
export const identities: ReadonlyArray<Case> = [
  {
    name: "ROUTER makes a name for each peer that has none, and answers by it",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        const dealers = [yield* dial("DEALER", router.at), yield* dial("DEALER", router.at)]
        yield* Effect.forEach(dealers, (dealer, i) => dealer.say(`from ${i}`))
        const asked = [yield* router.hearRaw, yield* router.hearRaw]
        const names = asked.map(([name]) => name!)
        assert.ok(names.every((name) => name.length === 5 && name[0] === 0))
        assert.notDeepEqual(names[0], names[1])
        for (const [name, text] of asked) yield* router.say(name!, "you are", text!)
        for (const [i, dealer] of dealers.entries()) assert.deepEqual(yield* dealer.hear, ["you are", `from ${i}`])
      }),
  },
  {
    name: "identity is how a ROUTER knows a peer",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        const longest = filled(255).map((byte) => byte | 1)
        const names = [bytes("ann"), longest, bytes("späth")]
        for (const identity of names) {
          const dealer = yield* dial("DEALER", router.at, { identity })
          yield* dealer.say("hello")
          assert.deepEqual([...(yield* router.hearRaw)[0]!], [...identity])
          yield* router.say(identity, "", "welcome")
          assert.deepEqual(yield* dealer.hear, ["", "welcome"])
        }
        const req = yield* dial("REQ", router.at, { identity: "req" })
        yield* req.say("question")
        assert.deepEqual(yield* router.hear, ["req", "", "question"])
      }),
  },
  {
    name: "ROUTER and ROUTER talk by their names",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const left = yield* listen("ROUTER", { identity: "left", mandatory: true })
        const right = yield* dial("ROUTER", left.at, { identity: "right", mandatory: true })
        yield* right.peers(1)
        yield* left.peers(1)
        yield* right.say("left", "to you")
        assert.deepEqual(yield* left.hear, ["right", "to you"])
        yield* left.say("right", "and back")
        assert.deepEqual(yield* right.hear, ["left", "and back"])
      }),
  },
  {
    name: "a peer that a ROUTER connected to has a name as long as it is there",
    needs: ["forgetsDialled"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const life = yield* closable
        const left = yield* life.within(listen("ROUTER", { identity: "left" }))
        const right = yield* dial("ROUTER", left.at, { identity: "right", mandatory: true })
        yield* right.peers(1)
        yield* right.say("left", "hello")
        assert.deepEqual(yield* left.hear, ["right", "hello"])
        yield* life.close
        yield* right.peers(0)
        assert.equal((yield* failureOf(right.say("left", "lost")))._tag, "Unroutable")
        const again = yield* listen("ROUTER", { identity: "left" }, left.at)
        yield* right.peers(1)
        yield* right.say("left", "found")
        assert.deepEqual(yield* again.hear, ["right", "found"])
      }),
  },
  {
    name: "a name that is taken stays with its first peer",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        const first = yield* dial("DEALER", router.at, { identity: "twin" })
        yield* first.say("first")
        assert.deepEqual(yield* router.hear, ["twin", "first"])
        const second = yield* dial("DEALER", router.at, { identity: "twin", linger: 0 })
        yield* second.say("second")
        yield* router.quiet()
        yield* router.say("twin", "for the first")
        assert.deepEqual(yield* first.hear, ["for the first"])
        yield* second.quiet(20)
      }),
  },
  {
    name: "ROUTER closes the connection of a peer whose name is taken, and tells",
    needs: ["refusesNames"],
    run: ({ listen, dial, raw }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        const first = yield* dial("DEALER", router.at, { identity: "twin" })
        yield* router.peers(1)
        const second = yield* raw(router.at)
        second.shake("DEALER", { identity: "twin" })
        yield* until("the end of the second", () => second.isClosed)
        assert.equal((yield* router.saw("Disconnected")).why, "its identity is another peer's already")
        assert.equal(router.socket.stats().peers, 1)
        yield* router.say("twin", "still there")
        assert.deepEqual(yield* first.hear, ["still there"])
      }),
  },
  {
    name: "a name that ROUTERs make is nobody's own",
    needs: ["refusesNames"],
    run: ({ listen, dial, raw }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER", { handover: true })
        const honest = yield* dial("DEALER", router.at)
        yield* honest.say("hello")
        const [name] = yield* router.hearRaw
        const thief = yield* raw(router.at)
        thief.shake("DEALER", { identity: new TextDecoder("latin1").decode(name) })
        yield* until("the end of the thief", () => thief.isClosed)
        yield* router.say(name!, "yours")
        assert.deepEqual(yield* honest.hear, ["yours"])
      }),
  },
  {
    name: "handover gives a name to the peer that came last",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER", { handover: true })
        const first = yield* dial("DEALER", router.at, { identity: "twin", reconnect: { first: "1 minute" } })
        yield* first.say("first")
        assert.deepEqual(yield* router.hear, ["twin", "first"])
        const second = yield* dial("DEALER", router.at, { identity: "twin" })
        yield* second.say("second")
        assert.deepEqual(yield* router.hear, ["twin", "second"])
        yield* router.say("twin", "for the second")
        assert.deepEqual(yield* second.hear, ["for the second"])
        yield* first.quiet(20)
      }),
  },
  {
    name: "handover ends the connection that the name had before",
    needs: ["refusesNames"],
    run: ({ listen, dial, raw }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER", { handover: true })
        const first = yield* raw(router.at)
        first.shake("DEALER", { identity: "twin" })
        yield* router.peers(1)
        const second = yield* dial("DEALER", router.at, { identity: "twin" })
        yield* second.say("second")
        assert.deepEqual(yield* router.hear, ["twin", "second"])
        yield* router.say("twin", "for the second")
        assert.deepEqual(yield* second.hear, ["for the second"])
        yield* until("the end of the first", () => first.isClosed)
        yield* router.peers(1)
        yield* router.say("twin", "again")
        assert.deepEqual(yield* second.hear, ["again"])
      }),
  },
  {
    name: "a name is free again once its peer has gone",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        for (let i = 0; i < 3; i++) {
          const life = yield* closable
          const dealer = yield* life.within(dial("DEALER", router.at, { identity: "again" }))
          yield* dealer.say(`${i}`)
          assert.deepEqual(yield* router.hear, ["again", `${i}`])
          yield* router.peers(1)
          yield* life.close
          yield* router.peers(0)
          // libzmq sees it when it receives
          yield* router.quiet(20)
        }
      }),
  },
  {
    name: "ROUTER drops what is for nobody, unless it is mandatory",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        const dealer = yield* dial("DEALER", router.at, { identity: "there" })
        yield* router.peers(1)
        yield* router.say("nobody", "lost")
        yield* router.say("there", "found")
        assert.deepEqual(yield* dealer.hear, ["found"])
        yield* router.say("there")
        yield* dealer.quiet(20)
      }),
  },
  {
    name: "what a ROUTER drops is counted",
    needs: ["countsDropped"],
    run: ({ listen }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        assert.equal(router.offer("nobody", "lost"), "dropped")
        yield* router.say("nobody", "lost")
        assert.equal(router.offer("nobody"), "dropped")
        assert.equal(router.socket.stats().dropped, 3)
      }),
  },
  {
    name: "mandatory makes send() fail when there is no such peer, or not any more",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER", { mandatory: true })
        const failure = yield* failureOf(router.say("ann", "lost"))
        assert.equal(failure._tag, "Unroutable")
        assert.equal(failure.message, "Cannot send to peer 616e6e: it is not connected")
        const life = yield* closable
        const dealer = yield* life.within(dial("DEALER", router.at, { identity: "ann" }))
        yield* dealer.say("hello")
        yield* router.hear
        yield* router.say("ann", "found")
        assert.deepEqual(yield* dealer.hear, ["found"])
        yield* router.peers(1)
        yield* life.close
        yield* router.peers(0)
        // libzmq sees it when it receives
        yield* router.quiet(20)
        assert.equal((yield* failureOf(router.say("ann", "lost")))._tag, "Unroutable")
      }),
  },
  {
    name: "mandatory makes offer() tell that there is no such peer",
    needs: ["tellsAtOnce"],
    run: ({ listen }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER", { mandatory: true })
        const offered = router.offer("ann", "lost")
        assert.ok(typeof offered === "object" && offered._tag === "Unroutable")
        assert.equal(offered.identity, "616e6e")
      }),
  },
  {
    name: "mandatory waits for a peer that reads nothing, and for that one only",
    run: ({ listen, dial, raw }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER", { mandatory: true, sendHighWaterMark: 2 })
        const deaf = yield* raw(router.at)
        deaf.shake("DEALER", { identity: "deaf" })
        const dealer = yield* dial("DEALER", router.at, { identity: "ann" })
        yield* router.peers(2)
        yield* dealer.say("hello")
        yield* router.hear
        deaf.pause()
        let sent = 0
        const sending = yield* Effect.forkChild(
          Effect.forever(Effect.andThen(
            router.socket.send(message("deaf", heavy)),
            Effect.sync(() => sent++),
          )),
        )
        let before = -1
        while (sent !== before) {
          before = sent
          yield* Effect.sleep(100)
        }
        assert.ok(sent < 200, `${sent} messages went to a peer that reads nothing`)
        yield* router.say("ann", "not held up")
        assert.deepEqual(yield* dealer.hear, ["not held up"])
        const offered = router.offer("ann", "nor this")
        assert.equal(offered, "sent")
        assert.deepEqual(yield* dealer.hear, ["nor this"])
        deaf.reset()
        yield* router.peers(1)
        // libzmq sees it when it receives
        yield* router.quiet(20)
        const failure = yield* failureOf(Fiber.join(sending))
        assert.equal(failure._tag, "Unroutable")
      }),
  },
  {
    name: "ROUTER that is not mandatory drops what a full peer does not take",
    needs: ["countsDropped"],
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER", { sendHighWaterMark: 2 })
        const deaf = yield* raw(router.at)
        deaf.shake("DEALER", { identity: "deaf" })
        yield* router.peers(1)
        deaf.pause()
        let offered = 0
        while (router.offer("deaf", heavy) === "sent") {
          assert.ok(++offered < 500, "It takes messages without end")
          yield* Effect.sleep(1)
        }
        assert.equal(router.offer("deaf", heavy), "dropped")
      }),
  },
]
