/**
 * Hundreds of calls on every lane while links, processes and the broker fail at random, from a seed: each call has one outcome, in
 * time; nothing is begun too late, or twice unless it may be; and when the storm is over nothing is left of it.
 *
 * A failure names its seed. More seeds: WARREN_STORMS=100.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import process from "node:process"
import { Effect } from "effect"
import { Parts, parts, type Run } from "./contracts.ts"
import { type Asked, inWorld, type Process, type StartOptions, type World } from "./World.ts"

const hour = 3_600_000

/** A hello may take so long on a new link, which then may hide as much; and what clocks may drift, ms. */
const slack = 515

/** Numbers from 0 to 1 from a seed. */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

interface Made {
  readonly n: number
  readonly idempotent: boolean
  /** ms since the world began. */
  readonly deadline: number
  readonly timeout: number
  readonly asked: Asked
}

/** What fails, and when it is whole again. */
class Storm {
  readonly #world: World
  readonly #next: () => number
  readonly #mends: Array<{ readonly at: number; readonly run: () => Promise<unknown> | void }> = []
  readonly ledger: Array<Run> = []
  readonly servers: Array<Process> = []
  readonly callers: Array<Process> = []
  readonly made: Array<Made> = []
  #count = 0
  #isBrokerAway = false

  constructor(world: World, seed: number) {
    this.#world = world
    this.#next = random(seed)
  }

  pick<A>(some: ReadonlyArray<A>): A {
    return some[Math.floor(this.#next() * some.length)]!
  }

  between(from: number, to: number): number {
    return Math.round(from + this.#next() * (to - from))
  }

  async startServer(options: StartOptions = {}): Promise<void> {
    const name = `s${this.#count++}`
    const concurrency = this.pick([2, 4, 16])
    this.servers.push(
      await this.#world.start({
        apps: parts(name, this.#world, this.ledger, concurrency),
        off: this.pick([0, 2 * hour, -3 * hour]),
        settings: { grace: this.between(0, 1_000) },
        ...options,
      }),
    )
  }

  async startCaller(lane: NonNullable<StartOptions["lane"]>): Promise<void> {
    this.callers.push(await this.#world.start({ lane }))
  }

  #later(ms: number, run: () => Promise<unknown> | void): void {
    this.#mends.push({ at: this.#world.now() + ms, run })
  }

  async mendDue(all = false): Promise<void> {
    const due = this.#mends.filter(({ at }) => all || at <= this.#world.now())
    for (const one of due) {
      this.#mends.splice(this.#mends.indexOf(one), 1)
      await one.run()
    }
  }

  /** One call, now and then given up. */
  call(): void {
    const caller = this.pick(this.callers)
    const n = this.made.length
    const idempotent = this.#next() < 0.3
    const timeout = this.pick([150, 400, 1_000, 3_000, 8_000])
    const ms = this.#next() < 0.3 ? 0 : this.between(1, 600)
    const message = idempotent ? Parts.again({ n, ms }) : Parts.slow({ n, ms })
    const asked = caller.call(message, { timeout })
    this.made.push({ n, idempotent, deadline: this.#world.now() + timeout, timeout, asked })
    if (this.#next() < 0.05) this.#later(this.between(0, 800), () => asked.interrupt())
  }

  /** Something fails. */
  async fail(): Promise<void> {
    const { network, broker } = this.#world
    const all = [...this.servers, ...this.callers]
    const [one, other] = [this.pick(all).endpoint, this.pick(all).endpoint]
    const mend = (ms: number) => this.#later(ms, () => network.mend(one, other))
    const dice = this.#next()
    if (dice < 0.25) return network.cut(one, other)
    if (dice < 0.4) {
      network.cut(one, other, true)
      return mend(this.between(100, 5_000))
    }
    if (dice < 0.55) {
      network.deafen(one, other)
      return mend(this.between(500, 6_000))
    }
    if (dice < 0.7) {
      const [delay, before] = [this.between(1, 2_500), network.latency]
      const latency = (from: string, to: string) => from === one && to === other ? delay : before(from, to)
      network.latency = latency
      return this.#later(this.between(200, 4_000), () => {
        if (network.latency === latency) network.latency = before
      })
    }
    if (dice < 0.8) {
      const share = this.#next() * 0.2
      network.loses = ({ from }) => from === one && this.#next() < share
      return this.#later(this.between(200, 2_000), () => void (network.loses = () => false))
    }
    if (dice < 0.88) {
      if (this.#isBrokerAway) return
      this.#isBrokerAway = true
      await Effect.runPromise(broker.disconnect("storm"))
      return this.#later(this.between(50, 2_500), () => {
        this.#isBrokerAway = false
        return Effect.runPromise(broker.reconnect)
      })
    }
    const victim = this.pick(this.servers)
    this.servers.splice(this.servers.indexOf(victim), 1)
    if (dice < 0.94) await victim.kill()
    else void victim.stop()
    // now and then at the same place
    const endpoint = dice < 0.94 && this.#next() < 0.5 ? victim.endpoint : undefined
    if (this.servers.length === 0) await this.startServer()
    this.#later(this.between(0, 1_500), () => this.startServer(endpoint === undefined ? {} : { endpoint }))
  }
}

const outcomes = (exits: ReadonlyArray<Made>): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { asked } of exits) {
    const exit = asked.exit()
    const tag = exit === undefined ? "hung" : exit._tag === "Success" ? "value" : asked.error()?._tag ?? "interrupted"
    counts[tag] = (counts[tag] ?? 0) + 1
  }
  return counts
}

