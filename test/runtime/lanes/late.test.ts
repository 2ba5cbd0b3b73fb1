/**
 * Deadlines past the broker: what is too late is not run, what is in time is, whatever links and clocks do.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { meet, Parts, parts, type Run } from "./contracts.ts"
import { inWorld, kindOf, type StartOptions, type World } from "./World.ts"

const company = async (world: World, server: StartOptions = {}, caller: StartOptions = {}) => {
  const ledger: Array<Run> = []
  const one = await world.start({ apps: parts("s", world, ledger), ...server })
  const other = await world.start({ lane: "direct", ...caller })
  await meet(world, other, one)
  world.network.sent.length = ledger.length = other.published.length = 0
  return { server: one, caller: other, ledger }
}

/** What clocks may drift and a way may vary by in these tests, ms. */
const slack = 15

/** Nothing was begun after its caller had stopped waiting, and no handler thought it had more time than that. */
const inTime = (ledger: ReadonlyArray<Run>, deadlineOf: (n: number) => number): void => {
  for (const { n, at, deadline } of ledger) {
    assert.ok(at < deadlineOf(n) + slack, `${n} was begun at ${at}, its deadline was ${deadlineOf(n)}`)
    assert.ok(deadline <= deadlineOf(n) + slack, `${n} was given until ${deadline}, its deadline was ${deadlineOf(n)}`)
  }
}

const hour = 3_600_000

for (const off of [0, -5 * hour, 7 * hour]) {
  describe(`a link that is slow for seconds, between clocks ${off / hour} hours apart`, () => {
    test(
      "brings calls too late: they are not run; those with more time are, with what is left of it",
      inWorld(async (world) => {
        const { caller, server, ledger } = await company(world, { off })
        world.network.latency = (from) => from === caller.endpoint ? 2_000 : 0
        const began = world.now()
        const timeouts = [100, 500, 1_000, 1_500, 1_990, 2_500, 10_000]
        const calls = timeouts.map((timeout, n) => caller.call(Parts.slow({ n, ms: 60_000 }), { timeout }))
        await world.answered(...calls)
        await world.advance(20_000)
        assert.deepEqual(ledger.map(({ n }) => n), [5, 6])
        inTime(ledger, (n) => began + timeouts[n]!)
        for (const [n, one] of calls.entries()) {
          assert.equal(one.error()._tag, "DeadlineExceeded")
          assert.equal(one.took(), timeouts[n])
        }
        // handlers are ended when their callers give up
        assert.deepEqual(ledger.map(({ ended }) => ended), ["interrupted", "interrupted"])
        assert.equal(server.facts("skipped").length, 5)
      }),
    )

    test(
      "that became slow right after its beginning hides nothing, from the first call on",
      inWorld(async (world) => {
        const ledger: Array<Run> = []
        await world.start({ apps: parts("s", world, ledger), off })
        const caller = await world.start()
        await world.advance(100)
        caller.call(Parts.lookup({ n: 0 }))
        await world.advance(100)
        assert.equal(caller.core.lanes?.links(), 1)
        ledger.length = 0
        world.network.latency = (from) => from === caller.endpoint ? 1_100 : 0
        const began = world.now()
        for (let n = 0; n < 5; n++) caller.call(Parts.slow({ n, ms: 0 }), { timeout: 300 + n })
        await world.advance(3_000)
        inTime(ledger, (n) => began + 300 + n)
        assert.deepEqual(ledger, [])
      }),
    )

    test(
      "that became slow little by little hides nothing",
      inWorld(async (world) => {
        const { caller, ledger } = await company(world, { off })
        let delay = 0
        world.network.latency = (from) => from === caller.endpoint ? delay : 0
        const deadlines: Array<number> = []
        for (let n = 0; n < 60; n++) {
          delay = n * 20
          deadlines.push(world.now() + 500)
          caller.call(Parts.slow({ n, ms: 0 }), { timeout: 500 })
          await world.advance(700)
        }
        await world.advance(5_000)
        inTime(ledger, (n) => deadlines[n]!)
        // the one that is as late as its deadline may be either
        assert.ok(ledger.length === 25 || ledger.length === 26, String(ledger.length))
      }),
    )

    test(
      "carries nested calls within the time that the outer one has left",
      inWorld(async (world) => {
        const ledger: Array<Run> = []
        const { lookup, relay } = parts("far", world, ledger)["parts"]!
        const far = await world.start({ apps: { parts: { lookup } }, off: -off })
        const between = await world.start({ apps: { between: { relay } }, off, lane: "direct" })
        const caller = await world.start({ lane: "direct" })
        await meet(world, between, far)
        const first = caller.call(Parts.relay({ n: 0 }))
        await world.answered(first)
        assert.equal(first.value(), 0)
        await world.advance(1_000)
        ledger.length = 0
        const delay = { ms: 0 }
        world.network.latency = (from, to) => from === between.endpoint && to === far.endpoint ? delay.ms : 0
        // in time, and the inner handler knows the outer call's deadline
        delay.ms = 200
        const due = world.now() + 500
        const one = caller.call(Parts.relay({ n: 1 }), { timeout: 500 })
        await world.answered(one)
        assert.equal(one.value(), 1)
        assert.ok(Math.abs(ledger[0]!.deadline - due) <= slack, `${ledger[0]!.deadline} instead of ${due}`)
        delay.ms = 800
        const other = caller.call(Parts.relay({ n: 2 }), { timeout: 500 })
        await world.answered(other)
        await world.advance(5_000)
        assert.equal(other.error()._tag, "DeadlineExceeded")
        assert.deepEqual(ledger.map(({ n }) => n), [1])
      }),
    )
  })
}

