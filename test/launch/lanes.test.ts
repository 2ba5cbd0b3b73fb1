/**
 * How the lanes of a process are chosen: what is said in the program and in variables, what is missing, and what is told of it.
 */
import { afterEach, describe, test } from "#test"
import assert from "node:assert/strict"
import process from "node:process"
import { inspect } from "node:util"
import { Context, Effect, Layer, Logger, Redacted, type Scope, Stream } from "effect"
import { type LaneOptions, lanesLayer } from "../../src/launch/lanes.ts"
import { CurrentSettings, defaultSettings, InvalidOption, type Settings } from "../../src/runtime/mod.ts"
import { CurrentLinks, type Links, type Status, Transport } from "../../src/transport/mod.ts"

const variables = ["LANE", "SECRET", "INSECURE", "ADVERTISE", "LINKS", "ZEROMQ"].map((name) => `WARREN_${name}`)
afterEach(() => {
  for (const name of variables) delete process.env[name]
})

const secret = "0123456789abcdef0123456789abcdef"

interface Given {
  /** This side's address of the line to the broker. */
  readonly local?: string | undefined
  readonly shared?: boolean
  readonly status?: Status
  readonly lane?: Settings["lane"]
}

interface Chosen {
  readonly links: Links | undefined
  readonly settings: Settings
  /** What was logged. */
  readonly lines: ReadonlyArray<string>
}

/** Chooses, over a broker that is not asked anything. */
const choose = Effect.fnUntraced(function* (
  options: LaneOptions = {},
  { local = "127.0.0.1", shared = true, status, lane }: Given = {},
): Effect.fn.Return<Chosen, InvalidOption, Scope.Scope> {
  const lines: Array<string> = []
  const logger = Logger.make(({ message, logLevel }) => void lines.push(`${logLevel} ${String(message)}`))
  const broker: Transport["Service"] = {
    traits: { name: "amqp", durable: true, shared, maxBytes: 1_000 },
    status: Stream.concat(Stream.succeed<Status>(status ?? { _tag: "Ready", server: "test", local }), Stream.never),
    declare: () => Effect.void,
    publish: () => Effect.succeed("routed"),
    consume: () => Effect.void,
  }
  const context = (yield* Layer.build(
    lanesLayer(options).pipe(Layer.provide(Layer.succeed(Transport, broker)), Layer.provide(Logger.layer([logger]))),
  ).pipe(
    Effect.provideService(CurrentSettings, { ...defaultSettings, ...(lane !== undefined && { lane }) }),
  )) as Context.Context<unknown>
  return { links: Context.get(context, CurrentLinks), settings: Context.get(context, CurrentSettings), lines }
})

const chosen = (
  look: (chosen: Chosen) => void,
  options?: LaneOptions,
  given?: Given,
): Promise<void> => Effect.runPromise(Effect.scoped(Effect.map(choose(options, given), look)))

const refused = async (options?: LaneOptions, given?: Given): Promise<InvalidOption> => {
  const error = await Effect.runPromise(Effect.flip(Effect.scoped(choose(options, given))))
  assert.ok(error instanceof InvalidOption)
  return error
}

describe("the lane", () => {
  test("is auto unless somebody says otherwise, and then there are links where the broker is on loopback", () =>
    chosen(({ links, settings, lines }) => {
      assert.equal(settings.lane, "auto")
      assert.match(links?.endpoint ?? "", /^zmq\+tcp:\/\/127\.0\.0\.1:\d+$/)
      assert.deepEqual(lines, [])
    }))

  test("is what the program says, else the variable, else the settings", async () => {
    await chosen(({ settings }) => assert.equal(settings.lane, "reply"), {}, { lane: "reply" })
    process.env["WARREN_LANE"] = "direct"
    await chosen(({ settings }) => assert.equal(settings.lane, "direct"), {}, { lane: "reply" })
    await chosen(({ settings }) => assert.equal(settings.lane, "broker"), { lane: "broker" }, { lane: "reply" })
    process.env["WARREN_LANE"] = ""
    await chosen(({ settings }) => assert.equal(settings.lane, "auto"))
  })

  test("that is none is refused, with the ones there are, wherever it was said", async () => {
    const list = /expected auto, broker, reply, direct$/
    const said = await refused({ lane: "fastest" as Settings["lane"] })
    assert.match(said.message, /^Cannot use "fastest" for `lane`/)
    assert.match(said.message, list)
    process.env["WARREN_LANE"] = "Direct "
    const variable = await refused()
    assert.match(variable.message, /^Cannot use "Direct " for `WARREN_LANE`/)
    assert.match(variable.message, list)
    // whoever says it well in the program need not correct the variable
    await chosen(({ settings }) => assert.equal(settings.lane, "reply"), { lane: "reply" })
  })

  test("broker opens nothing and says nothing, whatever else is said", async () => {
    process.env["WARREN_LINKS"] = "nonsense nonsense"
    process.env["WARREN_SECRET"] = "short"
    await chosen(({ links, settings, lines }) => {
      assert.deepEqual([links, settings.lane, lines], [undefined, "broker", []])
    }, { lane: "broker" })
  })

  test("means nothing where nobody else is: in one process nothing is opened, nor said", () =>
    chosen(
      ({ links, settings, lines }) => assert.deepEqual([links, settings.lane, lines], [undefined, "direct", []]),
      { lane: "direct" },
      { shared: false },
    ))
})

