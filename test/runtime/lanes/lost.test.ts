/**
 * Replies, receipts, links and processes that are lost: what is run once, what is run again, and how every call ends.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { QueueName } from "../../../src/wire/mod.ts"
import { meet, Parts, parts, type Run } from "./contracts.ts"
import { inWorld, kindOf, type Process, type World } from "./World.ts"

/** A caller and its servers, linked. */
const company = async (world: World, names: ReadonlyArray<string>, lane: "direct" | "reply" = "direct") => {
  const ledger: Array<Run> = []
  const servers: Array<Process> = []
  for (const name of names) servers.push(await world.start({ apps: parts(name, world, ledger) }))
  const caller = await world.start({ lane })
  await meet(world, caller, ...servers.slice(0, lane === "direct" ? undefined : 0))
  if (lane === "reply") await world.advance(1_000)
  world.network.sent.length = ledger.length = 0
  return { servers, caller, ledger, server: servers[0]! }
}

const loseKind = (world: World, kind: string) => {
  let lost = 0
  world.network.loses = (sent) => kindOf(sent) === kind && ++lost > 0
  return () => lost
}

const unacked = ({ broker }: World, type: string): number =>
  broker.engine.view().queues.find(({ name }) => name === QueueName.call(type))?.unacked ?? 0

describe("a reply that is lost on its way", () => {
  test(
    "direct: it comes round by the broker, once its receipt does not come, and the handler ran once",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world, ["s"])
      const lost = loseKind(world, "reply")
      const one = caller.call(Parts.slow({ n: 5, ms: 10 }))
      await world.answered(one)
      assert.deepEqual([one.value(), lost(), ledger.length], [5, 1, 1])
      assert.ok(one.took() >= 500 && one.took() < 700, String(one.took()))
      assert.equal(server.facts("rerouted").length, 1)
      assert.equal(caller.facts("answered").at(-1)?.lane, "direct")
      assert.equal(caller.core.lanes?.client.waiting, 0)
    }),
  )

  test(
    "reply: the same, the call is acked once, and the next replies leave that way alone for a while",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world, ["s"], "reply")
      const lost = loseKind(world, "reply")
      const one = caller.call(Parts.lookup({ n: 5 }))
      await world.advance(400)
      assert.deepEqual([one.exit(), unacked(world, Parts.lookup.type)], [undefined, 1])
      await world.answered(one)
      assert.deepEqual([one.value(), lost(), unacked(world, Parts.lookup.type)], [5, 1, 0])
      for (let n = 0; n < 5; n++) {
        const next = caller.call(Parts.lookup({ n }))
        await world.answered(next)
        assert.equal(next.value(), n)
      }
      assert.equal(lost(), 1)
      assert.equal(caller.facts("answered").at(-1)?.lane, "broker")
      world.network.loses = () => false
      await world.advance(1_100)
      const later = caller.call(Parts.lookup({ n: 9 }))
      await world.answered(later)
      assert.equal(caller.facts("answered").at(-1)?.lane, "reply")
      assert.deepEqual([ledger.length, server.facts("rerouted").length], [7, 1])
    }),
  )

  test(
    "its link is half open: the caller has it from the broker, and the next call a new link",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world, ["s"])
      world.network.deafen(server.endpoint, caller.endpoint)
      const one = caller.call(Parts.lookup({ n: 5 }))
      await world.answered(one)
      assert.equal(one.value(), 5)
      await world.advance(3_500)
      assert.equal(world.network.up(caller.endpoint), 0)
      const round = caller.call(Parts.lookup({ n: 6 }))
      await world.answered(round)
      assert.deepEqual([round.value(), caller.facts("answered").at(-1)?.lane], [6, "broker"])
      world.network.mend(server.endpoint, caller.endpoint)
      await world.advance(31_000)
      const straight = caller.call(Parts.lookup({ n: 7 }))
      await world.answered(straight)
      assert.deepEqual([straight.value(), caller.facts("answered").at(-1)?.lane], [7, "direct"])
      assert.deepEqual(ledger.map(({ n }) => n), [5, 6, 7])
    }),
  )
})

