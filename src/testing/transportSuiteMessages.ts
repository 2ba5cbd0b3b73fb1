/**
 * Cases of the transport suite: what a packet carries, limits, and the connection's status.
 */
import assert from "node:assert/strict"
import { Effect, Fiber, Stream } from "effect"
import { type Case, packet, reasonOf } from "./transportSuiteRig.ts"

/** Properties, headers, bodies, limits, status. */
export const messages: ReadonlyArray<Case> = [
  {
    name: "publish() carries every property unchanged",
    run: ({ transport, queue, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue()
        const full = packet("{}", {
          id: "0192-ünï",
          type: "sales.orderPlaced",
          app: "sales",
          timestamp: 1_700_000_000_987,
          contentType: "application/json",
          correlationId: "c-1",
          replyTo: "warren.replies.1",
          expiration: 60_000,
          headers: { "warren-attempt": 2 },
        })
        const bare = packet("{}", { persistent: false, timestamp: 1_700_000_001_000 })
        for (const sent of [full, bare]) yield* transport.publish({ exchange: "", key: name }, sent)
        const inbox = yield* consume(name)
        assert.deepEqual((yield* inbox.take).packet, full)
        assert.deepEqual((yield* inbox.take).packet, bare)
      }),
  },
  {
    name: "publish() carries header values of every type",
    run: ({ send, queue, consume }) =>
      Effect.gen(function* () {
        const headers = {
          "text": "a",
          "empty": "",
          "unicode": "Füchse 🦊 אב",
          "yes": true,
          "no": false,
          "zero": 0,
          "byte": -128,
          "big": Number.MAX_SAFE_INTEGER,
          "least": Number.MIN_SAFE_INTEGER,
          "float": 0.1,
          "huge": 1e300,
          "tiny": -1e-300,
          "huge-negative": -1e300,
        }
        const name = yield* queue({ type: "quorum" })
        yield* send(name, "x", { headers })
        assert.deepEqual((yield* (yield* consume(name)).take).packet.headers, headers)
      }),
  },
  {
    name: "publish() carries empty, binary and 1 MiB bodies",
    run: ({ transport, queue, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue()
        const large = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => (i * 7) % 251)
        const bodies = [new Uint8Array(0), Uint8Array.from({ length: 256 }, (_, i) => i), large]
        for (const body of bodies) yield* transport.publish({ exchange: "", key: name }, packet(body))
        const inbox = yield* consume(name)
        for (const body of bodies) {
          const { packet } = yield* inbox.take
          assert.equal(packet.body.byteLength, body.byteLength)
          assert.ok(packet.body.every((byte, i) => byte === body[i]), "the bytes differ")
        }
      }),
  },
  {
    name: "publish() takes routing keys of up to 255 bytes",
    run: ({ exchange, queue, send }) =>
      Effect.gen(function* () {
        const longest = "k".repeat(255)
        const direct = yield* exchange("direct", [[longest, yield* queue()]])
        assert.equal(yield* send({ exchange: direct, key: longest }, "x"), "routed")
        assert.equal(yield* send({ exchange: direct, key: longest.slice(1) }, "x"), "unroutable")
      }),
  },
  {
    name: "publish() fails TooLarge above maxBytes, sends nothing and goes on",
    run: ({ transport, queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue()
        const limit = transport.traits.maxBytes
        const tooLarge = transport.publish({ exchange: "", key: name }, packet(new Uint8Array(limit + 1)))
        const reason = yield* reasonOf(tooLarge)
        assert.deepEqual({ ...reason }, { _tag: "TooLarge", size: limit + 1, limit })
        yield* send(name, "after")
        assert.deepEqual(yield* (yield* consume(name)).takeAll(1), ["after"])
      }),
  },
  {
    name: "status is Ready once the layer is built, and every subscriber is told",
    run: ({ transport }) =>
      Effect.gen(function* () {
        for (let i = 0; i < 2; i++) {
          const [status] = yield* transport.status.pipe(Stream.take(1), Stream.runCollect)
          assert.equal(status?._tag, "Ready")
        }
      }),
  },
  {
    name: "status ends with Closed when the layer's scope closes",
    needs: ["shared"],
    run: ({ another }) =>
      Effect.gen(function* () {
        const seen = yield* Effect.scoped(Effect.gen(function* () {
          const { transport } = yield* another
          return yield* Effect.forkDetach(
            transport.status.pipe(Stream.takeUntil(({ _tag }) => _tag === "Closed"), Stream.runCollect),
            { startImmediately: true },
          )
        }))
        assert.deepEqual((yield* Fiber.join(seen)).map(({ _tag }) => _tag), ["Ready", "Closed"])
      }),
  },
]
