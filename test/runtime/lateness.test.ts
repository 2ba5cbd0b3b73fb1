/**
 * How late messages are: told though clocks are hours apart, and not told of those whose clock was set or stood still.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Lateness } from "../../src/runtime/Lateness.ts"

const hour = 3_600_000

/** A receiver, and a sender whose clocks are set and stopped; time is that of the world, ms. */
const world = () => {
  let at = 0
  let [clock, day] = [7 * hour, 1_800_000_000_000]
  const lateness = new Lateness(() => at, () => 1_700_000_000_000 + at)
  return {
    pass: (ms: number) => {
      at += ms
      clock += ms
      day += ms
    },
    /** Its machine sleeps: when it wakes up it knows what time it is, but not how long it slept. */
    sleep: (ms: number) => {
      at += ms
      day += ms
    },
    lateness,
    /** Another process heard a message so long ago that had taken so long, and tells it now. */
    heard: (took: number, ago: number) =>
      lateness.heard("sender", { clock: clock - ago - took, at: day - ago - took }, ago),
    set: (ms: number) => void (day += ms),
    /** A message that takes so long; what is said of it. */
    message: (took: number, isDated = true): number => {
      const sent = { clock, at: isDated ? day : undefined }
      at += took
      const age = lateness.of("sender", sent)
      at -= took
      return age
    },
  }
}

/** Clocks may drift: by a fifth of a ms in a second. */
const isAbout = (found: number, wanted: number) => assert.ok(Math.abs(found - wanted) < 10, `${found}, not ${wanted}`)

describe("Lateness", () => {
  test("says how much later a message is than the fastest one of its sender", () => {
    const { pass, message } = world()
    assert.equal(message(1), 0)
    pass(1_000)
    isAbout(message(3_001), 3_000)
    assert.equal(message(2), 0)
  })

  test("knows a late message that is the first to be dated, after one that is not", () => {
    const { pass, message } = world()
    assert.equal(message(1, false), 0)
    pass(1_000)
    isAbout(message(2_001), 2_000)
  })

  test("takes the time 0 of a packet for none, also as this machine wakes up", () => {
    let [clock, day] = [0, 1_700_000_000_000]
    const lateness = new Lateness(() => clock, () => day)
    assert.equal(lateness.of("sender", { clock, at: 0 }), 0)
    clock += 60_000
    day += 8 * hour
    assert.equal(lateness.of("sender", { clock, at: 0 }), 0)
    isAbout(lateness.of("sender", { clock: clock - 3_000, at: 0 }), 3_000)
  })

  test("compares the first message of a sender with what another process heard of it", () => {
    const { lateness, message, heard, pass } = world()
    heard(2, 5_000)
    pass(100)
    isAbout(message(3_002), 3_000)
    assert.equal(message(2), 0)
    lateness.heard("other", { clock: 7, at: undefined }, 0)
    assert.equal(lateness.of("other", { clock: 8, at: undefined }), 0)
  })

  test("a machine that slept does not look late afterwards, and a late message of it does", () => {
    const { pass, sleep, message } = world()
    message(1)
    sleep(8 * hour)
    assert.equal(message(1), 0)
    pass(10_000)
    assert.equal(message(1), 0)
    isAbout(message(4_001), 4_000)
  })

  test("a machine whose time was set does not look late, forwards or backwards, and a late message of it does", () => {
    for (const by of [hour, -hour, 2_000, -2_000]) {
      const { pass, set, message } = world()
      message(1)
      pass(10_000)
      set(by)
      assert.equal(message(1), 0, `${by} ms`)
      pass(10_000)
      isAbout(message(4_001), 4_000)
    }
  })

  test("what lay in a receiver that slept is late, what comes afterwards is not, and neither is what comes as its time is set", () => {
    let [clock, day] = [0, 1_700_000_000_000]
    const lateness = new Lateness(() => clock, () => day)
    const pass = (ms: number) => {
      clock += ms
      day += ms
    }
    /** A message of a sender whose clocks show the right time; `lay`: ms that it lay here while this machine slept. */
    let truth = 1_800_000_000_000
    const message = (lay: number, took = 1) => {
      const sent = { clock: truth, at: truth }
      truth += took + lay
      pass(took)
      day += lay
      return lateness.of("sender", sent)
    }
    message(0)
    truth += 10_000
    pass(10_000)
    // give or take what clocks may drift in that time
    assert.ok(message(8 * hour) > 7.9 * hour)
    for (let i = 0; i < 5; i++) assert.equal(message(0), 0)
    truth += 10_000
    pass(10_000)
    assert.equal(message(0), 0)
    isAbout(message(0, 4_001), 4_000)
    // its time is set: a moment later nobody is late because of it
    for (const by of [hour, -hour]) {
      day += by
      message(0)
      truth += 2_000
      pass(2_000)
      for (let i = 0; i < 5; i++) assert.equal(message(0), 0, String(by))
      isAbout(message(0, 4_001), 4_000)
    }
  })

  test("tells senders apart, and goes on when there are more than it remembers", () => {
    const lateness = new Lateness(() => 0, () => 0)
    assert.equal(lateness.of("fast", { clock: 0, at: 0 }), 0)
    assert.equal(lateness.of("other", { clock: -5_000, at: -5_000 }), 0)
    assert.equal(lateness.of("fast", { clock: -5_000, at: -5_000 }), 5_000)
    for (let i = 0; i < 5_000; i++) lateness.of(`sender ${i}`, { clock: 0, at: 0 })
    assert.equal(lateness.of("fast", { clock: -5_000, at: -5_000 }), 0)
  })

  test("remembers a sender that goes on, however many others come and go", () => {
    let at = 0
    const lateness = new Lateness(() => at, () => at)
    const late = (took: number) => lateness.of("lasting", { clock: at - took, at: at - took })
    assert.equal(late(0), 0)
    for (let i = 0; i < 20_000; i++) {
      at++
      lateness.of(`once ${i}`, { clock: at, at })
      if (i % 1_000 === 0) assert.equal(late(0), 0)
    }
    isAbout(late(5_000), 5_000)
  })
})
