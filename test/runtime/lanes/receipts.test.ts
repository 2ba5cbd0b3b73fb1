/**
 * Replies that wait for their receipt: each ends once, with it or without it, and none is left behind.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import { Receipts } from "../../../src/runtime/lanes/Receipts.ts"
import { properties } from "../../wire/properties.ts"
import { inYard, isQuiet, type Yard } from "./Yard.ts"

const make = ({ now, deadlines }: Yard) => {
  const receipts = new Receipts({ now, deadlines })
  const told: Array<string> = []
  const expect = (token: string, name = token) => receipts.expect(token, (received) => told.push(`${name} ${received}`))
  return { receipts, told, expect }
}

describe("Receipts", () => {
  test(
    "a receipt ends the wait, once, whatever comes after it; others and unknown ones are not touched",
    inYard(async (yard) => {
      const { receipts, told, expect } = make(yard)
      expect("a")
      expect("b")
      receipts.received(["?", "a", "a"])
      receipts.received(["a"])
      assert.deepEqual([told, receipts.size], [["a true"], 1])
      await yard.advance(2_000)
      assert.deepEqual([told, receipts.size], [["a true", "b false"], 0])
      receipts.received(["b"])
      assert.equal(told.length, 2)
      isQuiet(yard)
    }),
  )

  test(
    "none comes within 500 ms, give or take a little: then it is told, each in its order",
    inYard(async (yard) => {
      const { told, expect } = make(yard)
      expect("a")
      await yard.advance(100)
      expect("b")
      await yard.advance(399)
      assert.equal(told.length, 0)
      await yard.advance(30)
      assert.deepEqual(told, ["a false"])
      await yard.advance(100)
      assert.deepEqual(told, ["a false", "b false"])
      isQuiet(yard)
    }),
  )

  test(
    "the same token a second time ends the first wait: nobody waits for ever",
    inYard(async (yard) => {
      const { receipts, told, expect } = make(yard)
      expect("a", "first")
      expect("a", "second")
      receipts.received(["a"])
      await yard.advance(2_000)
      assert.deepEqual(told.toSorted(), ["first false", "second true"])
      assert.equal(receipts.size, 0)
      isQuiet(yard)
    }),
  )

  test(
    "whoever is told may wait again at once",
    inYard(async (yard) => {
      const { receipts } = make(yard)
      let told = 0
      const again = (received: boolean): void => {
        assert.equal(received, false)
        if (++told < 5) receipts.expect(`t${told}`, again)
      }
      receipts.expect("t0", again)
      await yard.advance(4_000)
      assert.deepEqual([told, receipts.size], [5, 0])
      isQuiet(yard)
    }),
  )

  test(
    "of many replies and receipts, in any order and at any time, each reply ends exactly once, and in time",
    () =>
      properties(
        fc.property(
          fc.array(
            fc.record({ pause: fc.nat(200), token: fc.nat(30), isReceipt: fc.boolean() }),
            { minLength: 1, maxLength: 80 },
          ),
          (steps) => {
            // time and deadlines by hand: nothing of it waits
            let now = 0
            let due: Array<{ readonly at: number; readonly run: () => void }> = []
            const receipts = new Receipts({
              now: () => now,
              deadlines: {
                add: (at, run) => {
                  const entry = { at, run }
                  due.push(entry)
                  return () => void (due = due.filter((one) => one !== entry))
                },
              },
            })
            const pass = (until: number): void => {
              for (;;) {
                const next = due.toSorted((a, b) => a.at - b.at)[0]
                if (next === undefined || next.at > until) break
                due = due.filter((one) => one !== next)
                now = Math.max(now, next.at)
                next.run()
              }
              now = until
            }
            const waits: Array<{ readonly since: number; ended: number; took: number }> = []
            for (const { pause, token, isReceipt } of steps) {
              pass(now + pause)
              if (isReceipt) {
                receipts.received([String(token)])
                continue
              }
              const wait = { since: now, ended: 0, took: 0 }
              waits.push(wait)
              receipts.expect(String(token), () => {
                wait.ended++
                wait.took = now - wait.since
              })
            }
            pass(now + 2_000)
            assert.deepEqual(waits.filter(({ ended }) => ended !== 1), [])
            assert.ok(waits.every(({ took }) => took <= 600), JSON.stringify(waits))
            assert.deepEqual([receipts.size, due.length], [0, 0])
          },
        ),
        300,
      ),
  )
})
