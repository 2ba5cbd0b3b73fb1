/**
 * Servers that drain, end, or have too much in hand: their callers go elsewhere, and no call fails that need not.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { meet, Parts, parts, type Run } from "./contracts.ts"
import { type Asked, inWorld, kindOf, type Process, type World } from "./World.ts"

const startServer = (world: World, name: string, ledger: Array<Run>, concurrency = 16) =>
  world.start({ apps: parts(name, world, ledger, concurrency) })

/** Lets a process end, which takes its time. */
const stopped = async (world: World, process: Process): Promise<void> => {
  let isOver = false
  void process.stop().then(() => isOver = true)
  await world.until("it has ended", () => isOver, 60_000)
}

/** A server that may take so long to end, ms, and a caller that knows it; nothing that either did so far is in the ledger. */
const oneServer = async (world: World, { grace, concurrency = 16 }: { grace: number; concurrency?: number }) => {
  const ledger: Array<Run> = []
  const s = await world.start({ apps: parts("s", world, ledger, concurrency), settings: { grace } })
  const caller = await world.start({ lane: "direct" })
  await meet(world, caller, s)
  ledger.length = 0
  return { ledger, s, caller }
}

/** The server that has these calls in hand ends, once there is another one; then they are through. */
const endsDuring = async (world: World, server: Process, ledger: Array<Run>, ...calls: ReadonlyArray<Asked>) => {
  await world.advance(50)
  await startServer(world, "t", ledger)
  await stopped(world, server)
  await world.answered(...calls)
}

const refusals = ({ network }: World): ReadonlyArray<string> =>
  network.sent.filter((sent) => kindOf(sent) === "refusal").map(({ parts }) => new TextDecoder().decode(parts[1]))

/** A caller that makes a call every few ms until it is told to stop. */
const load = (world: World, caller: Process, make: (n: number) => Asked, every: number) => {
  const calls: Array<Asked> = []
  let isOn = true
  const next = async () => {
    while (isOn) {
      calls.push(make(calls.length))
      await caller.sleep(every)
    }
  }
  void next()
  return {
    calls,
    stop: () => {
      isOn = false
      return world.answered(...calls)
    },
  }
}

describe("a rolling restart under load", () => {
  for (const lane of ["direct", "auto", "reply"] as const) {
    test(
      `of both servers, twice, on the lane ${lane}: no call fails, each is run once`,
      inWorld(async (world) => {
        const ledger: Array<Run> = []
        let servers = [await startServer(world, "s0", ledger), await startServer(world, "s1", ledger)]
        const caller = await world.start({ lane })
        await meet(world, caller)
        ledger.length = 0
        const { calls, stop } = load(world, caller, (n) => caller.call(Parts.slow({ n, ms: n % 40 })), 7)
        for (let round = 0; round < 4; round++) {
          await world.advance(300)
          const [old, other] = servers
          const fresh = await startServer(world, `s${round + 2}`, ledger)
          servers = [other!, fresh]
          await stopped(world, old!)
        }
        await world.advance(300)
        await stop()
        assert.ok(calls.length > 150, String(calls.length))
        calls.forEach(({ value }, n) => assert.equal(value(), n))
        assert.deepEqual(ledger.map(({ n }) => n).toSorted((a, b) => a - b), calls.map((_, n) => n))
        const lanes = new Set(caller.facts("answered").map((fact) => fact.lane))
        assert.ok(lanes.has(lane === "reply" ? "reply" : "direct"), [...lanes].join())
        assert.equal(caller.core.lanes?.client.waiting, 0)
        assert.ok((caller.core.lanes?.client.servers ?? 9) <= 2)
        assert.equal(world.network.dialled <= 8, true)
      }),
    )
  }
})

