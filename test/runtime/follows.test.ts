/**
 * The table of followed messages: what it lets through, what it forgets, and that nobody who is gone is told for long.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { type Follows, type HeardHop, makeFollows } from "../../src/runtime/Follows.ts"
import type { Entry } from "../../src/runtime/Journal.ts"
import { defaultSettings } from "../../src/runtime/mod.ts"
import { Disconnected, type Packet, type Route, type Transport, TransportError } from "../../src/transport/mod.ts"
import { decodeHops, encodeHops, formatFollow, type HopNotice, hopPacket, makeIds } from "../../src/wire/mod.ts"

type Publish = Transport["Service"]["publish"]

/** A table whose notices are answered as the test says; time stands still unless it is moved. */
const bench = (publish: Publish = () => Effect.succeed("routed")) => {
  const sent: Array<{ readonly route: Route; readonly notice: HopNotice }> = []
  const entries: Array<Entry> = []
  const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
  const state = { time: 1_000 }
  const follows = makeFollows({
    ids: makeIds((bytes) => crypto.getRandomValues(bytes)),
    instance: "self",
    machine: { host: "here", pid: 7, runtime: "none" },
    monotonic: () => state.time,
    now: () => state.time,
    runFork: (effect) => {
      const fiber = Effect.runFork(effect)
      fibers.push(fiber)
      return fiber
    },
    journal: { record: (entry) => void entries.push(entry) },
    settings: { ...defaultSettings, app: "shop" },
    transport: {
      publish: (route: Route, packet: Packet) => {
        sent.push({ route, notice: decodeHops(packet.body)! })
        return publish(route, packet)
      },
    } as unknown as Transport["Service"],
  })
  const quiet = async () => {
    while (fibers.length > 0) await Effect.runPromise(Fiber.join(fibers.shift()!))
  }
  return { follows, sent, entries, state, quiet }
}

const elsewhere = formatFollow({ instance: "asker", key: "k" })

const entry = (id: string, fact: Entry["fact"] = "started"): Entry => ({
  fact,
  at: 0,
  id,
  type: "a.b",
  app: "shop",
  handler: "shop.note",
})

const message = (id: string) => ({ id, type: "a.b" })

const ask = (follows: Follows) => {
  const heard: Array<HeardHop> = []
  let missed = 0
  const asking = follows.ask({ onHop: (hop) => heard.push(hop), onMissed: (count) => missed += count })
  return { ...asking, heard, missed: () => missed }
}

