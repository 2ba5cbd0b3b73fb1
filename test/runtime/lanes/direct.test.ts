/**
 * Calls and replies past the broker, over links in memory: what goes which way, and what never touches the broker.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect } from "effect"
import type { Packet } from "../../../src/transport/mod.ts"
import { QueueName } from "../../../src/wire/mod.ts"
import { meet, Parts, parts, type Run, Unknown } from "./contracts.ts"
import { inWorld, kindOf, type Process, type World } from "./World.ts"

/** A server and a caller that are linked. */
const pair = async (world: World, lane: "direct" | "reply" | "auto" = "direct") => {
  const ledger: Array<Run> = []
  const server = await world.start({ apps: parts("s", world, ledger) })
  const caller = await world.start({ lane })
  await meet(world, caller, ...(lane === "reply" ? [] : [server]))
  await world.advance(1_000)
  world.network.sent.length =
    ledger.length =
    caller.published.length =
    server.published.length =
      0
  return { server, caller, ledger }
}

/** What a process published, in short. */
const publishedBy = ({ published }: Process): ReadonlyArray<string> =>
  published.map(({ route: { exchange, key } }) => exchange === "" ? key.replace(/\.[0-9a-f-]{36}$/, "") : exchange)

const kinds = ({ network }: World): ReadonlyArray<string> => network.sent.map(kindOf)

/** Calls in the queue that the broker waits for a verdict on. */
const unacked = ({ broker }: World, type: string): number =>
  broker.engine.view().queues.find(({ name }) => name === QueueName.call(type))?.unacked ?? 0

describe("the lane direct", () => {
  test(
    "carries call, reply and receipt, and nothing of them goes to the broker",
    inWorld(async (world) => {
      const { server, caller, ledger } = await pair(world)
      const one = caller.call(Parts.lookup({ n: 41 }))
      await world.answered(one)
      await world.advance(1_000)
      assert.equal(one.value(), 41)
      assert.deepEqual(kinds(world), ["call", "reply", "receipt"])
      assert.deepEqual([...publishedBy(caller), ...publishedBy(server)], [])
      assert.deepEqual(ledger.map(({ n, attempt, redelivered }) => [n, attempt, redelivered]), [[41, 1, false]])
      const [answered] = caller.facts("answered").slice(-1)
      assert.equal(answered?.lane, "direct")
      assert.deepEqual(caller.facts("stray-reply"), [])
    }),
  )

  test(
    "is waited for at the start, and for a server that has just come",
    inWorld(async (world) => {
      const server = await world.start({ apps: parts("s", world, []) })
      const caller = await world.start({ lane: "direct" })
      const first = caller.call(Parts.lookup({ n: 1 }))
      await world.answered(first)
      assert.equal(first.value(), 1)
      assert.deepEqual([publishedBy(caller), publishedBy(server)], [[], []])
    }),
  )

  test(
    "collects the receipts of many replies",
    inWorld(async (world) => {
      const { caller } = await pair(world)
      const calls = Array.from({ length: 16 }, (_, n) => caller.call(Parts.lookup({ n })))
      await world.answered(...calls)
      await world.advance(1_000)
      assert.deepEqual(calls.map(({ value }) => value()), Array.from({ length: 16 }, (_, n) => n))
      assert.equal(kinds(world).filter((kind) => kind === "receipt").length, 1)
    }),
  )

  test(
    "carries errors as they are, and they say the lane",
    inWorld(async (world) => {
      const { caller } = await pair(world)
      const declared = caller.call(Parts.lookup({ n: -1 }))
      const long = caller.call(Parts.slow({ n: 1, ms: 60_000 }), { timeout: 100 })
      await world.answered(declared, long)
      assert.ok(declared.error() as unknown instanceof Unknown)
      const late = long.error()
      assert.ok(late._tag === "DeadlineExceeded" && late.stage === "waiting")
      assert.deepEqual([late.lane, late.servers], ["direct", 1])
      assert.match(late.message, /lane "direct"/)
    }),
  )

  test(
    "a process calls itself without the broker, too",
    inWorld(async (world) => {
      const server = await world.start({ apps: parts("s", world, []) })
      await meet(world, server, server)
      server.published.length = 0
      const one = server.call(Parts.relay({ n: 7 }))
      await world.answered(one)
      await world.advance(1_000)
      assert.equal(one.value(), 7)
      assert.deepEqual(publishedBy(server), [])
    }),
  )
})

