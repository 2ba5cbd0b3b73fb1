/**
 * Our sockets with peers of ZMTP 3.0, which libzmq spoke until 4.2: scripted, since none of today's can be made to.
 *
 * 3.0 has no heartbeats, and writes subscriptions as messages.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, type Scope } from "effect"
import { layerNode, openSocket } from "../../../../adapters/zeromq/zmtp/mod.ts"
import { frame, greeting, messageBytes, type RawPeer, ready } from "../sockets/RawPeer.ts"
import { bytes, rigOf, texts, until } from "../sockets/rig.ts"

const rig = rigOf((type, options, onEvent) => Effect.provide(openSocket(type, options, onEvent), layerNode))

const run = (effect: Effect.Effect<void, unknown, Scope.Scope>): Promise<void> =>
  Effect.runPromise(Effect.scoped(effect))

/** A peer of 3.0 says what it is, once the other side has greeted. */
const shake = (peer: RawPeer, type: string): Effect.Effect<void> =>
  Effect.andThen(
    Effect.sync(() => peer.write(greeting({ minor: 0 }))),
    Effect.andThen(
      until("a greeting", () => peer.received.length >= 64),
      Effect.sync(() => peer.write(ready(type))),
    ),
  )

/** A subscription as a message: 1 takes it, 0 gives it back. */
const subscription = (wanted: 0 | 1, topic: string) => frame(0, Uint8Array.of(wanted, ...bytes(topic)))

/** What came behind the greeting and the READY of the other side. */
const traffic = ({ received }: RawPeer): string => {
  const at = 64 + 2 + received[65]!
  return received.subarray(at).toString("latin1")
}

describe("peers of ZMTP 3.0", () => {
  test("a DEALER and a ROUTER talk to ours", () =>
    run(Effect.gen(function* () {
      const router = yield* rig.listen("ROUTER", { heartbeat: { interval: 20 } })
      const dealer = yield* rig.raw(router.at)
      yield* shake(dealer, "DEALER")
      yield* router.peers(1)
      dealer.write(messageBytes("hello", "", "there"))
      const [name, ...frames] = yield* router.hearRaw
      assert.deepEqual(texts(frames), ["hello", "", "there"])
      yield* router.say(name!, "answer", "")
      yield* until("the answer", () => traffic(dealer) === "\x01\x06answer\x00\x00")
    })))

  test("a REP answers our REQ", () =>
    run(Effect.gen(function* () {
      const server = yield* rig.rawServer
      const req = yield* rig.dial("REQ", server.at)
      yield* until("a connection", () => server.peers.length === 1)
      const rep = server.peers[0]!
      yield* shake(rep, "REP")
      yield* req.say("question")
      yield* until("the question", () => traffic(rep) === "\x01\x00\x00\x08question")
      rep.write(messageBytes("", "answer"))
      assert.deepEqual(yield* req.hear, ["answer"])
    })))

  test("a SUB tells our PUB what it wants by messages", () =>
    run(Effect.gen(function* () {
      const pub = yield* rig.listen("PUB")
      const sub = yield* rig.raw(pub.at)
      yield* shake(sub, "SUB")
      yield* pub.peers(1)
      sub.write(subscription(1, "a"), subscription(1, "b"))
      yield* until("its subscription", () => pub.offer("b0") === "sent" && traffic(sub).includes("b0"))
      sub.write(subscription(0, "a"), subscription(1, "c"))
      yield* until("its other one", () => pub.offer("c0") === "sent" && traffic(sub).includes("c0"))
      for (const one of ["a1", "b1", "c1"]) yield* pub.say(one)
      yield* until("the last message", () => traffic(sub).includes("c1"))
      assert.ok(traffic(sub).includes("b1") && !traffic(sub).includes("a1"))
    })))

  test("a PUB is told by messages what our SUB wants", () =>
    run(Effect.gen(function* () {
      const server = yield* rig.rawServer
      const sub = yield* rig.dial("SUB", server.at)
      yield* sub.socket.subscribe(bytes("before"))
      yield* until("a connection", () => server.peers.length === 1)
      const pub = server.peers[0]!
      yield* shake(pub, "PUB")
      yield* sub.peers(1)
      yield* sub.socket.subscribe(bytes("after"))
      yield* sub.socket.unsubscribe(bytes("before"))
      const told = "\x00\x07\x01before\x00\x06\x01after\x00\x07\x00before"
      yield* until("what it wants", () => traffic(pub) === told)
      pub.write(messageBytes("before", "x"), messageBytes("after", "y"))
      assert.deepEqual(yield* sub.hear, ["after", "y"])
    })))

  test("a peer of a version to come is spoken to in 3.1", () =>
    run(Effect.gen(function* () {
      const sink = yield* rig.listen("PULL")
      const later = yield* rig.raw(sink.at)
      const words = greeting({ minor: 9 })
      words[10] = 4
      later.write(words)
      yield* until("a greeting", () => later.received.length >= 64)
      assert.deepEqual([...later.received.subarray(10, 12)], [3, 1])
      later.write(ready("PUSH"))
      yield* sink.peers(1)
      later.write(messageBytes("hello"))
      assert.deepEqual(yield* sink.hear, ["hello"])
    })))
})
