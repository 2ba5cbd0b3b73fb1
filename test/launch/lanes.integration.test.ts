/**
 * Programs that say how their calls travel, over RabbitMQ and real sockets: what was asked for is what happens.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Schema } from "effect"
import { api, call, connect, type Connected, type ConnectOptions, handle, InvalidOption } from "../../src/mod.ts"
import type { CallTrail } from "../../src/runtime/mod.ts"
import { rabbit, skip } from "../support/rabbit.ts"

const url = rabbit()

const secret = "0123456789abcdef0123456789abcdef"

const contracts = () =>
  api(`l${crypto.randomUUID().slice(0, 8)}`, { ask: call({ n: Schema.Int }, { returns: Schema.Int }) })

type Contracts = ReturnType<typeof contracts>

const join = (options: Partial<ConnectOptions>): Promise<Connected> =>
  connect({ app: "web", broker: url(), ...options })

const serving = ({ ask }: Contracts, options: Partial<ConnectOptions> = {}): Promise<Connected> =>
  join({ workers: { server: { ask: handle(ask, ({ n }) => n + 1) } }, ...options })

/** Calls until it went that way, or for ten seconds; the way of the last call. */
const wayOf = async (bus: Connected, { ask }: Contracts, wanted: string): Promise<ReadonlyArray<string>> => {
  for (let i = 0;; i++) {
    let trail: CallTrail | undefined
    assert.equal(await bus.call(ask({ n: i }), { onTrail: (told) => trail = told }), i + 1)
    const hops = trail?.hops.map(({ what, detail = "" }) => `${what} ${detail}`) ?? []
    if (hops.some((hop) => hop.startsWith(wanted)) || i === 200) return hops
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe("connect({ lane })", () => {
  for (const options of [{}, { secret }]) {
    const how = "secret" in options ? "encrypted" : "in the clear"
    test(`direct goes straight, ${how}`, { skip }, async () => {
      const some = contracts()
      await using _server = await serving(some, options)
      await using bus = await join({ lane: "direct", ...options })
      const hops = await wayOf(bus, some, "sent straight")
      assert.match(
        hops.join("\n"),
        /sent straight to instance .*, past the broker: 1 of 1 server can be reached straight/,
      )
      assert.match(hops.join("\n"), /replied straight, past the broker/)
    })
  }

  test("reply takes the reply alone past the broker, broker nothing", { skip }, async () => {
    const some = contracts()
    await using _server = await serving(some)
    await using reply = await join({ lane: "reply" })
    const straight = (await wayOf(reply, some, "replied straight")).join("\n")
    assert.match(straight, /published through the broker, its reply may come straight: the lane "reply" was asked for/)
    assert.match(straight, /replied straight, past the broker/)
    await using round = await join({ lane: "broker" })
    const hops = (await wayOf(round, some, "replied")).join("\n")
    assert.match(hops, /published through the broker: the lane "broker" was asked for/)
    assert.match(hops, /replied through the broker/)
  })

  test("processes with different secrets answer each other through the broker", { skip }, async () => {
    const some = contracts()
    await using _server = await serving(some, { secret })
    await using bus = await join({ lane: "direct", secret: `another ${secret}`, wait: 0 })
    const hops = (await wayOf(bus, some, "published")).join("\n")
    assert.match(hops, /published through the broker, its reply may come straight: /)
    assert.match(hops, /replied through the broker/)
  })

  test("what makes no sense is refused before anything runs", { skip }, async () => {
    for (
      const [options, message] of [
        [{ lane: "fastest" as never }, /Cannot use "fastest" for `lane`: expected auto, broker, reply, direct/],
        [{ secret: "short" }, /WARREN_SECRET has 5 characters; expected at least 16/],
      ] as const
    ) {
      await assert.rejects(join(options), (error) => {
        assert.ok(error instanceof InvalidOption)
        assert.match(error.message, message)
        return true
      })
    }
  })
})