describe("the lane auto", () => {
  test(
    "goes through the broker while no link is up, and straight from then on",
    inWorld(async (world) => {
      const server = await world.start({ apps: parts("s", world, []) })
      const caller = await world.start()
      await world.advance(100)
      const first = caller.call(Parts.lookup({ n: 1 }))
      await world.answered(first)
      assert.deepEqual(publishedBy(caller), ["warren.calls"])
      await world.advance(100)
      const second = caller.call(Parts.lookup({ n: 2 }))
      await world.answered(second)
      assert.deepEqual(publishedBy(caller), ["warren.calls"])
      assert.deepEqual(caller.facts("answered").map(({ lane }) => lane), ["reply", "direct"])
      assert.deepEqual(publishedBy(server), [])
    }),
  )

  test(
    "goes through the broker to servers that have no links, and answers callers that have none",
    inWorld(async (world) => {
      await world.start({ apps: parts("s", world, []), lane: "broker" })
      const caller = await world.start()
      await world.advance(100)
      const bare = await world.start({ lane: "broker" })
      await world.start({ apps: parts("t", world, []) })
      await world.advance(100)
      const calls = [caller, bare].flatMap((one) => Array.from({ length: 6 }, (_, n) => one.call(Parts.lookup({ n }))))
      await world.answered(...calls)
      for (const one of calls) one.value()
      assert.deepEqual(new Set(bare.facts("answered").map(({ lane }) => lane)), new Set(["broker"]))
    }),
  )

  for (const lane of ["auto", "direct", "reply"] as const) {
    test(
      `fails NoHandler at once where nobody serves the call, and nothing is left of it (${lane})`,
      inWorld(async (world) => {
        const { caller } = await pair(world, lane)
        const calls = Array.from({ length: 100 }, () => caller.call(Parts.nobody()))
        await world.answered(...calls)
        for (const one of calls) {
          assert.equal(one.error()._tag, "NoHandler")
          assert.ok(one.took() < 10)
        }
        assert.equal(caller.core.lanes?.client.waiting, 0)
      }),
    )
  }

  test(
    "leaves nothing of calls that the broker does not take",
    inWorld(async (world) => {
      const caller = await world.start({ settings: { maxWaiting: 1 } })
      await world.advance(100)
      await Effect.runPromise(world.broker.disconnect())
      await world.advance(100)
      const calls = Array.from({ length: 10 }, (_, n) => caller.call(Parts.lookup({ n }), { timeout: 1_000 }))
      await world.answered(...calls)
      assert.deepEqual(
        calls.map(({ error }) => error()._tag),
        ["Disconnected", ...Array.from({ length: 9 }, () => "Overloaded")],
      )
      assert.equal(caller.core.lanes?.client.waiting, 0)
    }),
  )
})

