/**
 * Where a trace stands: what is open as long as nothing was heard of it, and what has ended, and how.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Tracing } from "../../src/inspect/trace/Tracing.ts"
import type { FollowedHop } from "../../src/wire/mod.ts"

const hop = (fact: string, part: Partial<FollowedHop> = {}): FollowedHop => ({
  at: 0,
  fact,
  id: "1",
  type: "sales.orderPlaced",
  app: "warranty",
  ...part,
})

const by = (handler: string, fact: string, part: Partial<FollowedHop> = {}): FollowedHop =>
  hop(fact, { handler, queue: `warren.on.${handler}`, ...part })

/** What is still waited for. */
const openIn = (tracing: Tracing, now = 100_000): ReadonlyArray<string> => tracing.open(now).map(({ what }) => what)

const emitted = (wait = false, followed: ReadonlyArray<string> = ["warren.on.warranty.register"], complete = true) => {
  const tracing = new Tracing(wait)
  tracing.hear(hop("sent"), 0)
  assert.deepEqual(openIn(tracing), ["it is not confirmed"])
  tracing.hear(hop("emitted"), 1)
  tracing.routed("1", "sales.orderPlaced", { followed, complete })
  return tracing
}

describe("Tracing", () => {
  test("an event is over when each listener's queue has acked it, a moment after the last word", () => {
    const tracing = emitted(false, ["warren.on.warranty.register", "warren.on.parts.reserve"])
    assert.equal(openIn(tracing).length, 2)
    for (const handler of ["warranty.register", "parts.reserve"]) {
      for (const fact of ["delivered", "started", "handled"]) tracing.hear(by(handler, fact), 10)
      assert.ok(openIn(tracing).includes(`"${handler}" is at work on it`))
      tracing.hear(by(handler, "acked"), 20)
    }
    assert.deepEqual(openIn(tracing), [])
    assert.ok(!tracing.isOver(30))
    assert.ok(tracing.isOver(170))
    assert.deepEqual(tracing.failures, [])
  })

  test("a listener that tells before the confirm is known is not waited for once more", () => {
    const tracing = new Tracing(false)
    tracing.hear(hop("sent"), 0)
    for (const fact of ["delivered", "started", "handled", "acked"]) tracing.hear(by("warranty.register", fact), 1)
    tracing.hear(hop("emitted"), 2)
    tracing.routed("1", "sales.orderPlaced", { followed: ["warren.on.warranty.register"], complete: true })
    assert.deepEqual(openIn(tracing), [])
  })

  test("a queue that nothing is heard of stays open", () => {
    const tracing = emitted()
    assert.ok(!tracing.isOver(9_999_999))
    assert.deepEqual(openIn(tracing), ['nothing was heard of "warren.on.warranty.register"'])
  })

  test("where bindings cannot be seen, others are waited for, for a second", () => {
    const tracing = emitted(false, [], false)
    assert.deepEqual(openIn(tracing, 900), ["others may have it"])
    assert.ok(tracing.isOver(1_001))
  })

  test("what goes back is open again, until another one has it", () => {
    const tracing = emitted()
    tracing.hear(by("warranty.register", "delivered"), 2)
    tracing.hear(by("warranty.register", "returned"), 3)
    tracing.hear(by("warranty.register", "given back"), 3)
    assert.deepEqual(openIn(tracing), ['"warranty.register" gave it back to its queue'])
    for (const fact of ["delivered", "started", "handled", "acked"]) tracing.hear(by("warranty.register", fact), 4)
    assert.deepEqual(openIn(tracing), [])
  })

  test("a retry ends it as a failure, or is waited for where that is wanted", () => {
    for (const wait of [false, true]) {
      const tracing = emitted(wait)
      for (const fact of ["delivered", "started", "failed"]) tracing.hear(by("warranty.register", fact), 2)
      tracing.hear(by("warranty.register", "retry", { delay: 5_000, attempt: 2, error: "no" }), 3)
      tracing.hear(by("warranty.register", "acked"), 3)
      const text = '"warranty.register" failed (no), and tries again in 5 s'
      assert.deepEqual(openIn(tracing), wait ? [text] : [])
      assert.deepEqual(tracing.failures, wait ? [] : [`sales.orderPlaced: ${text}`])
      for (const fact of ["delivered", "started", "handled", "acked"]) tracing.hear(by("warranty.register", fact), 4)
      assert.deepEqual([openIn(tracing), tracing.failures], [[], []])
    }
  })

  test("a dead letter is a failure", () => {
    const tracing = emitted()
    tracing.hear(by("warranty.register", "delivered"), 2)
    tracing.hear(by("warranty.register", "dead", { error: "no" }), 3)
    tracing.hear(by("warranty.register", "acked"), 3)
    assert.deepEqual(openIn(tracing), [])
    assert.deepEqual(tracing.failures, ['sales.orderPlaced: "warranty.register" gave up, and dead-lettered it: no'])
  })

  test("a call is over with its outcome and with its server; a server that does not tell is waited for, for a second", () => {
    const call = (handler: string | undefined, fact: string) => hop(fact, { handler, type: "parts.lookup" })
    const tracing = new Tracing(false)
    for (const fact of ["called", "published", "confirmed", "replied", "answered"]) {
      tracing.hear(call(undefined, fact), 1)
    }
    assert.deepEqual(openIn(tracing, 2), ["its server has not told"])
    assert.deepEqual(openIn(tracing, 1_002), [])
    tracing.hear(call("parts.lookup", "delivered"), 3)
    assert.deepEqual(openIn(tracing, 3), ['"parts.lookup" has it in hand'])
    tracing.hear(call("parts.lookup", "done"), 4)
    assert.deepEqual(openIn(tracing, 4), [])
  })

  test("what a handler sends is waited for, too; its failures are the handler's own business, those of the first message are not", () => {
    const tracing = emitted()
    tracing.hear(by("warranty.register", "delivered"), 2)
    tracing.hear(hop("called", { id: "2", type: "parts.lookup", cause: "1", handler: "warranty.register" }), 3)
    tracing.hear(by("warranty.register", "acked"), 3)
    assert.deepEqual(openIn(tracing), ["it has no outcome"])
    tracing.hear(hop("refused", { id: "2", type: "parts.lookup", error: "NoHandler" }), 4)
    assert.deepEqual([openIn(tracing), tracing.failures], [[], []])
    const first = new Tracing(false)
    first.hear(hop("called"), 0)
    first.hear(hop("refused", { error: "NoHandler" }), 1)
    assert.deepEqual(first.failures, ["sales.orderPlaced: NoHandler"])
    assert.ok(first.isOver(151))
  })

  test("nothing that others tell makes it fall over", () => {
    const tracing = new Tracing(false)
    for (const fact of ["acked", "retry", "dead", "answered", "replied", "started", "", "constructor"]) {
      tracing.hear(hop(fact), 1)
      tracing.hear(hop(fact, { handler: "x" }), 1)
    }
    assert.ok(!tracing.hasBegun && !tracing.isOver(1_000))
  })
})
