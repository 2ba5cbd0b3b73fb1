/**
 * A broker that is away: what goes over links goes on, what needs the broker waits or fails typed, and nothing is run twice.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect } from "effect"
import { meet, Parts, parts, type Run } from "./contracts.ts"
import { type Asked, inWorld, type World } from "./World.ts"

const company = async (world: World) => {
  const ledger: Array<Run> = []
  const server = await world.start({ apps: parts("s", world, ledger) })
  const caller = await world.start({ lane: "direct" })
  await meet(world, caller, server)
  await meet(world, server, server)
  ledger.length = 0
  return { server, caller, ledger }
}

const leave = ({ broker }: World) => Effect.runPromise(broker.disconnect("it is restarted"))
const comeBack = ({ broker }: World) => Effect.runPromise(broker.reconnect)

describe("while the broker is away", () => {
  test(
    "calls go on over links that are up, for minutes, nested ones and those that were not made before too",
    inWorld(async (world) => {
      const { caller, ledger } = await company(world)
      await leave(world)
      for (let n = 0; n < 12; n++) {
        await world.advance(10_000)
        const calls = [
          caller.call(Parts.lookup({ n })),
          caller.call(Parts.relay({ n })),
          caller.call(Parts.slow({ n, ms: 5 })),
        ]
        await world.answered(...calls)
        for (const one of calls) assert.equal(one.value(), n)
      }
      const fresh = caller.call(Parts.again({ n: 1, ms: 0 }))
      await world.answered(fresh)
      assert.equal(fresh.value(), 1)
      assert.equal(ledger.length, 12 * 3 + 1)
      assert.deepEqual(new Set(caller.facts("answered").slice(-37).map(({ lane }) => lane)), new Set(["direct"]))
    }),
  )

  test(
    "declared errors, deadlines and interruptions are the same",
    inWorld(async (world) => {
      const { caller, ledger } = await company(world)
      await leave(world)
      await world.advance(1_000)
      const [declared, late] = [
        caller.call(Parts.lookup({ n: -1 })),
        caller.call(Parts.slow({ n: 1, ms: 9_000 }), { timeout: 200 }),
      ]
      const given = caller.call(Parts.slow({ n: 2, ms: 60_000 }), { timeout: 60_000 })
      await world.answered(declared, late)
      assert.equal((declared.error() as { _tag: string })._tag, "Unknown")
      assert.equal(late.error()._tag, "DeadlineExceeded")
      given.interrupt()
      await world.advance(10)
      assert.deepEqual(ledger.map(({ ended }) => ended), ["interrupted", "interrupted"])
    }),
  )

  test(
    "a call whose link is lost too ends at its deadline, typed, and was run once; what was run twice may be",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world)
      const one = caller.call(Parts.slow({ n: 1, ms: 500 }), { timeout: 4_000 })
      const two = caller.call(Parts.again({ n: 2, ms: 500 }), { timeout: 4_000 })
      await world.advance(100)
      await leave(world)
      world.network.cut(caller.endpoint, server.endpoint, true)
      await world.answered(one, two)
      assert.equal(one.error()._tag, "ReplyLost")
      assert.match(two.error()._tag, /^(Disconnected|ReplyLost)$/)
      assert.deepEqual([one.took(), two.took()], [4_000, 4_000])
      await comeBack(world)
      await world.advance(10_000)
      assert.deepEqual(ledger.map(({ call, n }) => [call, n]), [["slow", 1], ["again", 2]])
    }),
  )

  test(
    "an answer that cannot go straight waits for it, and arrives when it is back",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world)
      const one = caller.call(Parts.slow({ n: 1, ms: 500 }), { timeout: 20_000 })
      await world.advance(100)
      await leave(world)
      world.network.cut(caller.endpoint, server.endpoint, true)
      await world.advance(5_000)
      assert.equal(one.exit(), undefined)
      await comeBack(world)
      await world.answered(one)
      assert.deepEqual([one.value(), ledger.length], [1, 1])
    }),
  )

  test(
    "a call that nobody can take past it waits and fails as before",
    inWorld(async (world) => {
      const { caller } = await company(world)
      await leave(world)
      await world.advance(100)
      const one = caller.call(Parts.nobody(), { timeout: 500 })
      await world.answered(one)
      assert.equal(one.error()._tag, "Disconnected")
      assert.equal(caller.core.lanes?.client.waiting, 0)
    }),
  )
})

describe("a broker that comes and goes", () => {
  test(
    "under load: no call over links that are up notices",
    inWorld(async (world) => {
      const { caller, ledger } = await company(world)
      const calls: Array<Asked> = []
      for (let i = 0; i < 200; i++) {
        calls.push(caller.call(Parts.slow({ n: i, ms: i % 50 })))
        if (i % 40 === 10) await leave(world)
        if (i % 40 === 30) await comeBack(world)
        await world.advance(20)
      }
      await world.answered(...calls)
      calls.forEach((one, n) => assert.equal(one.value(), n))
      assert.equal(ledger.length, 200)
    }),
  )
})