describe("a receipt that is lost", () => {
  for (const lane of ["direct", "reply"] as const) {
    test(
      `${lane}: the reply is repeated through the broker, the caller has answered once, and the second is dropped and counted`,
      inWorld(async (world) => {
        const { caller, server, ledger } = await company(world, ["s"], lane)
        const lost = loseKind(world, "receipt")
        const one = caller.call(Parts.lookup({ n: 5 }))
        await world.answered(one)
        assert.ok(one.took() < 50)
        await world.advance(2_000)
        assert.deepEqual([one.value(), ledger.length], [5, 1])
        assert.ok(lost() >= 1)
        assert.equal(server.facts("rerouted").length, 1)
        assert.deepEqual(caller.facts("stray-reply").map(({ type }) => type), [Parts.lookup.type])
        assert.deepEqual(caller.facts("answered").filter(({ type }) => type === Parts.lookup.type).length, 2)
        assert.equal(unacked(world, Parts.lookup.type), 0)
      }),
    )
  }

  test(
    "a second reply over a link is answered with a receipt too, and counted",
    inWorld(async (world) => {
      const { caller } = await company(world, ["s"])
      const one = caller.call(Parts.lookup({ n: 5 }))
      await world.answered(one)
      await world.advance(1_000)
      const reply = world.network.sent.find((sent) => kindOf(sent) === "reply")!
      world.network.sent.length = 0
      const raw = world.network.join("zmq+tcp://10.9.9.9:9", "raw")
      const receipts: Array<string> = []
      raw.listen((_, message) => receipts.push(kindOf({ parts: message })))
      raw.open(caller.endpoint, { onUp: (link) => void link.send(reply.parts), onDown: () => {} })
      await world.advance(120)
      assert.deepEqual(receipts, ["receipt"])
      assert.equal(caller.facts("stray-reply").length, 1)
    }),
  )
})

