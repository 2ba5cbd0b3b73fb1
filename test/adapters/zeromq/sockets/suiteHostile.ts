/**
 * Cases of the socket suite: peers that break the rules end their own connection, and nothing else.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { bytes, type Case, filled, type Listener, type Peer, type Rig, until } from "./rig.ts"
import { frame, greeting, messageBytes, ready } from "./RawPeer.ts"

/** A listener with a peer that behaves, who must notice nothing; `proves` that. */
const company = Effect.fnUntraced(function* ({ listen, dial }: Rig, options: Parameters<Rig["listen"]>[1] = {}) {
  const sink = yield* listen("PULL", options)
  const honest = yield* dial("PUSH", sink.at)
  yield* sink.peers(1)
  let count = 0
  const proves = Effect.suspend(() => {
    const text = `still there ${count++}`
    return Effect.andThen(honest.say(text), Effect.map(sink.hear, (heard) => assert.deepEqual(heard, [text])))
  })
  return { sink, proves }
})

/** The same, with another peer that has shaken hands and is about to misbehave. */
const badCompany = Effect.fnUntraced(function* (rig: Rig, options: Parameters<Rig["listen"]>[1] = {}) {
  const { sink, proves } = yield* company(rig, options)
  const bad = yield* rig.raw(sink.at)
  bad.shake("PUSH")
  yield* sink.peers(2)
  return { sink, proves, bad }
})

/** What could be of ZMTP 1.0 or 2.0, each with what a person would call it. */
const ancient: ReadonlyArray<readonly [what: string, bytes: Uint8Array]> = [
  ["an HTTP request", bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
  ["zeros", new Uint8Array(100)],
  ["noise", filled(4_000).map((byte) => byte ^ 0x5a)],
  ["a greeting of version 2", Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 8, 0, 0)],
]

/** What is no ZMTP of any version. */
const garbage: ReadonlyArray<readonly [what: string, bytes: Uint8Array]> = [
  ["another mechanism", greeting({ mechanism: "GSSAPI" })],
  ["noise behind a greeting", new Uint8Array([...greeting(), ...filled(500)])],
  ["a message instead of a handshake", new Uint8Array([...greeting(), ...messageBytes("x")])],
  ["an unknown command instead of READY", new Uint8Array([...greeting(), ...frame(4, Uint8Array.of(1, 65))])],
  [
    "properties that end early",
    new Uint8Array([...greeting(), ...frame(4, Uint8Array.of(5, 82, 69, 65, 68, 89, 200))]),
  ],
  ["a socket of a kind that does not fit", new Uint8Array([...greeting(), ...ready("SUB")])],
  ["a command without a name", new Uint8Array([...greeting(), ...ready("PUSH"), ...frame(4, new Uint8Array(0))])],
  ["a frame with unknown flags", new Uint8Array([...greeting(), ...ready("PUSH"), 0xf8, 1, 1])],
  [
    "a frame of 2^62 bytes",
    new Uint8Array([...greeting(), ...ready("PUSH"), 2, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]),
  ],
]

const isRefused = Effect.fnUntraced(function* (
  sink: Listener,
  honest: Effect.Effect<unknown, unknown>,
  peer: { readonly isClosed: boolean },
) {
  yield* until("the end of the bad connection", () => peer.isClosed)
  yield* honest
  assert.equal(sink.socket.stats().peers, 1)
})

