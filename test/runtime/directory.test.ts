/**
 * Who is alive, on a clock moved by hand: heartbeats that stop, last words, proof of death, and drift.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Directory } from "../../src/runtime/Directory.ts"
import { describeDrift, Drifts } from "../../src/runtime/drift.ts"
import { FakeClock } from "../../src/testing/FakeClock.ts"
import type { Announcement } from "../../src/wire/mod.ts"

const start = 1_000_000

const announcement = (instance: string, part: Partial<Announcement> = {}, schema = "aa", version = "1") => ({
  instance,
  apps: [{
    app: "sales",
    handlers: [{
      name: "quote",
      kind: "call" as const,
      subject: "sales.quote",
      queue: "q",
      schema,
      version,
      idempotent: false,
    }],
  }],
  emits: [],
  calls: [],
  host: `host-${instance}`,
  pid: 7,
  runtime: "bun 1",
  version: "",
  // another clock, which must not matter
  startedAt: 4_000_000_000_000,
  state: "running" as const,
  every: 5_000,
  inHand: 0,
  handled: 0,
  failed: 0,
  ...part,
})

const make = () => {
  const clock = new FakeClock(start)
  const directory = new Directory("self", clock.currentTimeMillisUnsafe, 5_000)
  const lives = () => Object.fromEntries(directory.list().map(({ instance, life }) => [instance, life]))
  return { clock, directory, lives, after: (ms: number) => clock.moveTo(clock.currentTimeMillisUnsafe() + ms) }
}

describe("Directory", () => {
  test("believes what others tell as of when they heard it, unless it knows more", () => {
    const { directory, lives, after } = make()
    directory.heard(announcement("self"))
    after(20_000)
    const tell = (instance: string, ago: number, part: Partial<Announcement> = {}) =>
      directory.told({ announcement: announcement(instance, part), ago })
    assert.ok(tell("a", 1_000))
    assert.equal(directory.get("a")!.lastHeard, start + 19_000)
    assert.deepEqual(lives(), { self: "running", a: "running" })
    // it falls silent as if it had been heard here
    after(17_000)
    assert.deepEqual(lives(), { self: "running", a: "missing" })
    // older than what is known, or of this process itself
    directory.heard(announcement("b", { handled: 7 }))
    assert.equal(tell("b", 1), false)
    assert.equal(directory.get("b")!.handled, 7)
    assert.equal(tell("self", 0, { handled: 9 }), false)
    // somebody who is gone since then does not come back by what others have not heard yet
    after(100)
    directory.heard(announcement("b", { state: "gone" }))
    directory.gone("a", start + 37_100)
    assert.equal(tell("b", 50) || tell("a", 50), false)
    assert.deepEqual(lives(), { self: "running", a: "gone", b: "gone" })
    after(100)
    assert.ok(tell("a", 20))
    assert.equal(lives()["a"], "running")
  })

  test("waits as long as a crowd takes, whatever one said that did not know it yet", () => {
    const { directory, lives, after } = make()
    directory.heard(announcement("self"))
    for (let i = 1; i < 100; i++) directory.heard(announcement(`i${i}`))
    assert.equal(directory.servers(), 100)
    // each of a hundred speaks every 10 s
    after(34_900)
    assert.equal(directory.servers(), 100)
    after(200)
    assert.deepEqual([lives()["self"], lives()["i1"]], ["running", "missing"])
    // and those who are gone need no time
    for (let i = 2; i < 100; i++) directory.heard(announcement(`i${i}`, { state: "gone" }))
    directory.heard(announcement("i1"))
    assert.equal(directory.servers(), 2)
    after(17_600)
    assert.equal(lives()["i1"], "missing")
  })

  test("tells of those who are alive, how long ago they were heard, and counts those older than itself", () => {
    const { directory, after } = make()
    directory.heard(announcement("self"))
    directory.heard(announcement("silent"))
    after(18_000)
    directory.heard(announcement("a"), { sent: 5, at: 6 })
    directory.heard(announcement("b", { state: "draining" }))
    directory.heard(announcement("c", { apps: [] }))
    directory.heard(announcement("z"))
    directory.heard(announcement("gone", { state: "gone" }))
    after(10)
    const told = (callers: boolean) =>
      directory.hearsay(callers).map(({ announcement: { instance }, ...rest }) => [instance, rest])
    assert.deepEqual(told(false), [["self", { ago: 0 }], ["a", { ago: 10, sent: 5, at: 6 }], ["b", { ago: 10 }], ["z", {
      ago: 10,
    }]])
    assert.deepEqual(told(true), [["c", { ago: 10 }]])
    assert.deepEqual([directory.older(0), directory.older(5)], [0, 1])
  })

  test("takes a process for missing after three heartbeats, remembers when it was heard, and forgets it", () => {
    const { directory, lives, after } = make()
    directory.heard(announcement("self"))
    directory.heard(announcement("a"))
    after(15_500)
    assert.deepEqual(lives(), { self: "running", a: "running" })
    after(2_500)
    assert.deepEqual(lives(), { self: "running", a: "missing" })
    assert.equal(directory.seen("sales.quote").servers, 1)
    directory.sweep()
    assert.equal(directory.get("a")?.lastHeard, start)
    after(600_000)
    directory.sweep()
    assert.deepEqual(lives(), { self: "running" })
  })

  test("counts live servers, and cites the newest heartbeat of all of them, the gone included", () => {
    const { directory, after } = make()
    assert.deepEqual(directory.seen("sales.quote"), { servers: 0, lastHeartbeat: null })
    directory.heard(announcement("a"))
    after(1_000)
    directory.heard(announcement("b"))
    assert.deepEqual(directory.seen("sales.quote"), { servers: 2, lastHeartbeat: start + 1_000 })
    directory.heard(announcement("b", { state: "draining" }))
    assert.equal(directory.seen("sales.quote").servers, 1)
    after(1_000)
    directory.gone("a", start + 2_000)
    assert.deepEqual(directory.seen("sales.quote"), { servers: 0, lastHeartbeat: start + 1_000 })
    assert.deepEqual(directory.seen("sales.other"), { servers: 0, lastHeartbeat: null })
    // it handles something else now
    directory.heard(announcement("b", { apps: [] }))
    assert.deepEqual(directory.handling("sales.quote").map(({ instance }) => instance.instance), ["a"])
  })

  test("never calls a process gone that was heard since, and takes it back when it is heard again", () => {
    const { directory, lives, after } = make()
    assert.equal(directory.heard(announcement("a")), true)
    assert.equal(directory.heard(announcement("a")), false)
    after(2_000)
    directory.gone("a", start - 1)
    assert.deepEqual(lives(), { a: "running" })
    directory.gone("a", start + 1_000)
    assert.deepEqual([lives(), directory.get("a")?.goneAt], [{ a: "gone" }, start + 1_000])
    assert.equal(directory.heard(announcement("a")), true)
    assert.deepEqual(lives(), { a: "running" })
    directory.heard(announcement("a", { state: "gone" }))
    assert.deepEqual([lives(), directory.get("a")?.goneAt], [{ a: "gone" }, start + 2_000])
    directory.heard(announcement("self"))
    directory.gone("self", start + 9_000)
    assert.equal(lives()["self"], "running")
  })

  test("knows ten thousand processes at most: the dead make room, the living do not", () => {
    const { directory, after } = make()
    directory.heard(announcement("dead"))
    after(60_000)
    for (let i = 0; i < 10_100; i++) directory.heard(announcement(`i${i}`))
    assert.equal(directory.list().length, 10_000)
    assert.equal(directory.get("dead"), undefined)
    assert.equal(directory.heard(announcement("one more")), false)
    assert.equal(directory.handling("sales.quote").length, 10_000)
  })
})

describe("Drifts", () => {
  test("are said once a contract and two fingerprints, and name both processes", () => {
    const { directory } = make()
    const drifts = new Drifts(directory)
    const hear = (instance: string, schema: string, version: string) => {
      directory.heard(announcement(instance, {}, schema, version))
      return drifts.of(instance).map(describeDrift)
    }
    assert.deepEqual(hear("a", "aa", "1"), [])
    assert.deepEqual(hear("b", "aa", "1"), [])
    assert.deepEqual(hear("c", "cc", "2"), [
      '"sales.quote" has two schemas at work: ' +
      'fingerprint aa in "sales.quote" (contract version 1, instance a, host "host-a", pid 7), ' +
      'cc in "sales.quote" (contract version 2, instance c, host "host-c", pid 7); ' +
      "a message that fits one may be refused by the other, until all run one version of the contract",
    ])
    assert.deepEqual(hear("d", "cc", "2"), [])
    assert.deepEqual(hear("e", "aa", "1"), [])
    assert.equal(hear("f", "ff", "3").length, 2)
    assert.deepEqual(hear("g", "", ""), [])
  })

  test("leave out whoever is no longer alive, and note messages once an app and fingerprint", () => {
    const { directory, after } = make()
    const drifts = new Drifts(directory)
    directory.heard(announcement("a"))
    directory.heard(announcement("b", { state: "gone" }, "bb"))
    assert.equal(drifts.of("a").length, 0)
    after(60_000)
    directory.heard(announcement("c", {}, "cc"))
    assert.equal(drifts.of("c").length, 0)
    const first = ["sales.quote", "web", "xx", "aa"] as const
    assert.equal(drifts.isNewMessage(...first), true)
    assert.equal(drifts.isNewMessage(...first), false)
    assert.equal(drifts.isNewMessage("sales.quote", "shop", "xx", "aa"), true)
  })
})