describe("a link that is lost with a call on it", () => {
  test(
    "not idempotent: it is not run twice, and its answer comes through the broker",
    inWorld(async (world) => {
      const { caller, servers, ledger } = await company(world, ["s", "t"])
      const one = caller.call(Parts.slow({ n: 5, ms: 500 }))
      await world.advance(100)
      // whichever of them has it
      const at = servers["st".indexOf(ledger[0]!.server)]!
      world.network.cut(caller.endpoint, at.endpoint, true)
      await world.answered(one)
      assert.deepEqual([one.value(), ledger.length], [5, 1])
    }),
  )

  test(
    "not idempotent: where the link is back before the answer, that comes over it",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world, ["s"])
      const one = caller.call(Parts.slow({ n: 5, ms: 1_000 }))
      await world.advance(100)
      world.network.cut(caller.endpoint, server.endpoint)
      await world.answered(one)
      assert.deepEqual([one.value(), ledger.length], [5, 1])
      assert.ok(world.network.sent.some((sent) => kindOf(sent) === "reply"))
      assert.equal(server.facts("rerouted").length, 0)
    }),
  )

  test(
    "not idempotent: a server that is gone with it is found dead within two seconds, though another one serves the call",
    inWorld(async (world) => {
      const { caller, servers, ledger } = await company(world, ["s", "t"])
      const one = caller.call(Parts.slow({ n: 5, ms: 500 }), { timeout: 60_000 })
      await world.advance(100)
      await servers["st".indexOf(ledger[0]!.server)]!.kill()
      await world.answered(one)
      const error = one.error()
      assert.equal(error._tag, "HandlerDied")
      assert.match(error.message, /the link to it is lost/)
      assert.equal(error.lane, "direct")
      assert.ok(one.took() < 2_000, String(one.took()))
      assert.equal(ledger.length, 1)
    }),
  )

  test(
    "idempotent: it is run again, elsewhere or there, as the second attempt",
    inWorld(async (world) => {
      const { caller, servers, ledger } = await company(world, ["s", "t"])
      const one = caller.call(Parts.again({ n: 5, ms: 500 }), { timeout: 60_000 })
      await world.advance(100)
      await servers["st".indexOf(ledger[0]!.server)]!.kill()
      await world.answered(one)
      assert.equal(one.value(), 5)
      assert.deepEqual(
        ledger.map(({ attempt, redelivered }) => [attempt, redelivered]),
        [[1, false], [2, true]],
      )
      assert.notEqual(ledger[0]!.server, ledger[1]!.server)
      assert.equal(caller.facts("rerouted").length, 1)
      assert.ok(one.took() < 1_500)
    }),
  )

  test(
    "idempotent: the server goes on with it, and of the two answers the caller has one",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world, ["s"])
      const one = caller.call(Parts.again({ n: 5, ms: 500 }))
      await world.advance(100)
      world.network.cut(caller.endpoint, server.endpoint, true)
      await world.answered(one)
      await world.advance(2_000)
      assert.deepEqual([one.value(), ledger.length], [5, 2])
      assert.equal(caller.facts("stray-reply").length, 1)
      assert.equal(caller.core.lanes?.client.waiting, 0)
    }),
  )

  test(
    "a server that is alive and never answers ends the call at its deadline, as a lost reply",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world, ["s"])
      const one = caller.call(Parts.slow({ n: 5, ms: 60_000 }), { timeout: 3_000 })
      await world.advance(100)
      world.network.cut(caller.endpoint, server.endpoint, true)
      await world.answered(one)
      const error = one.error()
      assert.equal(error._tag, "ReplyLost")
      assert.match(error.message, /the link to its server was lost/)
      assert.deepEqual([one.took(), ledger.length], [3_000, 1])
    }),
  )

  test(
    "a call whose link is lost a second time is watched too: its server's death is found",
    inWorld(async (world) => {
      const { caller, servers: [server], ledger } = await company(world, ["s", "t"])
      const endpoint = server!.endpoint
      /** A call to the first server. */
      const make = async () => {
        for (;;) {
          const one = caller.call(Parts.slow({ n: 5, ms: 90_000 }), { timeout: 60_000 })
          await world.advance(20)
          if (ledger.at(-1)!.server === "s") return one
        }
      }
      const first = await make()
      world.network.cut(caller.endpoint, endpoint)
      await world.advance(1_300)
      const second = await make()
      await server!.kill()
      await world.answered(first, second)
      for (const one of [first, second]) {
        assert.equal(one.error()._tag, "HandlerDied")
        assert.ok(one.took() < 6_000, String(one.took()))
      }
    }),
  )

  test(
    "a call that could not have been begun goes through the broker at once",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world, ["s"])
      world.network.cut(caller.endpoint, server.endpoint, true)
      const one = caller.call(Parts.lookup({ n: 5 }))
      await world.answered(one)
      assert.deepEqual([one.value(), ledger.length], [5, 1])
      assert.ok(one.took() < 300)
      assert.deepEqual(ledger.map(({ attempt, redelivered }) => [attempt, redelivered]), [[1, false]])
    }),
  )
})

describe("a machine that is gone without a word", () => {
  test(
    "its links are silent: calls on them end as HandlerDied soon after the silence is noticed",
    inWorld(async (world) => {
      const { caller, servers, ledger } = await company(world, ["s", "t"])
      const one = caller.call(Parts.slow({ n: 5, ms: 90_000 }), { timeout: 60_000 })
      await world.advance(100)
      const at = servers["st".indexOf(ledger[0]!.server)]!
      world.network.deafen(at.endpoint, caller.endpoint)
      world.network.deafen(caller.endpoint, at.endpoint)
      await at.cutBroker()
      await world.answered(one)
      assert.equal(one.error()._tag, "HandlerDied")
      assert.ok(one.took() < 6_000, String(one.took()))
    }),
  )
})
