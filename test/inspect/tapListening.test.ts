/**
 * What one tap knows from what processes tell it: nothing twice, and nothing lost without a word.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Listening } from "../../src/inspect/tap/Listening.ts"
import type { TapNotice, TappedMessage } from "../../src/wire/mod.ts"

const message = (id: string, change: Partial<TappedMessage> = {}): TappedMessage => ({
  ...{ at: 1, id, type: "a.b", app: "a", kind: "event", size: 1, body: "1" },
  ...change,
})
const notice = (fitted: number, ids: ReadonlyArray<string>, change: Partial<TapNotice> = {}): TapNotice => ({
  ...{ key: "k", instance: "i", host: "h", pid: 1, round: 0, fitted, messages: ids.map((id) => message(id)) },
  ...change,
})
const counted = (count: number, app = "a") => [{ type: "a.b", app, kind: "event", count }] as const

describe("Listening", () => {
  test("what fitted and was not told is missed, once", () => {
    const listening = new Listening()
    assert.deepEqual(listening.hear(notice(2, ["1", "2"])).map(({ id }) => id), ["1", "2"])
    assert.equal(listening.missed(), 0)
    // a notice between them was dropped, and in this one some are left out
    listening.hear(notice(10, ["7", "8"]))
    assert.equal(listening.missed(), 6)
    listening.hear(notice(10, [], { instance: "other" }))
    assert.equal(listening.missed(), 10)
    assert.equal(listening.missed(), 0)
    assert.deepEqual([...listening.instances], ["i", "other"])
  })

  test("a process that begins anew with it is counted anew", () => {
    const listening = new Listening()
    listening.hear(notice(100, ["1"]))
    assert.equal(listening.missed(), 99)
    listening.hear(notice(1, ["2"], { round: 1 }))
    listening.hear(notice(5, ["3"], { round: 1 }))
    assert.equal(listening.missed(), 3)
    assert.equal(listening.instances.size, 1)
  })

  test("counts are the newest of each round, and of all processes together", () => {
    const listening = new Listening()
    listening.hear(notice(5, [], { counts: counted(5) }))
    listening.hear(notice(9, [], { counts: counted(9) }))
    listening.hear(notice(1, [], { round: 1, counts: counted(1) }))
    listening.hear(notice(3, [], { instance: "other", counts: [...counted(2), ...counted(1, "b")] }))
    const { total, counts } = listening.counts(2_000)
    assert.deepEqual([total, counts.map(({ app, count, perSecond }) => [app, count, perSecond])], [13, [
      ["a", 12, 6],
      ["b", 1, 0.5],
    ]])
    assert.deepEqual(listening.counts(3_000).counts.map(({ perSecond }) => perSecond), [0, 0])
    // what is counted is not missed
    assert.equal(listening.missed(), 0)
  })

  test("foreign messages are one, whoever tells them, as long as they have an id", () => {
    const listening = new Listening()
    const foreign = (...ids: ReadonlyArray<string>) => ({ messages: ids.map((id) => message(id, { foreign: true })) })
    assert.equal(listening.hear(notice(0, [], foreign("1", "2"))).length, 2)
    assert.equal(listening.hear(notice(0, [], { instance: "other", ...foreign("1", "2", "", "") })).length, 2)
    assert.equal(listening.missed(), 0)
    assert.equal(listening.counts(1).total, 4)
    for (let i = 0; i < 20_000; i++) listening.hear(notice(0, [], foreign(`x${i}`)))
    // forgotten by now
    assert.equal(listening.hear(notice(0, [], foreign("1"))).length, 1)
  })
})
