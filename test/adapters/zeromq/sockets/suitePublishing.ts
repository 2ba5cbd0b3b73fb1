/**
 * Cases of the socket suite: what subscribers want is what they get, as far as they keep up.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { agree, bytes, type Case, closable, filled, message, type Peer, until } from "./rig.ts"

const topic = (peer: Peer, ...topics: ReadonlyArray<string | Uint8Array>) =>
  Effect.forEach(topics, (one) => peer.socket.subscribe(typeof one === "string" ? bytes(one) : one))

/** Publishers and subscribers. */
export const publishing: ReadonlyArray<Case> = [
  {
    name: "SUB gets what begins with one of its topics, once",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const pub = yield* listen("PUB")
        const sub = yield* dial("SUB", pub.at)
        yield* topic(sub, "sales.", "sales.order", "parts")
        yield* agree(pub, sub)
        for (const one of ["sales", "sales.", "sales.orderPlaced", "part", "parts", "Parts", "", "xsales."]) {
          yield* pub.say(one, "body")
        }
        assert.deepEqual(yield* sub.hearAll(3), ["sales.|body", "sales.orderPlaced|body", "parts|body"])
        yield* sub.quiet()
      }),
  },
  {
    name: "SUB without a topic gets nothing, and with the empty one everything",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const pub = yield* listen("PUB")
        const sub = yield* dial("SUB", pub.at)
        yield* pub.peers(1)
        yield* pub.say("lost")
        yield* sub.quiet()
        yield* topic(sub, "")
        yield* agree(pub, sub)
        for (const one of ["", "a", "ab"]) yield* pub.say(one, "x")
        assert.deepEqual(yield* sub.hearAll(3), ["|x", "a|x", "ab|x"])
      }),
  },
  {
    name: "topics are bytes, not text",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const pub = yield* listen("PUB")
        const sub = yield* dial("SUB", pub.at)
        const odd = Uint8Array.of(0, 255, 128, 1)
        yield* topic(sub, odd, filled(400))
        yield* agree(pub, sub)
        yield* pub.say(Uint8Array.of(0, 255, 128, 2), "no")
        yield* pub.say(Uint8Array.of(...odd, 9), "yes")
        yield* pub.say(filled(399), "no")
        yield* pub.say(filled(401), "yes")
        assert.deepEqual([...(yield* sub.hearRaw)[0]!], [...odd, 9])
        assert.deepEqual((yield* sub.hearRaw)[0]!.length, 401)
        yield* sub.quiet(20)
      }),
  },
  {
    name: "only the first frame counts",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const pub = yield* listen("PUB")
        const sub = yield* dial("SUB", pub.at)
        yield* topic(sub, "b")
        yield* agree(pub, sub)
        yield* pub.say("a", "b")
        yield* pub.say("b", "", "a")
        assert.deepEqual(yield* sub.hear, ["b", "", "a"])
      }),
  },
  {
    name: "unsubscribe() takes a topic back, as often as it was asked for",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const pub = yield* listen("PUB")
        const sub = yield* dial("SUB", pub.at)
        yield* topic(sub, "a", "a", "b")
        yield* sub.socket.unsubscribe(bytes("a"))
        yield* sub.socket.unsubscribe(bytes("never"))
        yield* agree(pub, sub)
        yield* pub.say("a1")
        assert.deepEqual(yield* sub.hear, ["a1"])
        yield* sub.socket.unsubscribe(bytes("a"))
        yield* agree(pub, sub)
        yield* pub.say("a2")
        yield* pub.say("b1")
        assert.deepEqual(yield* sub.hear, ["b1"])
        yield* topic(sub, "a")
        yield* agree(pub, sub)
        yield* pub.say("a3")
        assert.deepEqual(yield* sub.hear, ["a3"])
      }),
  },
  {
    name: "each subscriber gets its own",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const pub = yield* listen("PUB")
        const [a, b, both] = [yield* dial("SUB", pub.at), yield* dial("SUB", pub.at), yield* dial("SUB", pub.at)]
        yield* topic(a, "a")
        yield* topic(b, "b")
        yield* topic(both, "a", "b")
        for (const sub of [a, b, both]) yield* agree(pub, sub)
        for (const one of ["a1", "b1", "c1", "a2"]) yield* pub.say(one)
        assert.deepEqual(yield* a.hearAll(2), ["a1", "a2"])
        assert.deepEqual(yield* b.hearAll(1), ["b1"])
        assert.deepEqual(yield* both.hearAll(3), ["a1", "b1", "a2"])
        for (const sub of [a, b, both]) yield* sub.quiet(20)
      }),
  },
  {
    name: "SUB tells its topics to publishers that come later, and hears several",
    run: ({ open, listen }) =>
      Effect.gen(function* () {
        const sub = yield* open("SUB")
        yield* topic(sub, "before")
        const pubs = [yield* listen("PUB"), yield* listen("PUB")]
        for (const { at } of pubs) yield* sub.socket.connect(at)
        yield* topic(sub, "after")
        for (const pub of pubs) yield* agree(pub, sub)
        for (const [i, pub] of pubs.entries()) {
          yield* pub.say(`before ${i}`)
          yield* pub.say(`after ${i}`)
        }
        const heard = yield* sub.hearAll(4)
        assert.deepEqual(heard.toSorted(), ["after 0", "after 1", "before 0", "before 1"])
      }),
  },
  {
    name: "PUB may connect and SUB listen",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sub = yield* listen("SUB")
        yield* topic(sub, "a")
        const pub = yield* dial("PUB", sub.at)
        yield* agree(pub, sub)
        yield* pub.say("a1")
        assert.deepEqual(yield* sub.hear, ["a1"])
      }),
  },
  {
    name: "SUB says again what it wants when its publisher was started again",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const life = yield* closable
        const first = yield* life.within(listen("PUB"))
        const sub = yield* dial("SUB", first.at)
        yield* topic(sub, "a", "b")
        yield* sub.socket.unsubscribe(bytes("b"))
        yield* agree(first, sub)
        yield* sub.peers(1)
        yield* life.close
        yield* sub.peers(0)
        yield* topic(sub, "c")
        const again = yield* listen("PUB", {}, first.at)
        yield* agree(again, sub)
        for (const one of ["a1", "b1", "c1"]) yield* again.say(one)
        assert.deepEqual(yield* sub.hearAll(2), ["a1", "c1"])
        yield* sub.quiet(20)
      }),
  },
  {
    name: "PUB drops what nobody wants, and never waits",
    run: ({ listen }) =>
      Effect.gen(function* () {
        const pub = yield* listen("PUB", { sendHighWaterMark: 1 })
        for (let i = 0; i < 1_000; i++) assert.equal(pub.offer("nobody", "wants this"), "sent")
        yield* pub.say("nobody")
        assert.equal(pub.socket.stats().unsent, 0)
      }),
  },
  {
    name: "PUB drops what a slow subscriber does not take, and the others get all",
    run: ({ listen, dial, raw }) =>
      Effect.gen(function* () {
        const pub = yield* listen("PUB", { sendHighWaterMark: 20 })
        const sub = yield* dial("SUB", pub.at)
        yield* topic(sub, "")
        yield* agree(pub, sub)
        const slow = yield* raw(pub.at)
        slow.shake("SUB")
        yield* pub.peers(2)
        // "everything", as a message of 3.0
        slow.write(Uint8Array.of(0, 1, 1))
        yield* until("its subscription", () => pub.offer("is it there?") !== "full" && slow.has("is it there?"))
        yield* pub.say("now")
        for (let last = ""; last !== "now";) last = (yield* sub.hear)[0]!
        slow.pause()
        const body = filled(256 * 1024)
        for (let i = 0; i < 80; i++) {
          yield* pub.say(`${i}`, body)
          assert.equal((yield* sub.hear)[0], `${i}`)
        }
      }),
  },
  {
    name: "what a slow subscriber misses is counted, and it gets whole messages",
    needs: ["countsDropped"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const pub = yield* listen("PUB", { sendHighWaterMark: 4 })
        const sub = yield* dial("SUB", pub.at, { receiveHighWaterMark: 4 })
        yield* topic(sub, "")
        yield* agree(pub, sub)
        const body = filled(256 * 1024)
        let offered = 0
        while (pub.offer(`${offered}`, body) === "sent") {
          offered++
          assert.ok(offered < 500, "It takes messages without end")
          yield* Effect.sleep(1)
        }
        assert.equal(pub.offer("dropped", body), "dropped")
        assert.equal(pub.socket.stats().dropped, 2)
        const heard: Array<string> = []
        sub.socket.deliver(([name, got]) => {
          assert.deepEqual(got!.length, body.length)
          heard.push(new TextDecoder().decode(name))
        })
        yield* until("what was taken", () => heard.length === offered)
        assert.deepEqual(heard, Array.from({ length: offered }, (_, i) => `${i}`))
        assert.equal(pub.socket.offer(message("and goes on", body)), "sent")
        yield* until("the last", () => heard.length === offered + 1)
      }),
  },
]
