/**
 * Cases of the socket suite: where sockets listen and connect, in whichever order, and where they cannot.
 */
import assert from "node:assert/strict"
import { existsSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { program, run } from "../../../support/process.ts"
import { type Case, closable, failureOf, loopback, type Peer, within } from "./rig.ts"

/** Binding and connecting. */
export const endpoints: ReadonlyArray<Case> = [
  {
    name: "connect() may come before bind()",
    run: ({ dial, listen, free, ipc }) =>
      Effect.gen(function* () {
        for (const at of [yield* free, yield* ipc]) {
          const source = yield* dial("PUSH", at)
          yield* source.say("early")
          yield* Effect.sleep(30)
          const sink = yield* listen("PULL", {}, at)
          assert.deepEqual(yield* sink.hear, ["early"])
        }
      }),
  },
  {
    name: "bind() says where, with the port that the system chose",
    run: ({ open }) =>
      Effect.gen(function* () {
        const { socket, events } = yield* open("PULL")
        for (const endpoint of ["tcp://127.0.0.1:0", "tcp://127.0.0.1:*"]) {
          assert.match(yield* socket.bind(endpoint), /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/)
        }
        const listening = events.filter(({ _tag }) => _tag === "Listening")
        assert.equal(listening.length, 2)
      }),
  },
  {
    name: "one socket listens at several endpoints and connects to several",
    run: ({ open, listen, dial, ipc }) =>
      Effect.gen(function* () {
        const hub = yield* open("ROUTER")
        const at = [
          yield* hub.socket.bind(loopback),
          yield* hub.socket.bind(loopback),
          yield* hub.socket.bind(yield* ipc),
        ]
        const named: Array<Peer> = []
        for (const [i, one] of at.entries()) named.push(yield* dial("DEALER", one, { identity: `d${i}` }))
        const other = yield* listen("DEALER", { identity: "other" })
        yield* hub.socket.connect(other.at)
        yield* hub.peers(4)
        for (const peer of [...named, other]) yield* peer.say("hello")
        assert.deepEqual((yield* hub.hearAll(4)).toSorted(), ["d0|hello", "d1|hello", "d2|hello", "other|hello"])
        for (const [i, peer] of named.entries()) {
          yield* hub.say(`d${i}`, `to ${i}`)
          assert.deepEqual(yield* peer.hear, [`to ${i}`])
        }
      }),
  },
  {
    name: "ipc:// works as tcp:// does, and leaves no file behind",
    run: ({ listen, dial, ipc }) =>
      Effect.gen(function* () {
        const at = yield* ipc
        const life = yield* closable
        const rep = yield* life.within(listen("REP", {}, at))
        assert.equal(rep.at, at)
        const req = yield* dial("REQ", at)
        yield* req.say("question")
        assert.deepEqual(yield* rep.hear, ["question"])
        yield* rep.say("answer")
        assert.deepEqual(yield* req.hear, ["answer"])
        yield* life.close
        assert.equal(existsSync(at.slice("ipc://".length)), false)
      }),
  },
  {
    name: "IPv6's loopback works as IPv4's does",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", {}, "tcp://[::1]:0")
        assert.match(sink.at, /^tcp:\/\/\[::1\]:\d+$/)
        const source = yield* dial("PUSH", sink.at)
        yield* source.say("hello")
        assert.deepEqual(yield* sink.hear, ["hello"])
      }),
  },
  {
    name: "a host's name is looked up",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const source = yield* dial("PUSH", sink.at.replace("127.0.0.1", "localhost"))
        yield* source.say("hello")
        assert.deepEqual(yield* sink.hear, ["hello"])
      }),
  },
  {
    name: "* listens on every interface",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL", {}, "tcp://*:*")
        const port = /:(\d+)$/.exec(sink.at)![1]!
        const source = yield* dial("PUSH", `tcp://127.0.0.1:${port}`)
        yield* source.say("hello")
        assert.deepEqual(yield* sink.hear, ["hello"])
      }),
  },
  {
    name: "bind() fails with a clear error where something listens already",
    run: ({ listen, open }) =>
      Effect.gen(function* () {
        const { at } = yield* listen("PULL")
        const { socket } = yield* open("PULL")
        const failure = yield* failureOf(socket.bind(at))
        assert.ok(failure._tag === "Unreachable")
        assert.equal(failure.code, "EADDRINUSE")
        assert.equal(
          failure.message,
          `Cannot use "${at}": something listens there already; choose another port, or * for a free one (EADDRINUSE)`,
        )
        // and it goes on
        const other = yield* socket.bind(loopback)
        assert.notEqual(other, at)
      }),
  },
  {
    name: "bind() takes no path from a socket that listens there",
    needs: ["respectsPaths"],
    run: ({ listen, open, dial, ipc }) =>
      Effect.gen(function* () {
        const at = yield* ipc
        const sink = yield* listen("PULL", {}, at)
        const { socket } = yield* open("PULL")
        const failure = yield* failureOf(socket.bind(at))
        assert.ok(failure._tag === "Unreachable" && failure.code === "EADDRINUSE")
        const source = yield* dial("PUSH", at)
        yield* source.say("still there")
        assert.deepEqual(yield* sink.hear, ["still there"])
      }),
  },
  {
    name: "bind() takes over a path that a process left behind",
    run: ({ listen, dial, ipc }) =>
      Effect.gen(function* () {
        const at = yield* ipc
        const script =
          `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`
        yield* Effect.promise(() => run(program("node"), ["-e", script, at.slice("ipc://".length)]))
        assert.equal(existsSync(at.slice("ipc://".length)), true)
        const sink = yield* listen("PULL", {}, at)
        const source = yield* dial("PUSH", at)
        yield* source.say("hello")
        assert.deepEqual(yield* sink.hear, ["hello"])
      }),
  },
  {
    name: "bind() harms no file that is no socket",
    run: ({ open, ipc }) =>
      Effect.gen(function* () {
        const at = yield* ipc
        writeFileSync(at.slice("ipc://".length), "precious")
        const { socket } = yield* open("PULL")
        const failure = yield* failureOf(socket.bind(at))
        assert.equal(failure._tag, "Unreachable")
        assert.equal(existsSync(at.slice("ipc://".length)), true)
      }),
  },
  {
    name: "bind() and connect() fail with a clear error for what is no endpoint",
    run: ({ open }) =>
      Effect.gen(function* () {
        const { socket } = yield* open("DEALER")
        for (const wrong of ["", "127.0.0.1:5555", "udp://127.0.0.1:1", "tcp://127.0.0.1", "tcp://::1:5", "ipc://"]) {
          for (const use of [socket.bind, socket.connect]) {
            const failure = yield* failureOf(use(wrong))
            assert.ok(failure._tag === "InvalidEndpoint", wrong)
            assert.ok(failure.message.startsWith(`Cannot use the endpoint ${JSON.stringify(wrong)}: `))
          }
        }
        assert.match(
          (yield* failureOf(socket.connect("tcp://127.0.0.1:99999"))).message,
          /port 99999 is more than 65535/,
        )
        for (const many of ["tcp://*:5555", "tcp://127.0.0.1:0", "tcp://127.0.0.1:*"]) {
          assert.match((yield* failureOf(socket.connect(many))).message, /only to one host and port/)
        }
      }),
  },
  {
    name: "bind() fails with a clear error for an address of another machine",
    run: ({ open }) =>
      Effect.gen(function* () {
        const { socket } = yield* open("PULL")
        const failure = yield* failureOf(socket.bind("tcp://192.0.2.1:0"))
        assert.ok(failure._tag === "Unreachable")
        // Deno has no words for it but EINVAL
        const expected = failure.code === "EINVAL"
          ? "listen EINVAL: invalid argument 192.0.2.1"
          : "this machine has no such address (EADDRNOTAVAIL)"
        assert.equal(failure.message, `Cannot use "tcp://192.0.2.1:0": ${expected}`)
      }),
  },
  {
    name: "unbind() frees the endpoint, and lets nobody in any more",
    run: ({ listen, dial, open }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        yield* sink.socket.unbind(sink.at)
        yield* sink.socket.unbind(sink.at)
        yield* sink.socket.unbind("tcp://127.0.0.1:1")
        const source = yield* dial("PUSH", sink.at)
        yield* source.say("to whoever listens there next")
        yield* sink.quiet(40)
        const next = yield* open("PULL")
        assert.equal(yield* within("the endpoint", next.socket.bind(sink.at)), sink.at)
        assert.deepEqual(yield* next.hear, ["to whoever listens there next"])
      }),
  },
  {
    name: "unbind() keeps the peers that are connected",
    needs: ["keepsPeers"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const source = yield* dial("PUSH", sink.at)
        yield* sink.peers(1)
        yield* sink.socket.unbind(sink.at)
        yield* source.say("still there")
        assert.deepEqual(yield* sink.hear, ["still there"])
      }),
  },
  {
    name: "connect() a second time does nothing",
    run: ({ listen, open }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const source = yield* open("PUSH")
        yield* source.socket.connect(sink.at)
        yield* source.socket.connect(sink.at)
        yield* source.peers(1)
        yield* Effect.sleep(40)
        assert.equal(sink.socket.stats().peers, 1)
        yield* source.socket.disconnect(sink.at)
        yield* sink.peers(0)
      }),
  },
  {
    name: "disconnect() ends the connection after what was sent, and it may be made again",
    run: ({ listen, open }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const source = yield* open("PUSH")
        for (let i = 0; i < 3; i++) {
          yield* source.socket.connect(sink.at)
          yield* source.peers(1)
          yield* source.say(`${i}`)
          assert.deepEqual(yield* sink.hear, [`${i}`])
          yield* source.socket.disconnect(sink.at)
          yield* source.peers(0)
          yield* sink.peers(0)
          assert.equal(source.offer("nobody"), "full")
        }
        yield* source.socket.disconnect(sink.at)
        yield* source.socket.disconnect("no endpoint")
      }),
  },
  {
    name: "disconnect() waits for what was sent a moment ago",
    run: ({ listen, open }) =>
      Effect.gen(function* () {
        const sink = yield* listen("PULL")
        const source = yield* open("PUSH")
        yield* source.socket.connect(sink.at)
        yield* source.peers(1)
        for (let i = 0; i < 50; i++) yield* source.say(`${i}`, "x".repeat(1_000))
        yield* source.socket.disconnect(sink.at)
        assert.equal((yield* sink.hearAll(50)).length, 50)
      }),
  },
  {
    name: "disconnect() stops connecting",
    run: ({ dial, free, listen }) =>
      Effect.gen(function* () {
        const at = yield* free
        // without linger: libzmq would still send it
        const source = yield* dial("DEALER", at, { linger: 0 })
        yield* source.say("dropped")
        yield* source.socket.disconnect(at)
        const sink = yield* listen("DEALER", {}, at)
        yield* sink.quiet(100)
        assert.equal(sink.socket.stats().peers, 0)
      }),
  },
]