describe("Follows", () => {
  test("tells of what is held, as long as any hand holds it, and of nothing else", async () => {
    const { follows, sent, entries, quiet } = bench()
    const first = follows.hold(elsewhere, message("1"), "shop")!
    const second = follows.hold(elsewhere, message("1"), "shop")!
    follows.journal.record(entry("1"))
    follows.journal.record(entry("2"))
    first.tell("acked", { queue: "q" })
    first.end()
    first.end()
    follows.journal.record(entry("1", "handled"))
    second.end()
    follows.journal.record(entry("1", "failed"))
    await quiet()
    assert.deepEqual(sent.map(({ route }) => route), [{ exchange: "", key: "warren.control.asker" }])
    const { notice } = sent[0]!
    assert.deepEqual(notice.hops.map(({ fact }) => fact), ["started", "acked", "handled"])
    assert.deepEqual([notice.key, notice.instance, notice.host, notice.pid, notice.missed], ["k", "self", "here", 7, 0])
    assert.equal(entries.length, 4)
  })

  test("sends one notice at a time, with all that happened meanwhile, and says what it left out", async () => {
    let free!: () => void
    const gate = new Promise<void>((resolve) => free = resolve)
    let first = true
    const { follows, sent, state, quiet } = bench(() => {
      const waits = first
      first = false
      return waits ? Effect.as(Effect.promise(() => gate), "routed" as const) : Effect.succeed("routed" as const)
    })
    const held = follows.hold(elsewhere, message("1"), "shop")!
    held.tell("delivered")
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    assert.equal(sent.length, 1)
    // more than wait, and more than a second has
    for (let i = 0; i < 3_000; i++) held.tell("x")
    state.time += 1_000
    assert.equal(sent.length, 1)
    free()
    await quiet()
    const rest = sent.slice(1)
    assert.deepEqual([rest.length, rest.reduce((sum, { notice }) => sum + notice.hops.length, 0)], [16, 1_000])
    assert.equal(rest.reduce((sum, { notice }) => sum + notice.missed, 0), 2_000)
    held.tell("acked")
    held.end()
    await quiet()
    assert.deepEqual(sent.at(-1)!.notice.hops.map(({ fact }) => fact), ["acked"])
  })

  test("tells nobody who is not there, for half a minute", async () => {
    const { follows, sent, state, quiet } = bench(() => Effect.succeed("unroutable"))
    const held = follows.hold(elsewhere, message("1"), "shop")!
    held.tell("delivered")
    await quiet()
    for (let i = 0; i < 10; i++) held.tell("more")
    held.end()
    assert.equal(follows.hold(elsewhere, message("2"), "shop"), undefined)
    assert.equal(follows.hold(formatFollow({ instance: "asker", key: "other" }), message("2"), "shop"), undefined)
    await quiet()
    assert.equal(sent.length, 1)
    state.time += 30_001
    assert.ok(follows.hold(elsewhere, message("2"), "shop") !== undefined)
  })

  test("takes what cannot be sent for missing, and goes on", async () => {
    let fails = true
    const lost = new TransportError({ operation: "publish", target: "q", reason: new Disconnected({ detail: "gone" }) })
    const { follows, sent, quiet } = bench(() => fails ? Effect.fail(lost) : Effect.succeed("routed"))
    const held = follows.hold(elsewhere, message("1"), "shop")!
    held.tell("delivered")
    held.tell("started")
    await quiet()
    fails = false
    held.tell("acked")
    await quiet()
    assert.deepEqual(sent.map(({ notice }) => [notice.hops.length, notice.missed]), [[2, 0], [1, 2]])
  })

  test("holds so many messages and no more: the oldest are forgotten", async () => {
    const { follows, sent, state, quiet } = bench()
    for (let i = 0; i < 1_001; i++) follows.hold(elsewhere, message(String(i)), "shop")
    follows.journal.record(entry("0"))
    follows.journal.record(entry("1000"))
    await quiet()
    assert.deepEqual(sent.flatMap(({ notice }) => notice.hops.map(({ id }) => id)), ["1000"])
    // and so many askers
    state.time += 2_000
    for (let i = 0; i < 300; i++) {
      follows.hold(formatFollow({ instance: `a${i}`, key: "k" }), message("m"), "shop")!.tell("x")
    }
    await quiet()
    assert.equal(sent.length, 301)
  })

  test("nothing that has no id is followed, nor what this process did not ask for", () => {
    const { follows } = bench()
    assert.equal(follows.hold(elsewhere, message(""), "shop"), undefined)
    assert.equal(follows.hold(formatFollow({ instance: "self", key: "k" }), message("1"), "shop"), undefined)
    const { follow, end } = ask(follows)
    assert.ok(follows.hold(follow, message("1"), "shop") !== undefined)
    end()
    assert.equal(follows.hold(follow, message("2"), "shop"), undefined)
  })

  test("its own hops stand where they happened, those of others where they were heard, at the least distance seen", () => {
    const { follows, state } = bench()
    const { follow, heard } = ask(follows)
    state.time += 10
    follows.hold(follow, message("1"), "shop")!.tell("sent")
    const key = follow.split("/")[1]!
    const hop = { at: 0, fact: "delivered", id: "1", type: "a.b", app: "x" }
    const notice = (sent: number, at: number) =>
      hopPacket(
        "n",
        "x",
        0,
        encodeHops({ key, instance: "far", host: "h", pid: 1, sent, missed: 0, hops: [{ ...hop, at }] })!,
      )
    state.time += 10
    assert.equal(follows.take(notice(500_010, 500_005)), true)
    // one that was ten times as long on its way does not seem to have happened later
    state.time += 100
    follows.take(notice(500_020, 500_015))
    // and of one that happened before it was asked for nobody can say when
    follows.take(notice(500_020, 1))
    assert.deepEqual(heard.map(({ at, isReckoned, instance }) => [at, isReckoned, instance]), [
      [10, false, "self"],
      [15, true, "far"],
      [25, true, "far"],
      [0, true, "far"],
    ])
  })

  test("hears so much and no more", () => {
    const { follows, state } = bench()
    const { follow, heard, missed } = ask(follows)
    const held = follows.hold(follow, message("1"), "shop")!
    for (let i = 0; i < 30_000; i++) {
      if (i % 1_000 === 0) state.time += 1_000
      held.tell("x")
    }
    assert.deepEqual([heard.length, missed()], [20_000, 10_000])
  })
})
