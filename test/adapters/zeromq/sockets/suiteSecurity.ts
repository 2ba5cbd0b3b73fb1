/**
 * Cases of the socket suite: who may connect, with CURVE and without.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { generateKeys, type SocketOptions } from "../../../../adapters/zeromq/zmtp/mod.ts"
import { agree, bytes, type Case, filled, type Peer, same, until } from "./rig.ts"
import { greeting } from "./RawPeer.ts"

const [server, client, stranger] = [generateKeys(), generateKeys(), generateKeys()]

const serving = (allowed?: ReadonlyArray<string>): SocketOptions => ({
  curve: { role: "server", keys: server, ...(allowed !== undefined && { allowed }) },
})

const calling = (keys = client, serverKey = server.publicKey): SocketOptions => ({
  curve: { role: "client", serverKey, keys },
})

/** Nothing comes from a peer that should not get in, and someone who should is served. */
const isKeptOut = Effect.fnUntraced(function* (sink: Peer & { readonly at: string }, source: Peer, proof: Peer) {
  source.offer("let me in")
  yield* sink.saw("Disconnected")
  yield* proof.say("I may")
  assert.deepEqual(yield* sink.hear, ["I may"])
  assert.equal(sink.socket.stats().peers, 1)
  assert.equal(source.socket.stats().peers, 0)
  yield* sink.quiet(30)
})

/** CURVE. */
export const security: ReadonlyArray<Case> = [
  {
    name: "CURVE carries messages of each size in both directions",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const left = yield* listen("DEALER", serving([client.publicKey]))
        const right = yield* dial("DEALER", left.at, calling())
        for (const [from, to] of [[right, left], [left, right]] as const) {
          for (const size of [0, 1, 255, 256, 65_536, 1_048_576]) {
            yield* from.say(filled(size), "", "end")
            const heard = yield* to.hearRaw
            assert.deepEqual(heard.map(({ length }) => length), [size, 0, 3])
            assert.ok(same(heard[0], filled(size)))
          }
        }
      }),
  },
  {
    name: "CURVE serves publishers, subscribers and questions",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const pub = yield* listen("PUB", serving())
        const sub = yield* dial("SUB", pub.at, calling())
        yield* sub.socket.subscribe(bytes("a"))
        yield* agree(pub, sub)
        yield* pub.say("b1")
        yield* pub.say("a1")
        assert.deepEqual(yield* sub.hear, ["a1"])
        // the server of the handshake may be the one who connects
        const req = yield* listen("REQ", calling())
        const rep = yield* dial("REP", req.at, serving())
        yield* req.say("question")
        assert.deepEqual(yield* rep.hear, ["question"])
        yield* rep.say("answer")
        assert.deepEqual(yield* req.hear, ["answer"])
      }),
  },
  {
    name: "CURVE needs no key of the client's own",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", serving())
        const source = yield* dial("PUSH", sink.at, { curve: { role: "client", serverKey: server.publicKey } })
        yield* source.say("hello")
        assert.deepEqual(yield* sink.hear, ["hello"])
      }),
  },
  {
    name: "CURVE tells a ROUTER the identity, and the socket the key",
    needs: ["tellsPeers"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER", serving())
        const dealer = yield* dial("DEALER", router.at, { ...calling(), identity: "ann" })
        yield* dealer.say("hello")
        assert.deepEqual(yield* router.hear, ["ann", "hello"])
        const { key, type, remote } = yield* router.saw("Connected")
        assert.equal(type, "DEALER")
        assert.match(remote, /^127\.0\.0\.1:\d+$/)
        assert.equal(key?.length, 32)
        assert.equal((yield* dealer.saw("Connected")).type, "ROUTER")
      }),
  },
  {
    name: "a client that does not know the server's key is kept out",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", serving())
        const source = yield* dial("PUSH", sink.at, { ...calling(client, stranger.publicKey), linger: 0 })
        yield* isKeptOut(sink, source, yield* dial("PUSH", sink.at, calling()))
      }),
  },
  {
    name: "a client whose key is not allowed is kept out",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", serving([client.publicKey]))
        const source = yield* dial("PUSH", sink.at, { ...calling(stranger), linger: 0 })
        yield* isKeptOut(sink, source, yield* dial("PUSH", sink.at, calling()))
      }),
  },
  {
    name: "a client that encrypts nothing is kept out",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", serving())
        const source = yield* dial("PUSH", sink.at, { linger: 0 })
        yield* isKeptOut(sink, source, yield* dial("PUSH", sink.at, calling()))
      }),
  },
  {
    name: "a client that wants encryption sends nothing without",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const source = yield* dial("PUSH", sink.at, { ...calling(), linger: 0 })
        yield* isKeptOut(sink, source, yield* dial("PUSH", sink.at))
      }),
  },
  {
    name: "a socket gives up a server with another mechanism or another key",
    needs: ["givesUp"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const plain = yield* listen("PULL")
        assert.match((yield* (yield* dial("PUSH", plain.at, calling())).saw("GaveUp")).why, /mechanism "NULL"/)
        const curve = yield* listen("PULL", serving([client.publicKey]))
        assert.match((yield* (yield* dial("PUSH", curve.at)).saw("GaveUp")).why, /mechanism "CURVE"/)
        yield* (yield* dial("PUSH", curve.at, calling(stranger))).saw("GaveUp")
      }),
  },
  {
    name: "a peer that starts CURVE and stops is closed in time",
    run: ({ listen, raw, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", { ...serving(), handshakeTimeout: 60 })
        const silent = yield* raw(sink.at)
        silent.write(greeting({ mechanism: "CURVE" }))
        yield* until("its end", () => silent.isClosed)
        const source = yield* dial("PUSH", sink.at, calling())
        yield* source.say("hello")
        assert.deepEqual(yield* sink.hear, ["hello"])
      }),
  },
]