describe("a broker beyond this machine, and no secret", () => {
  test("auto goes through the broker, and one line says what to do", () =>
    chosen(
      ({ links, settings, lines }) => {
        assert.equal(links, undefined)
        assert.equal(lines.length, 1)
        assert.match(
          lines[0]!,
          /^Info Calls go through the broker, not past it: it would listen at 10\.0\.0\.5, .*set WARREN_SECRET to the same secret/,
        )
        assert.match(settings.noLanes, /^it would listen at 10\.0\.0\.5, beyond this machine, without encryption/)
        assert.equal(settings.lane, "auto")
      },
      {},
      { local: "10.0.0.5" },
    ))

  for (const lane of ["direct", "reply"] as const) {
    test(`${lane}, asked for by name, is refused, and the error says what to do`, async () => {
      for (const ask of ["program", "variable"]) {
        if (ask === "variable") process.env["WARREN_LANE"] = lane
        const error = await refused(ask === "program" ? { lane } : {}, { local: "10.0.0.5" })
        assert.equal(
          error.message,
          `Cannot use "${lane}" for \`lane\`: expected "auto", or links past the broker, but it would listen at 10.0.0.5, ` +
            "beyond this machine, without encryption; set WARREN_SECRET to the same secret in all processes, " +
            "or use --insecure where the network is safe",
        )
      }
    })
  }

  test("nobody knows where it is reached from: the same, with another remedy", async () => {
    const blocked: Given = { status: { _tag: "Blocked", reason: "memory" } }
    await chosen(
      ({ links, lines }) => {
        assert.equal(links, undefined)
        assert.match(lines.join(), /say where to listen with WARREN_LINKS/)
      },
      {},
      blocked,
    )
    assert.match((await refused({ lane: "direct" }, blocked)).message, /say where to listen with WARREN_LINKS/)
  })

  test("is no matter where links are said to be elsewhere, or the network to be safe", async () => {
    process.env["WARREN_LINKS"] = "127.0.0.1"
    await chosen(({ links }) => assert.match(links?.endpoint ?? "", /127\.0\.0\.1/), {}, { local: "10.0.0.5" })
    process.env["WARREN_ADVERTISE"] = "10.1.2.3"
    assert.match((await refused({ lane: "direct" })).message, /others reach it at 10\.1\.2\.3/)
    const advertised = ({ links }: Chosen) => assert.match(links?.endpoint ?? "", /^zmq\+tcp:\/\/10\.1\.2\.3:\d+$/)
    await chosen(advertised, { insecure: true })
    process.env["WARREN_INSECURE"] = "1"
    await chosen(advertised)
    // the program goes before the variable
    await chosen(({ links }) => assert.equal(links, undefined), { insecure: false })
  })
})

describe("the secret", () => {
  test("is taken from the program, as text or hidden, or from the variable", async () => {
    process.env["WARREN_LINKS"] = "127.0.0.1"
    process.env["WARREN_ADVERTISE"] = "10.1.2.3"
    const there = ({ links }: Chosen) => assert.ok(links !== undefined)
    await chosen(there, { lane: "direct", secret })
    await chosen(there, { lane: "direct", secret: Redacted.make(secret) })
    process.env["WARREN_SECRET"] = secret
    await chosen(there, { lane: "direct" })
  })

  test("that is short is refused on every lane that needs links, auto too, and never shown", async () => {
    const short = "open sesame"
    for (const lane of ["auto", "reply", "direct"] as const) {
      for (const given of [{ secret: short }, { secret: Redacted.make(short) }, {}]) {
        process.env["WARREN_SECRET"] = short
        const error = await refused({ lane, ...given })
        assert.match(error.message, /WARREN_SECRET has 11 characters; expected at least 16/)
        assert.ok(!inspect(error, { depth: 9 }).includes(short))
        assert.ok(!JSON.stringify(error).includes(short))
      }
    }
    assert.match((await refused({ secret: "" })).message, /WARREN_SECRET has 0 characters/)
  })

  test("is nowhere to be seen in what was opened", () =>
    chosen(
      (found) => assert.ok(!inspect(found, { depth: 9, showHidden: true }).includes(secret)),
      { secret },
    ))
})

describe("mistakes in variables", () => {
  for (
    const [name, value] of [["WARREN_LINKS", "a b"], ["WARREN_ADVERTISE", "http://host"], ["WARREN_ZEROMQ", "jeromq"]]
  ) {
    test(`${name} is named with its value, on the lane auto too`, async () => {
      process.env[name!] = value
      const { message } = await refused()
      assert.ok(message.includes(name!) && message.includes(value!), message)
    })
  }
})
