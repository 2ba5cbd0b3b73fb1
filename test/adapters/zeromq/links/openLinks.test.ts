/**
 * Links over real sockets on loopback: what arrives, who is let in and who is told why not, and how a link ends and comes back.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { connect } from "node:net"
import { networkInterfaces } from "node:os"
import { inspect } from "node:util"
import { Effect, Exit, Logger, Redacted, References, Scope } from "effect"
import { layerStreams, type LinkOptions, NoLinks, openLinks } from "../../../../adapters/zeromq/mod.ts"
import type { Link, LinkPeer, Links, Parts } from "../../../../src/transport/mod.ts"
import { failure, until } from "../../../../src/testing/runtimeSuiteRig.ts"
import { startProxy } from "../../../support/proxy.ts"

const secret = Redacted.make("0123456789abcdef0123456789abcdef")
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
const bytes = (some: string): Uint8Array => new TextEncoder().encode(some)

/** A process with links, and what it has heard. */
interface Process {
  readonly links: Links
  readonly heard: Array<{ readonly from: LinkPeer; readonly parts: Parts }>
  /** Ends it before the test ends. */
  readonly end: Effect.Effect<void>
}

const start = Effect.fnUntraced(function* (
  options: Partial<LinkOptions> = {},
): Effect.fn.Return<Process, NoLinks, Scope.Scope> {
  const own = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const links = yield* openLinks({ local: "127.0.0.1", maxMessageBytes: 1_000_000, ...options }).pipe(
    Effect.provide(layerStreams),
    Scope.provide(own),
  )
  const heard: Process["heard"][number][] = []
  links.listen((from, parts) => heard.push({ from, parts }))
  return { links, heard, end: Scope.close(own, Exit.void) }
})

/** Why it does not start. */
const refusal = (starting: Effect.Effect<Process, NoLinks, Scope.Scope>) => failure(Effect.scoped(starting))

/** A link as its opener sees it. */
const dial = (process: Process, to: string) => {
  const seen = { ups: 0, downs: 0, isUp: false }
  const link = process.links.open(to, {
    onUp: (up) => {
      assert.equal(up, link)
      seen.ups++
      seen.isUp = true
    },
    onDown: () => {
      if (seen.isUp) seen.downs++
      seen.isUp = false
    },
  })
  return { link: link as Link, seen }
}

const linked = Effect.fnUntraced(function* (from: Process, to: Process) {
  const dialled = dial(from, to.links.endpoint)
  assert.equal(dialled.seen.isUp, false)
  yield* until("the link is up", () => dialled.seen.isUp)
  return dialled
})

/** Runs a test; `lines` has what was logged, of every level. */
const run = (body: (lines: Array<string>) => Effect.Effect<void, unknown, Scope.Scope>) => () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message, logLevel }) => void lines.push(`${logLevel} ${String(message)}`))
  return Effect.runPromise(
    Effect.suspend(() => body(lines)).pipe(
      Effect.scoped,
      Effect.provide(Logger.layer([logger])),
      Effect.provideService(References.MinimumLogLevel, "All"),
    ),
  )
}

const portOf = ({ links }: Process): number => Number(/:(\d+)$/.exec(links.endpoint)?.[1])