describe("a call that goes on by another way", () => {
  for (const off of [0, -5 * hour, 7 * hour]) {
    test(
      `(${off / hour}) has the time that is left of it, straight and through the broker`,
      inWorld(async (world) => {
        const ledger: Array<Run> = []
        const busy = await world.start({ apps: parts("s", world, ledger, 1), off })
        const caller = await world.start({ lane: "direct" })
        await meet(world, caller, busy)
        ledger.length = 0
        for (let n = 100; n < 102; n++) caller.call(Parts.slow({ n, ms: 60_000 }), { timeout: 60_000 })
        await world.advance(100)
        const other = await world.start({ apps: parts("t", world, ledger), off })
        await world.advance(100)
        caller.published.length = 0
        // the first server refuses, after a while; the second one is linked by then
        world.network.latency = (from, to) => from === busy.endpoint && to === caller.endpoint ? 700 : 0
        const due = world.now() + 1_000
        const calls = [0, 1, 2, 3].map((n) => caller.call(Parts.slow({ n, ms: 60_000 }), { timeout: 1_000 }))
        await world.answered(...calls)
        await world.advance(3_000)
        const late = ledger.filter(({ n }) => n < 100)
        assert.ok(late.some(({ server }) => server === "t"))
        inTime(late, () => due)
        // and what goes through the broker is dropped there when its time is over
        const direct = await world.start({ lane: "direct" })
        await meet(world, direct, other)
        direct.published.length = 0
        world.network.cut(direct.endpoint, busy.endpoint, true)
        world.network.latency = () => 0
        const again = direct.call(Parts.again({ n: 4, ms: 60_000 }), { timeout: 1_000 })
        await world.advance(600)
        world.network.cut(direct.endpoint, other.endpoint, true)
        await world.answered(again)
        const [round] = direct.published.filter(({ route }) => route.exchange === "warren.calls")
        assert.deepEqual([round?.packet.expiration, round?.packet.headers["warren-timeout"]], [400, 400])
        assert.deepEqual(ledger.filter(({ n }) => n === 4).map(({ attempt, ended }) => [attempt, ended]), [
          [1, "interrupted"],
          [2, "interrupted"],
        ])
      }),
    )
  }
})

describe("clocks that are hours apart", () => {
  for (const off of [-7 * hour, 3 * hour]) {
    test(
      `(${off / hour}) kill no call: all are answered straight, with all of their time`,
      inWorld(async (world) => {
        const { caller, ledger } = await company(world, { off })
        for (let n = 0; n < 20; n++) {
          const one = caller.call(Parts.slow({ n, ms: 10 }), { timeout: 1_000 })
          const due = world.now() + 1_000
          await world.answered(one)
          assert.equal(one.value(), n)
          assert.ok(Math.abs(ledger.at(-1)!.deadline - due) <= slack, `${ledger.at(-1)!.deadline} instead of ${due}`)
          await world.advance(n * 500)
        }
        assert.deepEqual(new Set(caller.facts("answered").slice(-20).map(({ lane }) => lane)), new Set(["direct"]))
      }),
    )
  }
})

