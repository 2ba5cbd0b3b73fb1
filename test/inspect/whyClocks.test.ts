/**
 * Times that processes say, on the asker's clock; and what is one of many.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { lagOf, onOurClock } from "../../src/inspect/why/clocks.ts"
import { doesFlow } from "../../src/inspect/why/links/flow.ts"
import type { AnswerTo, HandlerStats } from "../../src/wire/mod.ts"

const hour = 3_600_000
const now = 1_700_000_000_000

const handler = (some: Partial<HandlerStats>): HandlerStats => ({
  app: "warranty",
  name: "register",
  kind: "listener",
  subject: "sales.orderPlaced",
  queue: "warren.on.warranty.register",
  schema: "",
  held: true,
  concurrency: 16,
  prefetch: 32,
  inHand: 0,
  running: 0,
  halted: 0,
  handled: 0,
  failed: 0,
  retried: 0,
  dead: 0,
  skipped: 0,
  returned: 0,
  recent: { count: 0, p50: 0, p99: 0, perSecond: 0 },
  ...some,
})

const stats = (at: number): AnswerTo<"stats"> => ({
  kind: "stats",
  now: at,
  apps: ["warranty"],
  startedAt: at - 1_000,
  state: "running",
  connection: { state: "Ready" },
  waiting: 0,
  handlers: [handler({ lastHandled: at - 20, lastRetry: { at: at - 10, id: "m1", error: "down", delay: 30_000 } })],
  sent: [{
    type: "sales.orderPlaced",
    kind: "event",
    schema: "",
    done: 1,
    unheard: 0,
    failed: 0,
    recent: { count: 1, p50: 1, p99: 1, perSecond: 0.1 },
    lastDone: at - 30,
  }],
})

describe("lagOf()", () => {
  const asked = (now_: number) => lagOf({ answer: { now: now_ }, askedAt: now - 10, heardAt: now + 10 })

  test("is how far a clock is ahead or behind", () => {
    assert.equal(asked(now + hour), hour)
    assert.equal(asked(now - hour), -hour)
  })

  test("is nothing for what may be the way of the answer", () => {
    assert.equal(asked(now + 400), 0)
    assert.equal(lagOf({ answer: { now }, askedAt: now - 900, heardAt: now + 5 }), 0)
  })
})

describe("onOurClock()", () => {
  test("moves every time, and nothing else", () => {
    assert.deepEqual(onOurClock(stats(now + hour), hour), { ...stats(now), now: now + hour })
  })
})

describe("doesFlow()", () => {
  const flow = (some: Partial<HandlerStats>) =>
    doesFlow([handler({ recent: { count: 256, p50: 1, p99: 2, perSecond: 100 }, ...some })], now)

  test("one failure among many that go well is no news", () => {
    assert.ok(flow({ handled: 900, failed: 100, lastHandled: now - 20 }))
  })

  test("a handler that has failed at everything for a while does not flow", () => {
    assert.ok(!flow({ handled: 900, failed: 100, lastHandled: now - 1_500 }))
  })

  test("few messages, and more failures than successes, are no flow", () => {
    assert.ok(!flow({ handled: 19, failed: 1, lastHandled: now - 20 }))
    assert.ok(!flow({ handled: 90, failed: 91, lastHandled: now - 20 }))
    assert.ok(!doesFlow([], now))
  })
})