for (const [name, options] of [["unencrypted", {}], ["encrypted", { secret }]] as const) {
  describe(`${name} links`, () => {
    test(
      "carry messages whole and in order, both ways, and answers come on the link",
      run(() =>
        Effect.gen(function* () {
          const [a, b] = [yield* start(options), yield* start(options)]
          assert.match(a.links.endpoint, /^zmq\+tcp:\/\/127\.0\.0\.1:\d+$/)
          const { link } = yield* linked(a, b)
          assert.equal(link.name, b.links.endpoint)
          for (let i = 0; i < 1_000; i++) assert.ok(link.send([bytes(`m${i}`), new Uint8Array(i % 50), bytes("")]))
          yield* until("all are there", () => b.heard.length === 1_000)
          for (const [i, { from, parts }] of b.heard.entries()) {
            assert.deepEqual([text(parts[0]), parts[1]?.length, parts[2]?.length, parts.length], [
              `m${i}`,
              i % 50,
              0,
              3,
            ])
            assert.equal(from, b.heard[0]!.from)
          }
          assert.ok(b.heard[0]!.from.send([bytes("answer")]))
          yield* until("the answer is there", () => a.heard.length === 1)
          assert.deepEqual([a.heard[0]!.from, text(a.heard[0]!.parts[0])], [link, "answer"])
        })
      ),
    )

    test(
      "know a process by one name, over each of its links, and after it came back",
      run(() =>
        Effect.gen(function* () {
          const [a, b] = [yield* start(options), yield* start(options)]
          const first = yield* linked(a, b)
          first.link.send([bytes("1")])
          yield* until("the first is there", () => b.heard.length === 1)
          first.link.close()
          const second = yield* linked(a, b)
          second.link.send([bytes("2")])
          yield* until("the second is there", () => b.heard.length === 2)
          assert.equal(b.heard[0]!.from.name, b.heard[1]!.from.name)
          assert.ok(b.heard[0]!.from.send([bytes("answer")]))
          yield* until("the answer is there", () => a.heard.length === 1)
          assert.equal(a.heard[0]!.from, second.link)
        })
      ),
    )

    test(
      "end a link over which a message comes that is too large, and nobody else's",
      run(() =>
        Effect.gen(function* () {
          const [a, b, c] = [
            yield* start(options),
            yield* start({ ...options, maxMessageBytes: 2_000 }),
            yield* start(options),
          ]
          const { link, seen } = yield* linked(a, b)
          const other = yield* linked(c, b)
          assert.ok(link.send([new Uint8Array(5_000)]))
          yield* until("the link is lost", () => seen.downs === 1)
          yield* until("it is back", () => seen.isUp)
          assert.ok(link.send([bytes("small")]))
          assert.ok(other.link.send([bytes("small")]))
          yield* until("what fits is there", () => b.heard.length === 2)
          assert.equal(other.seen.downs, 0)
        })
      ),
    )

    test(
      "take no harm from programs that speak otherwise",
      run(() =>
        Effect.gen(function* () {
          const [a, b] = [yield* start(options), yield* start(options)]
          const sockets = ["GET / HTTP/1.1\r\n\r\n", "\u0000".repeat(200), "AMQP\u0000\u0000\u0009\u0001"].map(
            (junk) => {
              const socket = connect(portOf(b), "127.0.0.1", () => socket.write(junk))
              socket.on("error", () => {})
              return socket
            },
          )
          const { link } = yield* linked(a, b)
          link.send([bytes("1")])
          yield* until("it is there", () => b.heard.length === 1)
          for (const socket of sockets) socket.destroy()
        })
      ),
    )
  })
}

const hasIpv6 = Object.values(networkInterfaces()).some((some) => some?.some(({ address }) => address === "::1"))

describe("links over IPv6", () => {
  test(
    "are told in brackets, and carry messages",
    { skip: hasIpv6 ? undefined : "this machine has no ::1" },
    run(() =>
      Effect.gen(function* () {
        const [a, b] = [yield* start({ local: "::1", secret }), yield* start({ local: "::1", secret })]
        assert.match(b.links.endpoint, /^zmq\+tcp:\/\/\[::1\]:\d+$/)
        const { link } = yield* linked(a, b)
        link.send([bytes("1")])
        yield* until("it is there", () => b.heard.length === 1)
      })
    ),
  )
})

