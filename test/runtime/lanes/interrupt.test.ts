/**
 * Callers that give up: whoever runs or holds their call hears of it, whatever becomes of the link.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { cancelParts, tokenLength } from "../../../src/wire/lanes.ts"
import { meet, Parts, parts, type Run } from "./contracts.ts"
import { inWorld, kindOf, type World } from "./World.ts"

const company = async (world: World, concurrency = 16) => {
  const ledger: Array<Run> = []
  const server = await world.start({ apps: parts("s", world, ledger, concurrency) })
  const caller = await world.start({ lane: "direct" })
  await meet(world, caller, server)
  world.network.sent.length = ledger.length = caller.published.length = 0
  return { server, caller, ledger }
}

describe("interrupting a call that went straight", () => {
  test(
    "interrupts its handler over the link, and tells the broker nothing",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world)
      const one = caller.call(Parts.slow({ n: 1, ms: 60_000 }), { timeout: 60_000 })
      await world.advance(100)
      one.interrupt()
      await world.advance(1)
      assert.equal(ledger[0]?.ended, "interrupted")
      assert.equal(server.facts("cancelled").length, 1)
      await world.advance(10_000)
      assert.deepEqual(caller.published, [])
      assert.equal(caller.core.lanes?.client.waiting, 0)
    }),
  )

  test(
    "reaches it through the broker where the link is down",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world)
      const one = caller.call(Parts.slow({ n: 1, ms: 60_000 }), { timeout: 60_000 })
      await world.advance(100)
      world.network.cut(caller.endpoint, server.endpoint, true)
      await world.advance(1_000)
      assert.equal(ledger[0]?.ended, undefined)
      one.interrupt()
      await world.advance(10)
      assert.equal(ledger[0]?.ended, "interrupted")
    }),
  )

  test(
    "reaches it over the next link",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world)
      const one = caller.call(Parts.slow({ n: 1, ms: 60_000 }), { timeout: 60_000 })
      await world.advance(100)
      world.network.cut(caller.endpoint, server.endpoint)
      await world.advance(5_000)
      one.interrupt()
      await world.advance(10)
      assert.equal(ledger[0]?.ended, "interrupted")
    }),
  )

  test(
    "reaches it though the link is half open and takes the word without a word, as soon as the silence is noticed",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world)
      const one = caller.call(Parts.slow({ n: 1, ms: 60_000 }), { timeout: 60_000 })
      await world.advance(100)
      world.network.deafen(caller.endpoint, server.endpoint)
      one.interrupt()
      await world.advance(2_900)
      assert.equal(ledger[0]?.ended, undefined)
      await world.advance(200)
      assert.equal(ledger[0]?.ended, "interrupted")
    }),
  )

  test(
    "both the first and the second run of an idempotent call are interrupted",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world)
      const one = caller.call(Parts.again({ n: 1, ms: 60_000 }), { timeout: 60_000 })
      await world.advance(100)
      world.network.cut(caller.endpoint, server.endpoint, true)
      await world.advance(100)
      assert.equal(ledger.length, 2)
      one.interrupt()
      await world.advance(10)
      assert.deepEqual(ledger.map(({ ended }) => ended), ["interrupted", "interrupted"])
    }),
  )

  test(
    "a call that waits for its turn is never run, however long it waits; the others are",
    inWorld(async (world) => {
      const { caller, ledger } = await company(world, 1)
      const first = caller.call(Parts.slow({ n: 1, ms: 100_000 }), { timeout: 300_000 })
      await world.advance(10)
      const waiting = caller.call(Parts.slow({ n: 2, ms: 10 }), { timeout: 300_000 })
      await world.advance(10)
      waiting.interrupt()
      await world.answered(first)
      await world.advance(1_000)
      const after = caller.call(Parts.slow({ n: 3, ms: 10 }))
      await world.answered(after)
      assert.deepEqual([first.value(), after.value()], [1, 3])
      assert.deepEqual(ledger.map(({ n }) => n), [1, 3])
    }),
  )

  test(
    "a call that waits for a link is not sent any more",
    inWorld(async (world) => {
      const server = await world.start({ apps: parts("s", world, []) })
      const caller = await world.start({ lane: "direct" })
      await world.advance(100)
      world.network.cut(caller.endpoint, server.endpoint, true)
      const one = caller.call(Parts.lookup({ n: 1 }))
      await world.advance(50)
      one.interrupt()
      await world.advance(5_000)
      assert.deepEqual(caller.published.map(({ packet }) => packet.type), [Parts.lookup.type])
      assert.deepEqual(caller.published.map(({ route }) => route.exchange), ["warren.control"])
      assert.equal(caller.core.lanes?.client.waiting, 0)
    }),
  )

  test(
    "at the moment in which its answer comes harms nobody: it has one outcome",
    inWorld(async (world) => {
      const { caller, ledger } = await company(world)
      for (let i = 0; i < 20; i++) {
        const one = caller.call(Parts.slow({ n: i, ms: 10 }))
        await world.advance(i % 2 === 0 ? 10 : 9)
        one.interrupt()
        await world.advance(100)
        assert.notEqual(one.exit(), undefined)
      }
      assert.equal(ledger.length, 20)
      await world.advance(5_000)
      const last = caller.call(Parts.lookup({ n: 5 }))
      await world.answered(last)
      assert.equal(last.value(), 5)
      assert.equal(caller.core.lanes?.client.waiting, 0)
    }),
  )
})

describe("cancellations of strangers", () => {
  test(
    "stop nothing without the token of the call, and leave nothing behind, however many they are",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world, 1)
      const running = caller.call(Parts.slow({ n: 1, ms: 1_000 }))
      await world.advance(10)
      const waiting = caller.call(Parts.slow({ n: 2, ms: 10 }))
      await world.advance(10)
      const ids = caller.facts("called").slice(-2).map(({ id }) => id)
      const raw = world.network.join("zmq+tcp://10.9.9.9:9", "raw")
      raw.open(server.endpoint, {
        onUp: (link) => {
          for (const id of ids) link.send(cancelParts("\u0001".repeat(tokenLength), id))
          for (let i = 0; i < 5_000; i++) link.send(cancelParts("\u0002".repeat(tokenLength), `call ${i}`))
        },
        onDown: () => {},
      })
      await world.answered(running, waiting)
      assert.deepEqual([running.value(), waiting.value()], [1, 2])
      assert.deepEqual(ledger.map(({ ended }) => ended), ["value", "value"])
      assert.equal(server.core.cancellations.isCancelled("call 1"), false)
      assert.equal(server.core.lanes?.server.inHand, 0)
      assert.ok(world.network.sent.some((sent) => kindOf(sent) === "cancel"))
    }),
  )
})
