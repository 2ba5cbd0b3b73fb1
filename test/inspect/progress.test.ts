/**
 * Whether a handler gets on, by the figures of one moment: much before a slow one is a backlog, before a fast one it is not.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import type { Evidence } from "../../src/inspect/why/Evidence.ts"
import { progress } from "../../src/inspect/why/links/progress.ts"

const now = 1_000_000

/** A handler with one place, of which so many wait; `p50` ms each. */
const look = (
  { ready, p50, handled, running = 1 }: {
    readonly ready: number
    readonly p50: number
    readonly handled: number
    readonly running?: number
  },
) => {
  const handler = {
    app: "press",
    name: "print",
    queue: "q",
    held: true,
    halted: 0,
    concurrency: 1,
    running,
    inHand: running,
    handled,
    lastHandled: now - 20,
    recent: { perSecond: handled / 10, p50, p99: p50 },
  }
  const evidence = {
    now,
    at: { now: { known: true, value: { ready } } },
    target: { queue: "q", app: "press", handler: "print" },
    team: { processes: [{ life: "running", stats: { handlers: [handler] } }] },
  }
  const step = progress(evidence as unknown as Evidence)
  return step.state === "broken" ? step.cause.code : step.state
}

describe("progress()", () => {
  test("10,000 before a handler of 200 ms are a backlog, also in the moment between two messages", () => {
    assert.equal(look({ ready: 9_992, p50: 200, handled: 8 }), "backlog")
    assert.equal(look({ ready: 9_992, p50: 200, handled: 8, running: 0 }), "backlog")
  })

  test("a burst before a fast handler that has only just begun is none", () => {
    for (const running of [0, 1]) assert.notEqual(look({ ready: 5_000, p50: 0.5, handled: 100, running }), "backlog")
  })

  test("a handful before a slow one is none", () => {
    for (const running of [0, 1]) assert.notEqual(look({ ready: 90, p50: 2_000, handled: 3, running }), "backlog")
  })
})