describe("a link that ends", () => {
  test(
    "is told, sends nothing any more, and comes back by itself at the same port, whoever is there then",
    run(() =>
      Effect.gen(function* () {
        const [a, b] = [yield* start(), yield* start()]
        const { link, seen } = yield* linked(a, b)
        const port = portOf(b)
        yield* b.end
        yield* until("the loss is noticed", () => seen.downs === 1)
        assert.equal(link.send([bytes("lost")]), false)
        const next = yield* start({ listen: `127.0.0.1:${port}` })
        yield* until("it is back", () => seen.isUp)
        assert.ok(link.send([bytes("new")]))
        yield* until("it is there", () => next.heard.length === 1)
        assert.deepEqual([text(next.heard[0]!.parts[0]), seen.ups, seen.downs], ["new", 2, 1])
        assert.notEqual(next.links.endpoint, undefined)
      })
    ),
  )

  test(
    "because it was closed gives nothing any more, on neither side",
    run(() =>
      Effect.gen(function* () {
        const [a, b] = [yield* start(), yield* start()]
        const { link } = yield* linked(a, b)
        link.send([bytes("1")])
        yield* until("it is there", () => b.heard.length === 1)
        link.close()
        link.close()
        assert.equal(link.send([bytes("2")]), false)
        const { from } = b.heard[0]!
        yield* until("the other side knows", () => !from.send([bytes("answer")]))
        yield* Effect.sleep(20)
        assert.deepEqual([a.heard.length, b.heard.length], [0, 1])
      })
    ),
  )

  test(
    "half open, without a word, is found by its silence on both sides, and comes back when the network does",
    run(() =>
      Effect.gen(function* () {
        const [a, b] = [yield* start({ secret }), yield* start({ secret })]
        const proxy = yield* Effect.acquireRelease(
          Effect.promise(() => startProxy(portOf(b))),
          (one) => Effect.promise(() => one.close()),
        )
        const { link, seen } = dial(a, `zmq+tcp://127.0.0.1:${proxy.port}`)
        yield* until("the link is up", () => seen.isUp)
        link.send([bytes("1")])
        yield* until("it is there", () => b.heard.length === 1)
        const { from } = b.heard[0]!
        proxy.stall(true)
        assert.ok(link.send([bytes("into the void")]))
        assert.ok(from.send([bytes("into the void")]))
        yield* until("the silence is noticed", () => seen.downs === 1)
        yield* until("and on the other side", () => !from.send([bytes("?")]))
        proxy.stall(false)
        yield* until("it is back", () => seen.isUp)
        link.send([bytes("2")])
        yield* until("the second is there", () => b.heard.some(({ parts }) => text(parts[0]) === "2"))
      })
    ),
  )

  test(
    "while nobody listens is tried until somebody does; given up it is not",
    run(() =>
      Effect.gen(function* () {
        const [a, b] = [yield* start(), yield* start()]
        const port = portOf(b)
        yield* b.end
        const wanted = dial(a, b.links.endpoint)
        const given = dial(a, `zmq+tcp://localhost:${port}`)
        given.link.close()
        yield* Effect.sleep(150)
        const late = yield* start({ listen: `127.0.0.1:${port}` })
        yield* until("it is up", () => wanted.seen.isUp)
        yield* Effect.sleep(50)
        assert.equal(given.seen.ups, 0)
        assert.equal(late.heard.length, 0)
      })
    ),
  )
})

describe("a link to itself", () => {
  test(
    "hands messages over, both ways, until it is closed",
    run(() =>
      Effect.gen(function* () {
        const a = yield* start({ secret })
        const { link, seen } = yield* linked(a, a)
        let isSync = true
        a.links.listen((from, parts) => {
          assert.ok(!isSync)
          a.heard.push({ from, parts })
          if (text(parts[0]) === "question") assert.ok(from.send([bytes("answer")]))
        })
        assert.ok(link.send([bytes("question")]))
        isSync = false
        yield* until("both are there", () => a.heard.length === 2)
        assert.deepEqual(a.heard.map(({ parts }) => text(parts[0])), ["question", "answer"])
        assert.equal(a.heard[1]!.from, link)
        link.send([bytes("last")])
        link.close()
        yield* Effect.sleep(10)
        assert.deepEqual([a.heard.length, link.send([bytes("?")]), seen.ups], [2, false, 1])
      })
    ),
  )
})

describe("who is let in", () => {
  const pairs: ReadonlyArray<
    readonly [what: string, caller: Partial<LinkOptions>, server: Partial<LinkOptions>, why: RegExp]
  > = [
    [
      "with another secret",
      { secret: Redacted.make("another secret, as long") },
      { secret },
      /has it the same WARREN_SECRET\?/,
    ],
    ["without a secret where there is one", {}, { secret }, /NULL|CURVE|mechanism/],
    ["with a secret where there is none", { secret }, {}, /NULL|CURVE|mechanism/],
  ]
  for (const [what, caller, server, why] of pairs) {
    test(
      `nobody ${what}: no message passes, and the log says why`,
      run((lines) =>
        Effect.gen(function* () {
          const [a, b] = [yield* start(caller), yield* start(server)]
          const { link, seen } = dial(a, b.links.endpoint)
          yield* until("it is told", () =>
            lines.some((line) => line.startsWith("Warn") && line.includes(b.links.endpoint)))
          const [line = ""] = lines.filter((one) =>
            one.startsWith("Warn")
          )
          assert.match(line, why)
          assert.deepEqual([seen.ups, link.send([bytes("?")]), b.heard.length], [0, false, 0])
          yield* Effect.sleep(300)
          assert.equal(lines.filter((one) => one.startsWith("Warn")).length, 1, lines.join("\n"))
          assert.ok(!lines.join().includes(Redacted.value(secret)))
        })
      ),
    )
  }

  test(
    "those with the same secret, each with its own sockets",
    run((lines) =>
      Effect.gen(function* () {
        const all = [yield* start({ secret }), yield* start({ secret }), yield* start({ secret })]
        for (const one of all) {
          for (const other of all) {
            const { link } = yield* linked(one, other)
            assert.ok(link.send([bytes("hello")]))
          }
        }
        yield* until("all are there", () => all.every(({ heard }) => heard.length === 3))
        assert.deepEqual(lines.filter((line) => !line.startsWith("Debug")), [])
      })
    ),
  )
})

