/**
 * Cases of the socket suite: peers that are not there any more although their connection is, and those that only seem so.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { type Proxy, startProxy } from "../../../support/proxy.ts"
import { type Case, filled, message, texts, until } from "./rig.ts"
import { frame, messageBytes } from "./RawPeer.ts"

const heartbeat = { interval: 30, timeout: 180 }

/** A wire to an endpoint that a case can cut or stall. */
const wire = (at: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => startProxy(Number(new URL(at).port))),
      (proxy: Proxy) => Effect.promise(() => proxy.close()),
    ),
    (proxy) => ({ proxy, at: `tcp://127.0.0.1:${proxy.port}` }),
  )

/** A PING that asks to be followed within so many tenths of a second. */
const ping = (tenths: number, context = "") =>
  frame(4, Uint8Array.of(4, ...new TextEncoder().encode("PING"), 0, tenths, ...new TextEncoder().encode(context)))

/** Half-open connections. */
export const heartbeats: ReadonlyArray<Case> = [
  {
    name: "heartbeats find a peer over whose connection nothing comes any more, and connect again",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER", { heartbeat, handover: true })
        const { proxy, at } = yield* wire(router.at)
        const dealer = yield* dial("DEALER", at, { heartbeat, handshakeTimeout: 100, identity: "ann" })
        yield* dealer.say("before")
        assert.deepEqual(yield* router.hear, ["ann", "before"])
        proxy.stall(true)
        yield* dealer.saw("Disconnected")
        yield* router.saw("Disconnected")
        yield* router.peers(0)
        yield* dealer.peers(0)
        proxy.stall(false)
        yield* dealer.peers(1)
        yield* dealer.say("after")
        assert.deepEqual(yield* router.hear, ["ann", "after"])
      }),
  },
  {
    name: "a lost heartbeat is told as such",
    needs: ["tellsWhy"],
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", { heartbeat })
        const silent = yield* raw(sink.at)
        silent.shake("PUSH")
        assert.match((yield* sink.saw("Disconnected")).why, /^it was silent for \d+ ms$/)
        yield* until("its end", () => silent.isClosed)
      }),
  },
  {
    name: "heartbeats keep a connection that has nothing to say",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        for (const [own, other] of [[heartbeat, heartbeat], [heartbeat, undefined], [undefined, heartbeat]]) {
          const sink = yield* listen("PULL", own === undefined ? {} : { heartbeat: own })
          const source = yield* dial("PUSH", sink.at, other === undefined ? {} : { heartbeat: other })
          yield* source.peers(1)
          yield* Effect.sleep(400)
          yield* source.say("still the same")
          assert.deepEqual(yield* sink.hear, ["still the same"])
          for (const { events } of [sink, source]) assert.ok(!events.some(({ _tag }) => _tag === "Disconnected"))
        }
      }),
  },
  {
    name: "a peer that reads nothing for a while is not taken for lost",
    needs: ["sparesSlow"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", { heartbeat, receiveHighWaterMark: 2 })
        const source = yield* dial("PUSH", sink.at, { heartbeat, sendHighWaterMark: 2 })
        const body = filled(256 * 1024)
        const sending = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 60 }), (_, i) => source.socket.send(message(`${i}`, body))),
        )
        yield* Effect.sleep(500)
        for (let i = 0; i < 60; i++) assert.equal(texts(yield* sink.hearRaw)[0], `${i}`)
        yield* Fiber.join(sending)
        for (const { events } of [sink, source]) assert.ok(!events.some(({ _tag }) => _tag === "Disconnected"))
      }),
  },
  {
    name: "a PING is answered with its context",
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const peer = yield* raw(sink.at)
        peer.shake("PUSH")
        yield* sink.peers(1)
        peer.write(ping(0, "remember me"))
        yield* until("the answer", () => peer.has("\x04PONGremember me"))
      }),
  },
  {
    name: "ttl: a peer that is silent for longer than it said is taken for lost",
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const [silent, patient] = [yield* raw(sink.at), yield* raw(sink.at)]
        for (const peer of [silent, patient]) peer.shake("PUSH")
        yield* sink.peers(2)
        silent.write(ping(1))
        patient.write(ping(0))
        yield* until("its end", () => silent.isClosed)
        yield* sink.peers(1)
        patient.write(messageBytes("no hurry"))
        assert.deepEqual(yield* sink.hear, ["no hurry"])
      }),
  },
  {
    name: "ttl is what the peer is told",
    run: ({ rawServer, dial }) =>
      Effect.gen(function* () {
        const server = yield* rawServer
        yield* dial("PUSH", server.at, { heartbeat: { interval: 20, timeout: 2_000, ttl: 1_200 } })
        yield* until("a connection", () => server.peers.length === 1)
        const [peer] = server.peers
        peer!.shake("PULL")
        // tenths of a second
        yield* until("a heartbeat", () => peer!.has("\x04PING\x00\x0c"))
      }),
  },
  {
    name: "a peer of ZMTP 3.0 is sent no heartbeats, and not taken for lost",
    needs: ["sparesOld"],
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", { heartbeat })
        const old = yield* raw(sink.at)
        old.shake("PUSH", { minor: 0 })
        yield* sink.peers(1)
        yield* Effect.sleep(400)
        old.write(messageBytes("still here"))
        assert.deepEqual(yield* sink.hear, ["still here"])
        assert.equal(old.has("PING"), false)
      }),
  },
]