describe("a machine that slept for an hour", () => {
  for (const who of ["caller", "server"] as const) {
    test(
      `the ${who}'s: its calls are as young as before, over the old link and over a new one`,
      inWorld(async (world) => {
        const { caller, server, ledger } = await company(world)
        await world.advance(hour)
        const sleeper = who === "caller" ? caller : server
        sleeper.hasSlept(hour)
        const first = caller.call(Parts.slow({ n: 1, ms: 10 }))
        await world.answered(first)
        world.network.cut(caller.endpoint, server.endpoint)
        await world.advance(2_000)
        const second = caller.call(Parts.slow({ n: 2, ms: 10 }))
        await world.answered(second)
        assert.deepEqual([first.value(), second.value(), ledger.length], [1, 2, 2])
        assert.equal(caller.facts("answered").at(-1)?.lane, "direct")
      }),
    )
  }
})

describe("a server's machine that slept with a call in it", () => {
  test(
    "does not run it when it wakes up, and answers the next ones",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world, { off: 2 * hour })
      world.network.latency = (from) => from === caller.endpoint ? hour : 0
      const one = caller.call(Parts.slow({ n: 1, ms: 0 }), { timeout: 1_000 })
      world.network.latency = () => 0
      await world.advance(hour - 1)
      server.hasSlept(hour - 10)
      await world.advance(10)
      assert.equal(one.error()._tag, "DeadlineExceeded")
      assert.deepEqual(ledger, [])
      for (let n = 2; n < 5; n++) {
        const next = caller.call(Parts.slow({ n, ms: 10 }))
        await world.answered(next)
        assert.equal(next.value(), n)
      }
    }),
  )
})

describe("a link that is slow from its beginning", () => {
  for (const delay of [1_100, 2_000, 5_000]) {
    test(
      `by ${delay} ms does not make late calls look young`,
      inWorld(async (world) => {
        const ledger: Array<Run> = []
        const server = await world.start({ apps: parts("s", world, ledger), off: 2 * hour })
        const caller = await world.start()
        world.network.latency = (from) => from === caller.endpoint ? delay : 0
        await world.advance(100)
        const deadlines: Array<number> = []
        for (let n = 0; n < 40; n++) {
          deadlines.push(world.now() + 900)
          caller.call(Parts.slow({ n, ms: 0 }), { timeout: 900 })
          await world.advance(1_000)
        }
        await world.advance(10_000)
        inTime(ledger, (n) => deadlines[n]!)
        // and once it is quick it is used
        world.network.latency = () => 0
        await world.advance(10_000)
        const one = caller.call(Parts.slow({ n: 0, ms: 0 }))
        await world.answered(one)
        assert.equal(caller.facts("answered").at(-1)?.lane, "direct")
        assert.ok(
          world.network.sent.filter((sent) => kindOf(sent) === "hello" && sent.to === server.endpoint).length < 60,
        )
      }),
    )
  }
})

describe("a process that stands still", () => {
  test(
    "and goes on: what arrived meanwhile and has expired is not run",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world)
      // what is sent to it arrives when it looks again
      let stopped = true
      const until = world.now() + 4_000
      world.network.latency = (from) => stopped && from === caller.endpoint ? Math.max(0, until - world.now()) : 0
      const deadlines: Array<number> = []
      for (let n = 0; n < 30; n++) {
        const timeout = 500 + n * 200
        deadlines.push(world.now() + timeout)
        caller.call(Parts.slow({ n, ms: 0 }), { timeout })
        await world.advance(50)
      }
      await world.advance(4_000)
      stopped = false
      await world.advance(10_000)
      inTime(ledger, (n) => deadlines[n]!)
      assert.ok(ledger.length > 5 && ledger.length < 25, String(ledger.length))
      assert.equal(server.facts("skipped").length, 30 - ledger.length)
    }),
  )
})