describe("openLinks()", () => {
  test(
    "opens nothing where the plan forbids it, and says what to do",
    run(() =>
      Effect.gen(function* () {
        const beyond = yield* refusal(start({ local: "10.0.0.5" }))
        assert.ok(beyond instanceof NoLinks && !beyond.isMistake)
        assert.match(beyond.message, /WARREN_SECRET/)
        const unknown = yield* refusal(start({ local: undefined }))
        assert.ok(unknown instanceof NoLinks && !unknown.isMistake)
        const short = yield* refusal(start({ secret: Redacted.make("open sesame") }))
        assert.ok(short instanceof NoLinks && short.isMistake)
        assert.ok(!inspect(short, { depth: 9 }).includes("open sesame"))
      })
    ),
  )

  test(
    "a port that is taken, or an address of another machine, is a mistake only where the user named it",
    run(() =>
      Effect.gen(function* () {
        const taken = yield* start()
        const named = yield* refusal(start({ listen: `127.0.0.1:${portOf(taken)}` }))
        assert.ok(named instanceof NoLinks && named.isMistake)
        assert.match(named.message, /something listens there already/)
        // an address of documentation, which no machine has
        const derived = yield* refusal(start({ local: "192.0.2.7", secret }))
        assert.ok(derived instanceof NoLinks && !derived.isMistake)
        // Deno gives another reason
        assert.match(derived.message, /192\.0\.2\.7/)
      })
    ),
  )

  test(
    "tells the address that the user names, and reaches nothing on loopback then",
    run(() =>
      Effect.gen(function* () {
        const [inner, outer] = [yield* start(), yield* start({ advertise: "10.1.2.3", secret })]
        assert.match(outer.links.endpoint, /^zmq\+tcp:\/\/10\.1\.2\.3:\d+$/)
        const events = { onUp: () => assert.fail(), onDown: () => {} }
        for (const to of [inner.links.endpoint, "zmq+tcp://localhost:1", "zmq+tcp://127.1:1", "zmq+tcp://0.0.0.0:1"]) {
          assert.equal(outer.links.open(to, events), undefined, to)
        }
        for (const to of ["zmq+tcp://10.0.0.1:1", "zmq+tcp://sales-1:1", "zmq+tcp://8.8.8.8:53"]) {
          assert.equal(inner.links.open(to, events), undefined, to)
        }
        // a port that was free just now
        const before = yield* start()
        const port = portOf(before)
        yield* before.end
        const fixed = yield* start({ advertise: `[2001:db8::7]:${port}`, secret })
        assert.equal(fixed.links.endpoint, `zmq+tcp://[2001:db8::7]:${port}`)
      })
    ),
  )

  test(
    "opens nothing at what is no endpoint",
    run(() =>
      Effect.gen(function* () {
        const a = yield* start()
        const events = { onUp: () => assert.fail(), onDown: () => {} }
        for (
          const to of [
            "",
            "tcp://127.0.0.1:1",
            "zmq+tcp://",
            "zmq+tcp://127.0.0.1",
            "zmq+tcp://127.0.0.1:0",
            "zmq+tcp://127.0.0.1:99999",
            "zmq+tcp://127.0.0.1:*",
            "zmq+ipc:///tmp/socket",
            "zmq+tcp://[::1",
            "http://127.0.0.1:1",
          ]
        ) assert.equal(a.links.open(to, events), undefined, to)
      })
    ),
  )

  test(
    "leaves nothing when it ends: not a socket, not a timer, not a link on its way",
    run(() =>
      Effect.gen(function* () {
        const [a, b] = [yield* start(), yield* start()]
        const { seen } = yield* linked(a, b)
        dial(a, "zmq+tcp://127.0.0.1:1")
        yield* a.end
        assert.equal(
          a.links.open(b.links.endpoint, { onUp: () => assert.fail(), onDown: () => {} })?.send([bytes("?")]) ?? false,
          false,
        )
        yield* Effect.sleep(50)
        assert.equal(seen.isUp, false)
      })
    ),
  )
})