describe("the lane reply", () => {
  test(
    "takes the call through the broker and its reply straight; the call is acked once its receipt is there",
    inWorld(async (world) => {
      const { server, caller, ledger } = await pair(world, "reply")
      world.network.latency = (from) => from === caller.endpoint ? 50 : 0
      const one = caller.call(Parts.lookup({ n: 5 }))
      await world.answered(one)
      assert.equal(one.value(), 5)
      // answered, and the receipt is on its way
      assert.equal(unacked(world, Parts.lookup.type), 1)
      await world.advance(149)
      assert.equal(unacked(world, Parts.lookup.type), 1)
      await world.advance(2)
      assert.equal(unacked(world, Parts.lookup.type), 0)
      assert.deepEqual(kinds(world), ["reply", "receipt"])
      assert.deepEqual([publishedBy(caller), publishedBy(server)], [["warren.calls"], []])
      assert.equal(ledger.length, 1)
      assert.equal(caller.facts("answered").at(-1)?.lane, "reply")
      assert.equal(caller.core.lanes?.client.waiting, 0)
    }),
  )

  test(
    "asks for a receipt at once where the next call waits for its ack",
    inWorld(async (world) => {
      await world.start({ apps: parts("s", world, []), settings: { concurrency: 1 } })
      const caller = await world.start({ lane: "reply" })
      await world.advance(1_000)
      const before = world.now()
      const calls = Array.from({ length: 20 }, (_, n) => caller.call(Parts.lookup({ n })))
      await world.answered(...calls)
      assert.deepEqual(calls.map((one) => one.value()), calls.map((_, n) => n))
      assert.ok(world.now() - before < 20, `20 calls one after the other took ${world.now() - before} ms`)
    }),
  )

  test(
    "a first reply whose link is not up within 5 ms goes through the broker, and the next ones straight",
    inWorld(async (world) => {
      const server = await world.start({ apps: parts("s", world, []) })
      const caller = await world.start({ lane: "reply" })
      await world.advance(100)
      world.network.latency = () => 10
      for (let n = 0; n < 3; n++) {
        const one = caller.call(Parts.lookup({ n }))
        await world.answered(one)
        await world.advance(500)
      }
      assert.deepEqual(caller.facts("answered").map(({ lane }) => lane), ["broker", "reply", "reply"])
      assert.deepEqual(publishedBy(server), ["warren.replies"])
      assert.equal(server.facts("rerouted").length, 1)
    }),
  )
})

describe("payloads and replies that are too large", () => {
  for (const lane of ["broker", "reply", "direct", "auto"] as const) {
    test(
      `are refused typed on the lane ${lane}, and what just fits arrives`,
      inWorld(async (world) => {
        await world.start({ apps: parts("s", world, []) })
        const caller = await world.start({ lane })
        await meet(world, caller)
        const limit = caller.core.transport.traits.maxBytes
        const frame = JSON.stringify({ text: "", times: 1 }).length
        const outcomes = [
          caller.call(Parts.echo({ text: "x".repeat(limit - frame + 1), times: 1 }), { timeout: 60_000 }),
          caller.call(Parts.echo({ text: "x".repeat(limit - frame), times: 1 }), { timeout: 60_000 }),
          caller.call(Parts.echo({ text: "x".repeat(1_024), times: 17_000 }), { timeout: 60_000 }),
        ] as const
        await world.answered(...outcomes)
        const [payload, fitting, reply] = outcomes
        const refused = payload.error()
        assert.equal(refused._tag, "InvalidPayload")
        assert.match(refused.message, /16777217 bytes.*at most 16777216 bytes/)
        assert.equal((fitting.value() as string).length, limit - frame)
        const invalid = reply.error()
        assert.equal(invalid._tag, "InvalidReply")
        assert.match(invalid.message, /at most 16777216 bytes/)
      }),
    )
  }
})

describe("the ids and traces of a call", () => {
  test(
    "are the same on each lane, for whoever reads its message",
    inWorld(async (world) => {
      const { caller, server } = await pair(world)
      const packets: Array<Packet> = []
      server.core.lanes?.server.serve(Parts.lookup.type, ({ packet, straight }) => {
        packets.push(packet)
        straight?.giveBack(false)
        return true
      })
      const one = caller.call(Parts.lookup({ n: 3 }))
      await world.answered(one)
      assert.equal(one.value(), 3)
      const [straight] = packets
      const round = caller.published.find(({ route }) => route.exchange === "warren.calls")?.packet
      assert.ok(straight !== undefined && round !== undefined)
      const { "warren-reply": _, ...headers } = round.headers
      assert.deepEqual(straight, { ...round, headers, expiration: 5_000 })
    }),
  )
})
