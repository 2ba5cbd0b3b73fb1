/**
 * The interoperability suite: our sockets, on the runtime that runs the tests, against libzmq in a process of its own.
 *
 * Each pair of kinds, whoever listens, with and without CURVE; then peers that are killed and start again, heartbeats of
 * libzmq, and keys that do not fit. Declared once for each program that can be the other side.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Redacted, type Scope } from "effect"
import {
  type CurveKeys,
  generateKeys,
  layerNode,
  openSocket,
  type SocketOptions,
  type SocketType,
} from "../../../../adapters/zeromq/zmtp/mod.ts"
import { startProxy } from "../../../support/proxy.ts"
import { bytes, failureOf, loopback, message, type Peer, type Rig, rigOf, until } from "../sockets/rig.ts"
import { agree, ask, converse } from "./converse.ts"
import { type Command, Other, type OtherOptions, type OtherSocket } from "./Other.ts"

/** How the suite is run. */
export interface InteropOptions {
  /** Heads the list of tests. */
  readonly name: string
  /** The program of the other side; called once it is needed. */
  readonly command: () => Command
  readonly skip?: string | undefined
  /** Also messages of 64 MiB, which take their time. */
  readonly large?: boolean
}

/** Ours and theirs. */
const pairs: ReadonlyArray<readonly [SocketType, SocketType]> = [
  ["DEALER", "ROUTER"],
  ["ROUTER", "DEALER"],
  ["REQ", "REP"],
  ["REP", "REQ"],
  ["PUSH", "PULL"],
  ["PULL", "PUSH"],
  ["PUB", "SUB"],
  ["SUB", "PUB"],
  ["DEALER", "DEALER"],
  ["DEALER", "REP"],
  ["REP", "DEALER"],
  ["REQ", "ROUTER"],
  ["ROUTER", "REQ"],
  ["ROUTER", "ROUTER"],
]

/** Sizes around each boundary of the framing, and frames that are empty. */
const messages = [["a"], [255], [256], [65_536], ["", "x", "", 300, ""], ["x", ""]]

/** What each pair says in clear, and one of them encrypted, which takes its time. */
const long = [[1_048_576]]

const [server, client, stranger] = [generateKeys(), generateKeys(), generateKeys()]

/** Options of both sides, by what encrypts. */
const mechanisms: ReadonlyArray<readonly [name: string, ours: SocketOptions, theirs: OtherOptions]> = [
  ["NULL", {}, {}],
  ["CURVE, our server", { curve: { role: "server", keys: server, allowed: [client.publicKey] } }, clientThere(client)],
  [
    "CURVE, their server",
    { curve: { role: "client", serverKey: server.publicKey, keys: client } },
    serverThere(server),
  ],
]

function clientThere(keys: CurveKeys, serverKey = server.publicKey): OtherOptions {
  return { publicKey: keys.publicKey, secretKey: Redacted.value(keys.secretKey), serverKey }
}

function serverThere(keys: CurveKeys): OtherOptions {
  return { curveServer: true, publicKey: keys.publicKey, secretKey: Redacted.value(keys.secretKey) }
}

/** Kinds that have a name. */
const isNamed = (type: SocketType) => type === "DEALER" || type === "ROUTER" || type === "REQ" || type === "REP"

const rig: Rig = rigOf((type, options, onEvent) => Effect.provide(openSocket(type, options, onEvent), layerNode))

const run = <A>(effect: Effect.Effect<A, unknown, Scope.Scope>): Promise<A> => Effect.runPromise(Effect.scoped(effect))