/** Broken rules, limits and silence. */
export const hostile: ReadonlyArray<Case> = [
  ...[...ancient, ...garbage].map(([what, bytes], i): Case => ({
    name: `${what} ends its own connection only`,
    needs: i < ancient.length ? ["refusesOld"] : [],
    run: (rig) =>
      Effect.gen(function* () {
        const { sink, proves } = yield* company(rig)
        const bad = yield* rig.raw(sink.at)
        bad.write(bytes)
        yield* isRefused(sink, proves, bad)
        yield* sink.quiet(10)
      }),
  })),
  {
    name: "garbage from a server is only another reason to try again",
    needs: ["refusesOld"],
    run: ({ rawServer, dial, listen }) =>
      Effect.gen(function* () {
        const server = yield* rawServer
        const sink = yield* listen("PULL")
        const source = yield* dial("PUSH", server.at, { immediate: true })
        yield* source.socket.connect(sink.at)
        yield* until("a few attempts", () => {
          for (const peer of server.peers) peer.write(bytes("220 mail.example ESMTP\r\n"))
          return server.peers.length >= 3
        })
        yield* source.peers(1)
        yield* source.say("to the real one")
        assert.deepEqual(yield* sink.hear, ["to the real one"])
      }),
  },
  {
    name: "a peer that says nothing is closed in time",
    run: (rig) =>
      Effect.gen(function* () {
        const { sink, proves } = yield* company(rig, { handshakeTimeout: 60 })
        const [silent, half] = [yield* rig.raw(sink.at), yield* rig.raw(sink.at)]
        half.write(greeting())
        yield* isRefused(sink, proves, silent)
        yield* isRefused(sink, proves, half)
      }),
  },
  {
    name: "a peer that says a byte at a time is closed in time",
    run: (rig) =>
      Effect.gen(function* () {
        const { sink, proves } = yield* company(rig, { handshakeTimeout: 100 })
        const slow = yield* rig.raw(sink.at)
        const all = [...greeting(), ...ready("PUSH")]
        const talking = Effect.forEach(all, (byte) =>
          Effect.andThen(Effect.sync(() => slow.write(Uint8Array.of(byte))), Effect.sleep(15)))
        yield* Effect.forkChild(talking)
        yield* isRefused(sink, proves, slow)
      }),
  },
  {
    name: "a server that says nothing is left in time, and tried again",
    run: ({ rawServer, dial }) =>
      Effect.gen(function* () {
        const server = yield* rawServer
        yield* dial("PUSH", server.at, { handshakeTimeout: 30 })
        yield* until("a second attempt", () => server.peers.length >= 2 && server.peers[0]!.isClosed)
      }),
  },
  {
    name: "a handshake and messages may come a byte at a time",
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const slow = yield* raw(sink.at)
        for (const byte of [...greeting(), ...ready("PUSH"), ...messageBytes("a", "", "bc")]) {
          slow.write(Uint8Array.of(byte))
          yield* Effect.sleep(1)
        }
        assert.deepEqual(yield* sink.hear, ["a", "", "bc"])
      }),
  },
  {
    name: "a message over the limit ends its own connection only",
    run: (rig) =>
      Effect.gen(function* () {
        const { sink, proves, bad } = yield* badCompany(rig, { maxMessageBytes: 1_000 })
        bad.write(frame(0, filled(1_000)))
        assert.equal((yield* sink.hearRaw)[0]!.length, 1_000)
        bad.write(frame(0, filled(1_001)))
        yield* isRefused(sink, proves, bad)
        yield* sink.quiet(10)
      }),
  },
  {
    name: "frames over the limit together end the connection",
    needs: ["limitsWholes"],
    run: (rig) =>
      Effect.gen(function* () {
        const { sink, proves, bad } = yield* badCompany(rig, { maxMessageBytes: 1_000 })
        bad.write(frame(1, filled(600)), frame(1, filled(400)), frame(0, filled(0)))
        assert.deepEqual((yield* sink.hearRaw).map(({ length }) => length), [600, 400, 0])
        bad.write(frame(1, filled(600)), frame(0, filled(401)))
        yield* isRefused(sink, proves, bad)
        yield* sink.quiet(10)
      }),
  },
  {
    name: "more frames than the limit end the connection",
    needs: ["limitsFrames"],
    run: (rig) =>
      Effect.gen(function* () {
        const { sink, proves, bad } = yield* badCompany(rig, { maxFrames: 3 })
        bad.write(messageBytes("1", "2", "3"))
        assert.deepEqual(yield* sink.hear, ["1", "2", "3"])
        bad.write(messageBytes("1", "2", "3", "4"))
        yield* isRefused(sink, proves, bad)
        yield* sink.quiet(10)
      }),
  },
  {
    name: "maxPeers lets so many in, and another when one has gone",
    needs: ["limitsPeers"],
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", { maxPeers: 2 })
        const [first, second] = [yield* raw(sink.at), yield* raw(sink.at)]
        for (const peer of [first, second]) peer.shake("PUSH")
        yield* sink.peers(2)
        const third = yield* raw(sink.at)
        third.shake("PUSH")
        yield* until("the end of the third", () => third.isClosed)
        assert.equal((yield* sink.saw("Disconnected")).why, "it has 2 peers, which is its maximum")
        first.end()
        yield* sink.peers(1)
        const fourth = yield* raw(sink.at)
        fourth.shake("PUSH")
        yield* sink.peers(2)
        fourth.write(messageBytes("welcome"))
        assert.deepEqual(yield* sink.hear, ["welcome"])
      }),
  },
  {
    name: "maxPeers counts those who went and left messages that nobody has received",
    needs: ["limitsPeers"],
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", { maxPeers: 2 })
        for (let i = 0; i < 2; i++) {
          const peer = yield* raw(sink.at)
          peer.shake("PUSH")
          yield* sink.peers(1)
          peer.write(messageBytes(`${i}`))
          peer.end()
          yield* sink.peers(0)
        }
        const refused = yield* raw(sink.at)
        yield* until("its end", () => refused.isClosed)
        assert.deepEqual(yield* sink.hear, ["0"])
        const next = yield* raw(sink.at)
        next.shake("PUSH")
        yield* sink.peers(1)
        assert.deepEqual(yield* sink.hear, ["1"])
      }),
  },
  {
    name: "half a message is none",
    run: (rig) =>
      Effect.gen(function* () {
        const { sink, proves, bad } = yield* badCompany(rig)
        bad.write(messageBytes("whole"), frame(1, bytes("first")), frame(0, filled(5_000)).subarray(0, 2_000))
        assert.deepEqual(yield* sink.hear, ["whole"])
        bad.reset()
        yield* sink.peers(1)
        yield* proves
        yield* sink.quiet(10)
      }),
  },
  {
    name: "what came before a connection broke can be received, although it was more than may wait",
    needs: ["survivesBreaks"],
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", { receiveHighWaterMark: 2, heartbeat: { interval: 20 } })
        const bad = yield* raw(sink.at)
        bad.shake("PUSH")
        yield* sink.peers(1)
        const all = Array.from({ length: 500 }, (_, i) => `${i}`)
        bad.write(...all.map((text) => messageBytes(text)))
        yield* Effect.sleep(30)
        bad.reset()
        yield* sink.saw("Disconnected")
        assert.deepEqual(yield* sink.hearAll(500), all)
      }),
  },
  {
    name: "commands of later versions are ignored",
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const later = yield* raw(sink.at)
        later.shake("PUSH")
        yield* sink.peers(1)
        later.write(frame(4, bytes("\x06LATERxyz")), messageBytes("and now?"))
        assert.deepEqual(yield* sink.hear, ["and now?"])
      }),
  },
  {
    name: "what a PUSH is sent in spite of the rules reaches nobody",
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const source: Peer & Listener = yield* listen("PUSH")
        const bad = yield* raw(source.at)
        bad.shake("PULL")
        yield* source.peers(1)
        bad.write(messageBytes("who listens?"))
        yield* source.say("goes on")
        yield* until("the message", () => bad.has("goes on"))
      }),
  },
  {
    name: "what a PUSH is sent in spite of the rules takes nobody's place",
    needs: ["limitsPeers"],
    run: ({ listen, raw }) =>
      Effect.gen(function* () {
        const source = yield* listen("PUSH", { maxPeers: 2, receiveHighWaterMark: 2 })
        for (let i = 1; i <= 5; i++) {
          const bad = yield* raw(source.at)
          bad.shake("PULL")
          yield* source.peers(1)
          for (let j = 0; j < 4; j++) bad.write(messageBytes("who listens?"))
          yield* until("what it sent", () => source.socket.stats().dropped === i * 4)
          bad.end()
          yield* source.peers(0)
        }
      }),
  },
]
