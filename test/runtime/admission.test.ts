/**
 * Admission against what it promises: random entries come, pause, resume and leave; after each step nobody runs who must
 * not, and nobody waits who could run.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import { Admission, type Entry } from "../../src/runtime/Admission.ts"
import { properties } from "../wire/properties.ts"

type State = "waiting" | "running" | "paused" | "gone"

class Item implements Entry {
  readonly key: string | undefined
  readonly redelivered: boolean
  readonly number: number
  readonly start: () => void
  state: State = "waiting"
  isRunning = false
  /** It has run before, and holds its key. */
  holds = false

  constructor(number: number, key: string | undefined, redelivered: boolean, start: (item: Item) => void) {
    this.number = number
    this.key = key
    this.redelivered = redelivered
    this.start = () => start(this)
  }
}

const step = fc.oneof(
  fc.record({
    act: fc.constant("enter" as const),
    key: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }),
    redelivered: fc.boolean(),
    brief: fc.boolean(),
    which: fc.nat(),
  }),
  fc.record({ act: fc.constantFrom("leave" as const, "pause" as const, "resume" as const), which: fc.nat() }),
)

describe("Admission", () => {
  test("keeps its promises over any history", () =>
    properties(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 80 }), (limit, steps) => {
        const admission = new Admission<Item>(limit)
        const items: Array<Item> = []
        const started = new Map<string, Array<number>>()
        const inState = (state: State) => items.filter((item) => item.state === state)

        const check = () => {
          const running = inState("running")
          assert.ok(running.length <= limit, "never more than the limit")
          assert.ok(running.filter(({ redelivered }) => redelivered).length <= 1, "one redelivered at a time")
          const held = [...running, ...inState("paused"), ...inState("waiting").filter(({ holds }) => holds)]
            .flatMap(({ key }) => key ?? [])
          assert.equal(new Set(held).size, held.length, "one holder a key")
          for (const order of started.values()) {
            assert.deepEqual(
              order,
              order.toSorted((a, b) => a - b),
              "order of a key",
            )
          }
          if (running.length >= limit) return
          const seen = new Set<string>()
          for (const item of inState("waiting").toSorted((a, b) => Number(b.holds) - Number(a.holds))) {
            const free = item.key === undefined || item.holds || (!held.includes(item.key) && !seen.has(item.key))
            const alone = !item.redelivered || !running.some(({ redelivered }) => redelivered)
            assert.ok(!(free && alone), `${item.number} waits although it could run`)
            if (item.key !== undefined) seen.add(item.key)
          }
        }

        for (const { which, ...one } of steps) {
          if (one.act === "enter") {
            const item = new Item(items.length, one.key, one.redelivered, (self) => {
              self.state = "running"
              if (self.key !== undefined && !self.holds) {
                started.set(self.key, [...started.get(self.key) ?? [], self.number])
              }
              self.holds = self.key !== undefined
              if (!one.brief) {
                return
              }
              self.state = "gone"
              self.holds = false
              admission.leave(self)
            })
            items.push(item)
            admission.enter(item)
          } else {
            const candidates = inState(one.act === "resume" ? "paused" : "running")
            const item = candidates[which % candidates.length]
            if (item === undefined) continue
            item.state = one.act === "leave" ? "gone" : one.act === "pause" ? "paused" : "waiting"
            if (one.act === "leave") item.holds = false
            admission[one.act](item)
          }
          check()
        }
        // everyone comes through in the end
        for (let left = 10_000; left > 0 && (inState("running").length > 0 || inState("paused").length > 0); left--) {
          for (const item of inState("running")) {
            item.state = "gone"
            item.holds = false
            admission.leave(item)
          }
          for (const item of inState("paused")) {
            item.state = "waiting"
            admission.resume(item)
          }
        }
        assert.deepEqual(items.filter(({ state }) => state !== "gone"), [])
      }),
      400,
    ))

  test("starts nobody after close(), and returns those that wait", () => {
    const admission = new Admission<Item>(1)
    const begun: Array<number> = []
    const items = [0, 1, 2].map((n) => new Item(n, undefined, false, () => void begun.push(n)))
    for (const item of items) admission.enter(item)
    assert.deepEqual(admission.close(), items.slice(1))
    admission.leave(items[0]!)
    admission.enter(new Item(3, undefined, false, () => void begun.push(3)))
    assert.deepEqual(begun, [0])
  })

  test("keeps the stack flat when 10,000 that are through at once wait for one", () => {
    const admission = new Admission<Item>(1)
    let through = 0
    const first = new Item(-1, undefined, false, () => {})
    admission.enter(first)
    for (let n = 0; n < 10_000; n++) {
      const item: Item = new Item(n, undefined, false, () => {
        through++
        admission.leave(item)
      })
      admission.enter(item)
    }
    admission.leave(first)
    assert.equal(through, 10_000)
  })
})