/** Declares the tests against one program. */
export const interopSuite = ({ name, command, skip, large = false }: InteropOptions): void => {
  let shared: Other
  const there = (type: SocketType, options?: OtherOptions, other = shared) =>
    Effect.acquireRelease(
      ask(() => other.open(type, options)),
      // it may have been killed
      (socket: OtherSocket) => Effect.promise(() => socket.close().catch(() => {})),
    )
  /** A process of its own, to be killed. */
  const another = Effect.acquireRelease(
    Effect.sync(() => new Other(command())),
    (other) => Effect.promise(() => other.kill()),
  )

  /** Two sockets that know each other. */
  const meet = Effect.fnUntraced(function* (
    [type, other]: readonly [SocketType, SocketType],
    weBind: boolean,
    ourOptions: SocketOptions,
    theirOptions: OtherOptions,
  ) {
    const theirs = yield* there(other, { ...theirOptions, ...(isNamed(other) && { identity: "them" }) })
    const ours: Peer = yield* rig.open(type, { ...ourOptions, ...(isNamed(type) && { identity: "us" }) })
    if (other === "SUB") yield* ask(() => theirs.subscribe(""))
    if (type === "SUB") yield* ours.socket.subscribe(bytes(""))
    if (weBind) {
      const at = yield* ours.socket.bind(loopback)
      yield* ask(() => theirs.connect(at))
    } else yield* ours.socket.connect(yield* ask(() => theirs.bind()))
    yield* ours.peers(1)
    if (type === "PUB" || type === "SUB") yield* agree(ours, type, theirs)
    return { ours, theirs }
  })

  describe(`ZMTP in TypeScript against ${name}`, () => {
    beforeAll(() => {
      if (skip === undefined) shared = new Other(command())
    })
    afterAll(() => shared?.kill())

    const check = (name: string, effect: () => Effect.Effect<unknown, unknown, Scope.Scope>) =>
      test(name, { skip }, () => run(Effect.suspend(effect)))

    for (const [mechanism, ourOptions, theirOptions] of mechanisms) {
      for (const pair of pairs) {
        check(`${pair[0]} talks to ${pair[1]}, whoever listens (${mechanism})`, () =>
          Effect.gen(function* () {
            for (const weBind of [true, false]) {
              const { ours, theirs } = yield* meet(pair, weBind, ourOptions, theirOptions)
              const isLong = mechanism === "NULL" || pair[0] === pair[1]
              yield* converse(pair, ours, theirs, isLong ? [...messages, ...long] : messages)
            }
          }))
      }
    }

    if (large) {
      check("messages of 64 MiB go both ways", () =>
        Effect.gen(function* () {
          const { ours, theirs } = yield* meet(["DEALER", "DEALER"], true, {}, {})
          yield* converse(["DEALER", "DEALER"], ours, theirs, [[64 * 1024 * 1024]])
        }))
    }

    check("a few thousand small messages keep their order on the way there and back", () =>
      Effect.gen(function* () {
        const { ours, theirs } = yield* meet(["DEALER", "DEALER"], false, {}, {})
        const echoed = theirs.echo(3_000)
        const heard: Array<string> = []
        ours.socket.deliver(([frame]) => void heard.push(new TextDecoder().decode(frame)))
        for (let i = 0; i < 3_000; i++) yield* ours.say(`${i}`)
        yield* ask(() => echoed)
        yield* until("the last", () => heard.length === 3_000)
        assert.deepEqual(heard, Array.from({ length: 3_000 }, (_, i) => `${i}`))
      }))

    describe("peers that are killed and start again", () => {
      check("relaxed REQ asks the new REP", () =>
        Effect.gen(function* () {
          const [first, second] = [yield* another, yield* another]
          const before = yield* there("REP", {}, first)
          const req = yield* rig.dial("REQ", yield* ask(() => before.bind()), { relaxed: true, correlate: true })
          yield* converse(["REQ", "REP"], req, before, [["one"]])
          yield* req.say("lost")
          yield* ask(() => before.receive())
          const at = endpointOf(req)
          yield* Effect.promise(() => first.kill())
          yield* req.peers(0)
          yield* req.say("asked while nobody was there")
          const after = yield* there("REP", {}, second)
          yield* ask(() => after.bind(at))
          assert.deepEqual(yield* ask(() => after.receive()), ["asked while nobody was there"])
          yield* ask(() => after.send("answer"))
          assert.deepEqual(yield* req.hear, ["answer"])
        }))

      check("their relaxed REQ asks our new REP", () =>
        Effect.gen(function* () {
          const theirs = yield* there("REQ", { relaxed: true, correlate: true })
          const at = yield* rig.free
          yield* ask(() => theirs.connect(at))
          for (let i = 0; i < 2; i++) {
            yield* Effect.scoped(Effect.gen(function* () {
              const rep = yield* rig.listen("REP", {}, at)
              yield* rep.peers(1)
              yield* converse(["REP", "REQ"], rep, theirs, [["round", `${i}`]])
            }))
          }
        }))

      check("DEALER sends what waited to the new ROUTER", () =>
        Effect.gen(function* () {
          const [first, second] = [yield* another, yield* another]
          const before = yield* there("ROUTER", {}, first)
          const dealer = yield* rig.dial("DEALER", yield* ask(() => before.bind()), { identity: "us" })
          yield* converse(["DEALER", "ROUTER"], dealer, before, [["one"]])
          const at = endpointOf(dealer)
          yield* Effect.promise(() => first.kill())
          yield* dealer.peers(0)
          for (let i = 0; i < 3; i++) yield* dealer.say(`${i}`)
          const after = yield* there("ROUTER", { mandatory: true }, second)
          yield* ask(() => after.bind(at))
          for (let i = 0; i < 3; i++) assert.deepEqual(yield* ask(() => after.receive()), ["us", `${i}`])
          yield* converse(["DEALER", "ROUTER"], dealer, after, [["two"]])
        }))

      check("ROUTER knows a DEALER again that was killed", () =>
        Effect.gen(function* () {
          const router = yield* rig.listen("ROUTER", { mandatory: true })
          for (let i = 0; i < 2; i++) {
            const other = yield* another
            const theirs = yield* there("DEALER", { identity: "them" }, other)
            yield* ask(() => theirs.connect(router.at))
            yield* router.peers(1)
            yield* converse(["ROUTER", "DEALER"], router, theirs, [["round", `${i}`]])
            yield* Effect.promise(() => other.kill())
            yield* router.peers(0)
            assert.equal((yield* failureOf(router.say("them", "lost")))._tag, "Unroutable")
          }
        }))

      check("SUB says again what it wants to the new PUB", () =>
        Effect.gen(function* () {
          const [first, second] = [yield* another, yield* another]
          const before = yield* there("PUB", {}, first)
          const sub = yield* rig.dial("SUB", yield* ask(() => before.bind()))
          for (const topic of ["mark", "a"]) yield* sub.socket.subscribe(bytes(topic))
          yield* agree(sub, "SUB", before)
          const at = endpointOf(sub)
          yield* Effect.promise(() => first.kill())
          yield* sub.peers(0)
          const after = yield* there("PUB", {}, second)
          yield* ask(() => after.bind(at))
          yield* sub.peers(1)
          yield* agree(sub, "SUB", after)
          yield* ask(() => after.send("b1"))
          yield* converse(["SUB", "PUB"], sub, after, [["a1", "x"]])
        }))

      check("PUB hears again what a new SUB wants", () =>
        Effect.gen(function* () {
          const pub = yield* rig.listen("PUB")
          for (let i = 0; i < 2; i++) {
            const other = yield* another
            const theirs = yield* there("SUB", {}, other)
            for (const topic of ["mark", `${i}`]) yield* ask(() => theirs.subscribe(topic))
            yield* ask(() => theirs.connect(pub.at))
            yield* pub.peers(1)
            yield* agree(pub, "PUB", theirs)
            yield* pub.say(`${1 - i}`, "not wanted")
            yield* converse(["PUB", "SUB"], pub, theirs, [[`${i}`, "wanted"]])
            yield* Effect.promise(() => other.kill())
            yield* pub.peers(0)
          }
        }))
    })

    describe("heartbeats", () => {
      // libzmq goes by the clock, whoever has the processor meanwhile
      const beats = { heartbeat: 50, silence: 700, ttl: 1_000 }

      check("of libzmq are answered, and keep a connection that has nothing to say", () =>
        Effect.gen(function* () {
          const { ours, theirs } = yield* meet(["DEALER", "DEALER"], true, {}, beats)
          yield* Effect.sleep(1_000)
          yield* converse(["DEALER", "DEALER"], ours, theirs, [["still the same"]])
          assert.ok(!ours.events.some(({ _tag }) => _tag === "Disconnected"))
        }))

      check("are answered by libzmq", () =>
        Effect.gen(function* () {
          const heartbeat = { interval: 40, timeout: 240 }
          const { ours, theirs } = yield* meet(["DEALER", "DEALER"], false, { heartbeat }, {})
          yield* Effect.sleep(500)
          yield* converse(["DEALER", "DEALER"], ours, theirs, [["still the same"]])
          assert.ok(!ours.events.some(({ _tag }) => _tag === "Disconnected"))
        }))

      check("find libzmq stopped, and take it back when it goes on", () =>
        Effect.gen(function* () {
          const other = yield* another
          const theirs = yield* there("DEALER", {}, other)
          const ours = yield* rig.listen("DEALER", { heartbeat: { interval: 30, timeout: 90 } })
          yield* ask(() => theirs.connect(ours.at))
          yield* ours.peers(1)
          other.signal("SIGSTOP")
          assert.match((yield* ours.saw("Disconnected")).why, /^it was silent for/)
          other.signal("SIGCONT")
          yield* ours.peers(1)
          yield* converse(["DEALER", "DEALER"], ours, theirs, [["again"]])
        }))

      check("ttl of libzmq is kept: it is taken for lost when it is silent for longer", () =>
        Effect.gen(function* () {
          const other = yield* another
          const theirs = yield* there("DEALER", { ...beats, ttl: 400 }, other)
          const ours = yield* rig.listen("DEALER")
          yield* ask(() => theirs.connect(ours.at))
          yield* ours.peers(1)
          // its first heartbeat has come
          yield* Effect.sleep(100)
          other.signal("SIGSTOP")
          assert.equal((yield* ours.saw("Disconnected")).why, "it was silent for the 400 ms that it had named")
          other.signal("SIGCONT")
        }))

      check("of libzmq find a wire over which nothing comes any more", () =>
        Effect.gen(function* () {
          const ours = yield* rig.listen("ROUTER", { handover: true })
          const proxy = yield* Effect.acquireRelease(
            Effect.promise(() => startProxy(Number(new URL(ours.at).port))),
            (proxy) => Effect.promise(() => proxy.close()),
          )
          const theirs = yield* there("DEALER", { ...beats, identity: "them" })
          yield* ask(() => theirs.connect(`tcp://127.0.0.1:${proxy.port}`))
          yield* converse(["ROUTER", "DEALER"], ours, theirs, [["before"]])
          proxy.stall(true)
          yield* until("another connection", () => proxy.count() >= 2)
          proxy.stall(false)
          yield* ours.saw("Connected", 2)
          yield* ask(() => theirs.send("after"))
          assert.deepEqual(yield* ours.hear, ["them", "after"])
        }))
    })

    describe("keys that do not fit", () => {
      const kept = Effect.fnUntraced(function* (ours: Rig["open"], theirs: OtherOptions, weBind: boolean) {
        const socket = yield* there("PULL", theirs)
        const source = yield* ours("PUSH")
        if (weBind) {
          const at = yield* source.socket.bind(loopback)
          yield* ask(() => socket.connect(at))
        } else yield* source.socket.connect(yield* ask(() => socket.bind()))
        yield* source.saw("Disconnected")
        assert.equal(source.socket.stats().peers, 0)
        assert.ok(!source.events.some(({ _tag }) => _tag === "Connected"))
      })
      const pushing = (curve: SocketOptions["curve"]): Rig["open"] => (type) =>
        rig.open(type, { ...(curve !== undefined && { curve }), linger: 0 })

      check("keep their client out of our server", () =>
        Effect.gen(function* () {
          const only = pushing({ role: "server", keys: server, allowed: [client.publicKey] })
          yield* kept(only, clientThere(stranger), true)
          yield* kept(only, clientThere(client, stranger.publicKey), true)
          yield* kept(only, {}, true)
          yield* kept(pushing(undefined), clientThere(client), true)
        }))

      check("keep our client out of their server", () =>
        Effect.gen(function* () {
          yield* kept(pushing({ role: "client", serverKey: stranger.publicKey }), serverThere(server), false)
          yield* kept(pushing(undefined), serverThere(server), false)
          yield* kept(pushing({ role: "client", serverKey: server.publicKey }), {}, false)
        }))

      check("a kind of socket that does not fit is told, and given up", () =>
        Effect.gen(function* () {
          const theirs = yield* there("SUB")
          const ours = yield* rig.dial("PUSH", yield* ask(() => theirs.bind()), { linger: 0 })
          yield* ours.socket.send(message("never heard"))
          assert.match((yield* ours.saw("GaveUp")).why, /SUB/)
        }))
    })
  })
}

/** Where a socket is connected to, by what it told. */
const endpointOf = ({ events }: Peer): string => {
  const found = events.find((event) => event._tag === "Connected")
  assert.ok(found?._tag === "Connected")
  return `tcp://${found.remote}`
}
