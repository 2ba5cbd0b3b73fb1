/**
 * The age of messages: told without agreement of clocks, and without being hidden by them.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import { Ages } from "../../../src/runtime/lanes/Ages.ts"
import { properties } from "../../wire/properties.ts"

/** What the clocks of two machines may be off by, and what a way varies by, as `Ages` has it. */
const drift = 200e-6
const jitter = 5

/** Rounding of numbers as large as the ms of some years. */
const rounding = 0.01

interface Way {
  /** What the clocks began with, ms. */
  readonly sender: number
  readonly receiver: number
  /** By what the sender's clock is faster, as a fraction. */
  readonly rate: number
  /** Of each message: ms since the last one was sent, and what it took. */
  readonly messages: ReadonlyArray<{ readonly pause: number; readonly took: number }>
}

const offset = fc.integer({ min: -1e11, max: 1e11 })

const way = (took: fc.Arbitrary<number>): fc.Arbitrary<Way> =>
  fc.record({
    sender: offset,
    receiver: offset,
    rate: fc.double({ min: -drift, max: drift, noNaN: true }),
    messages: fc.array(
      fc.record({ pause: fc.oneof(fc.nat(10), fc.nat(1_000), fc.nat(3_600_000)), took }),
      { minLength: 1, maxLength: 60 },
    ),
  })

/** Ages as told, beside what is true. */
const run = ({ sender, receiver, rate, messages }: Way) => {
  const ages = new Ages()
  let at = 0
  let fastest = Number.POSITIVE_INFINITY
  return messages.map(({ pause, took }) => {
    at += pause
    fastest = Math.min(fastest, took)
    const told = ages.of(sender + at * (1 + rate), receiver + at + took)
    return { at, told, late: took - fastest }
  })
}

const anyDelay = fc.oneof(fc.double({ min: 0, max: 3, noNaN: true }), fc.double({ min: 0, max: 20_000, noNaN: true }))

describe("Ages", () => {
  test("the first message is as young as can be, whatever the clocks say", () =>
    properties(fc.property(offset, offset, (sent, now) => {
      assert.equal(new Ages().of(sent, now), 0)
    })))

  test("says how much later a message is than the fastest one, though the clocks are hours apart", () => {
    const hour = 3_600_000
    for (const off of [-5 * hour, 0, 7 * hour]) {
      const ages = new Ages()
      assert.equal(ages.of(0, off + 2), 0)
      assert.equal(ages.of(10, off + 12), 0)
      const age = ages.of(20, off + 20 + 2_002)
      assert.ok(Math.abs(age - 2_000) < 1, String(age))
      // and the next one, in time, is young again
      assert.equal(ages.of(3_000, off + 3_002), 0)
    }
  })

  test("a faster message moves the line: what was thought to be young before is seen to be late", () => {
    const ages = new Ages()
    assert.equal(ages.of(0, 5_000), 0)
    assert.equal(ages.of(100, 5_100), 0)
    assert.equal(ages.of(200, 201), 0)
    assert.ok(ages.of(300, 5_300) > 4_990)
  })

  test("a way that varies by a few ms makes nothing old", () => {
    const ages = new Ages()
    for (let i = 0; i < 1_000; i++) assert.equal(ages.of(i * 10, 1e6 + i * 10 + (i * 7) % 6), 0)
  })

  test("never says of a message that it is older than it is", () =>
    properties(
      fc.property(way(anyDelay), (one) => {
        for (const { told, late } of run(one)) assert.ok(told <= late + rounding, `${told} of ${late}`)
      }),
      500,
    ))

  test("never hides more lateness than clocks may drift in the time since it began, and a way may vary", () =>
    properties(
      fc.property(way(anyDelay), (one) => {
        const facts = run(one)
        for (const { at, told, late } of facts) {
          // its own allowance, and what the clocks may really be apart
          const hidden = 2 * drift * (at - facts[0]!.at + 20_000) + jitter + rounding
          assert.ok(told >= late - hidden, `${told} of ${late} after ${at} ms`)
        }
      }),
      500,
    ))

  test("lateness that creeps in, each message a little later than the one before, is not hidden", () => {
    const ages = new Ages()
    ages.of(0, 0)
    let told = 0
    // ten ms more each second: fifty times what clocks drift
    for (let i = 1; i <= 600; i++) told = ages.of(i * 1_000, i * 1_000 + i * 10)
    assert.ok(told > 5_800, String(told))
  })

  test("lateness that comes in steps of a ms, many times, is not hidden", () => {
    const ages = new Ages()
    ages.of(0, 0)
    let told = 0
    for (let i = 1; i <= 3_000; i++) told = ages.of(i * 10, i * 10 + i)
    assert.ok(told > 2_980, String(told))
  })

  test("a day of drift within what clocks may have makes no live message old, in either direction", () => {
    for (const rate of [-drift, -50e-6, 50e-6, drift * 0.99]) {
      const ages = new Ages()
      for (let at = 0; at <= 86_400_000; at += 60_000) {
        assert.equal(ages.of(at * (1 + rate), 1e9 + at + 1), 0, `${rate} at ${at}`)
      }
    }
  })
})