describe("a server that drains", () => {
  test(
    "finishes what it has in hand, and refuses what still comes: that is run elsewhere",
    inWorld(async (world) => {
      const ledger: Array<Run> = []
      const [s, t] = [await startServer(world, "s", ledger), await startServer(world, "t", ledger)]
      const caller = await world.start({ lane: "direct" })
      await meet(world, caller, s, t)
      ledger.length = 0
      // what a server announces does not reach the caller: it goes on calling
      caller.ignorePresence()
      const calls = Array.from({ length: 4 }, (_, n) => caller.call(Parts.slow({ n, ms: 400 })))
      await world.advance(50)
      const ending = stopped(world, s)
      await caller.sleep(300)
      // what comes while it drains is answered, and not waited for
      calls.push(...[4, 5].map((n) => caller.call(Parts.slow({ n, ms: 1_000 }))))
      await caller.sleep(200)
      const more: Array<Asked> = []
      for (let n = 10; n < 40; n++) {
        more.push(caller.call(Parts.lookup({ n })))
        await caller.sleep(10)
      }
      await ending
      await world.answered(...calls, ...more)
      for (const [i, one] of calls.entries()) assert.equal(one.value(), i)
      for (const [i, one] of more.entries()) assert.equal(one.value(), i + 10)
      assert.ok(refusals(world).includes("NoHandler"), refusals(world).join())
      assert.equal(new Set(ledger.map(({ n }) => n)).size, ledger.length)
    }),
  )

  test(
    "that ends before a call in hand is through says so: it is not run again, and its caller knows at once",
    inWorld(async (world) => {
      const { ledger, s, caller } = await oneServer(world, { grace: 500 })
      const one = caller.call(Parts.slow({ n: 1, ms: 60_000 }), { timeout: 60_000 })
      await endsDuring(world, s, ledger, one)
      const error = one.error()
      assert.equal(error._tag, "HandlerDied")
      assert.match(error.message, /ended while it ran it/)
      assert.ok(one.took() < 1_000, String(one.took()))
      assert.deepEqual(ledger.map(({ ended }) => ended), ["interrupted"])
      assert.deepEqual(refusals(world), ["Stopped"])
    }),
  )

  test(
    "that ends before an idempotent call in hand is through says so: it is run again, as the second attempt",
    inWorld(async (world) => {
      const { ledger, s, caller } = await oneServer(world, { grace: 500 })
      const one = caller.call(Parts.again({ n: 1, ms: 2_000 }), { timeout: 60_000 })
      await endsDuring(world, s, ledger, one)
      assert.equal(one.value(), 1)
      assert.deepEqual(
        ledger.map(({ server, attempt, redelivered, ended }) => [server, attempt, redelivered, ended]),
        [["s", 1, false, "interrupted"], ["t", 2, true, "value"]],
      )
    }),
  )

  test(
    "gives back the calls that wait for their turn: they are run elsewhere, for the first time",
    inWorld(async (world) => {
      const { ledger, s, caller } = await oneServer(world, { grace: 400, concurrency: 1 })
      const first = caller.call(Parts.slow({ n: 1, ms: 380 }))
      const second = caller.call(Parts.slow({ n: 2, ms: 10_000 }), { timeout: 60_000 })
      await endsDuring(world, s, ledger, first, second)
      assert.deepEqual([first.value(), second.exit()?._tag], [1, "Success"])
      assert.deepEqual(
        ledger.map(({ server, n, attempt, redelivered }) => [server, n, attempt, redelivered]),
        [["s", 1, 1, false], ["t", 2, 1, false]],
      )
    }),
  )

  test(
    "with nobody else to go to: the call ends as one that nobody serves",
    inWorld(async (world) => {
      const { s, caller } = await oneServer(world, { grace: 400, concurrency: 1 })
      const first = caller.call(Parts.slow({ n: 1, ms: 380 }))
      const second = caller.call(Parts.slow({ n: 2, ms: 10_000 }), { timeout: 60_000 })
      await world.advance(50)
      await stopped(world, s)
      await world.answered(first, second)
      assert.deepEqual([first.value(), second.error()._tag], [1, "NoHandler"])
    }),
  )
})

describe("a server that has too much in hand", () => {
  test(
    "refuses at once, and the load moves to the other one",
    inWorld(async (world) => {
      const ledger: Array<Run> = []
      const [s, t] = [await startServer(world, "s", ledger, 2), await startServer(world, "t", ledger, 50)]
      const [caller, other] = [await world.start({ lane: "direct" }), await world.start({ lane: "direct" })]
      await meet(world, caller, s, t)
      await meet(world, other, s, t)
      ledger.length = 0
      // another caller keeps one of them busy, which this one cannot know
      const busy: Array<Asked> = []
      while (ledger.filter(({ server }) => server === "s").length < 2) {
        busy.push(other.call(Parts.slow({ n: 0, ms: 2_000 })))
        await world.settle()
      }
      const calls = Array.from({ length: 40 }, (_, n) => caller.call(Parts.slow({ n, ms: 5 })))
      await world.answered(...calls)
      for (const [n, one] of calls.entries()) assert.equal(one.value(), n)
      assert.ok(refusals(world).includes("Overloaded"))
      const ran = ledger.filter(({ n }) => n > 0)
      assert.equal(new Set(ran.map(({ n }) => n)).size, ran.length)
      assert.ok(ran.filter(({ server }) => server === "t").length >= 35)
      await world.answered(...busy)
    }),
  )

  test(
    "where all of them have, calls wait in the broker, and each is run once",
    inWorld(async (world) => {
      const ledger: Array<Run> = []
      const [s, t] = [await startServer(world, "s", ledger, 2), await startServer(world, "t", ledger, 2)]
      const caller = await world.start({ lane: "direct" })
      await meet(world, caller, s, t)
      ledger.length = caller.published.length = 0
      const calls = Array.from({ length: 60 }, (_, n) => caller.call(Parts.slow({ n, ms: 100 }), { timeout: 20_000 }))
      await world.answered(...calls)
      for (const [n, one] of calls.entries()) assert.equal(one.value(), n)
      assert.equal(new Set(ledger.map(({ n }) => n)).size, 60)
      assert.equal(ledger.length, 60)
      assert.ok(caller.published.length > 30)
    }),
  )

  test(
    "takes no more from a peer that floods it than it works on and lets wait; others are answered as well",
    inWorld(async (world) => {
      const ledger: Array<Run> = []
      const s = await startServer(world, "s", ledger, 2)
      const flooder = await world.start({ lane: "direct" })
      await meet(world, flooder, s)
      ledger.length = 0
      let most = 0
      const calls: Array<Asked> = []
      for (let n = 0; n < 2_000; n++) {
        calls.push(flooder.call(Parts.slow({ n, ms: 10 }), { timeout: 60_000 }))
        most = Math.max(most, s.core.lanes?.server.inHand ?? 99)
        if (n % 100 === 0) {
          await world.settle()
          most = Math.max(most, s.core.lanes?.server.inHand ?? 99)
        }
      }
      assert.ok(most <= 4, String(most))
      const other = await world.start({ lane: "direct" })
      const quick = other.call(Parts.lookup({ n: 7 }), { timeout: 60_000 })
      await world.answered(quick)
      assert.equal(quick.value(), 7)
      await world.answered(...calls)
      assert.deepEqual(new Set(calls.map((one) => one.exit()?._tag)), new Set(["Success"]))
      assert.equal(ledger.filter(({ call }) => call === "slow").length, 2_000)
      assert.equal(s.core.lanes?.server.inHand, 0)
    }),
  )
})