const weather = (seed: number) => async (world: World): Promise<void> => {
  const storm = new Storm(world, seed)
  for (let i = 0; i < 3; i++) await storm.startServer()
  for (const lane of ["direct", "auto", "reply", "broker"] as const) await storm.startCaller(lane)
  await world.advance(200)

  for (let i = 0; i < 300; i++) {
    for (let calls = storm.between(0, 3); calls > 0; calls--) storm.call()
    if (storm.between(0, 100) < 18) await storm.fail()
    await world.advance(storm.between(5, 80))
    await storm.mendDue()
  }
  await storm.mendDue(true)
  await world.advance(12_000)

  const { made, ledger, callers, servers } = storm
  const told = `seed ${seed}: ${JSON.stringify(outcomes(made))}`
  const byCall = Map.groupBy(ledger, ({ n }) => n)
  for (const { n, idempotent, deadline, timeout, asked } of made) {
    const runs = byCall.get(n) ?? []
    const shown = `${told}; call ${n}: ${JSON.stringify(runs)}`
    assert.ok(asked.exit() !== undefined, `hung; ${shown}`)
    assert.ok(asked.took() <= timeout + 5, `took ${asked.took()} ms; ${shown}`)
    for (const { at, attempt, redelivered } of runs) {
      assert.ok(at < deadline + slack, `begun after its deadline ${deadline}; ${shown}`)
      assert.equal(attempt > 1 && !redelivered, false, shown)
    }
    if (!idempotent) assert.ok(runs.length <= 1, `run twice; ${shown}`)
    if (asked.exit()?._tag === "Success") assert.ok(runs.length >= 1 && asked.value() === n, shown)
  }
  for (const caller of callers) {
    const ends = Map.groupBy(
      caller.facts().filter(({ fact }) => fact === "answered" || fact === "refused"),
      ({ id }) => id,
    )
    assert.deepEqual([...ends.values()].filter(({ length }) => length !== 1), [], told)
    assert.equal(ends.size, caller.facts("called").length, told)
    assert.equal(caller.core.lanes?.client.waiting ?? 0, 0, told)
  }

  // when it is over everything is as it was, and every lane works
  world.network.latency = () => 0
  world.network.loses = () => false
  await world.advance(70_000)
  for (const server of servers) assert.equal(server.core.lanes?.server.inHand, 0, told)
  for (const caller of callers) {
    // links are opened to servers that are called
    for (let n = 0; n < 5; n++) {
      const one = caller.call(Parts.slow({ n, ms: 1 }))
      await world.answered(one)
      assert.equal(one.value(), n, told)
      await world.advance(100)
    }
  }
  const lanes = callers.map((caller) => caller.facts("answered").at(-1)?.lane)
  assert.deepEqual(lanes, ["direct", "direct", "reply", "broker"], told)
}

const storms = Number(process.env["WARREN_STORMS"] ?? 4)

describe("calls in a storm", () => {
  for (let seed = 1; seed <= storms; seed++) {
    test(`(${seed}) each has one outcome, in time, and is run as often as it may be`, inWorld(weather(seed)))
  }
})
