/**
 * What `warren trace` prints: each hop below what it belongs to, and a name again where another one has come in between.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { plain } from "../../src/cli/paint.ts"
import { TraceTree } from "../../src/cli/traceTree.ts"
import type { HopTold, TraceTold } from "../../src/inspect/mod.ts"

let time = 0
const hop = (id: string, type: string, app: string, fact: string, part: Partial<HopTold> = {}): HopTold => ({
  kind: "hop",
  at: time += 1.5,
  reckoned: app !== "warren",
  instance: `of-${app}`,
  host: "h",
  pid: 7,
  id,
  type,
  app,
  fact,
  ...part,
})

const linesOf = (...told: ReadonlyArray<TraceTold>): ReadonlyArray<string> => {
  const tree = new TraceTree(plain)
  return told.flatMap((one) => tree.lines(one))
}

const placed = (fact: string, part: Partial<HopTold> = {}) => hop("m1", "sales.orderPlaced", "warren", fact, part)
const by = (app: string, handler: string, fact: string, part: Partial<HopTold> = {}) =>
  hop("m1", "sales.orderPlaced", app, fact, { handler: `${app}.${handler}`, ...part })

describe("TraceTree", () => {
  test("puts hops below the handler and the message that they belong to", () => {
    time = -1.5
    const lines = linesOf(
      placed("sent"),
      placed("emitted"),
      {
        kind: "routed",
        reckoned: false,
        at: 2,
        id: "m1",
        type: "sales.orderPlaced",
        complete: true,
        queues: [
          { queue: "audit", followed: false, consumers: 1, ready: 0 },
          { queue: "warren.on.parts.reserve", followed: true, consumers: 0, ready: 3 },
        ],
      },
      by("warranty", "register", "delivered", { queue: "warren.on.warranty.register", detail: "through the broker" }),
      by("warranty", "register", "started", { attempt: 1 }),
      hop("m2", "warranty.registered", "warranty", "sent", { cause: "m1", handler: "warranty.register" }),
      hop("m2", "warranty.registered", "warranty", "unheard", { cause: "m1", handler: "warranty.register" }),
      by("warranty", "register", "handled", { ms: 3 }),
      by("warranty", "register", "acked"),
    )
    assert.deepEqual(lines, [
      "     0.00 ms  sales.orderPlaced  from warren, m1",
      "     1.50 ms    confirmed  the broker has it",
      "     2.00 ms    routed  to audit (not followed), warren.on.parts.reserve (no consumer)",
      "    ~3.00 ms      warranty.register  instance of-warranty, host h, pid 7",
      "    ~3.00 ms        arrived  from warren.on.warranty.register, through the broker",
      "    ~4.50 ms        started",
      "    ~6.00 ms        warranty.registered  from warranty, m2",
      "    ~7.50 ms          unheard  no queue wanted it: nobody listens",
      "    ~9.00 ms        handled  3 ms",
      "   ~10.50 ms        acked",
    ])
  })

  test("names again what goes on below something else", () => {
    time = -1.5
    const lines = linesOf(
      placed("sent"),
      by("warranty", "register", "started"),
      by("parts", "reserve", "started", { attempt: 2 }),
      by("warranty", "register", "failed", { error: "no" }),
      by("warranty", "register", "retry", { attempt: 2, delay: 5_000 }),
      by("parts", "reserve", "dead", { error: "never" }),
      placed("emitted"),
    )
    assert.deepEqual(lines, [
      "     0.00 ms  sales.orderPlaced  from warren, m1",
      "    ~1.50 ms      warranty.register  instance of-warranty, host h, pid 7",
      "    ~1.50 ms        started",
      "    ~3.00 ms      parts.reserve  instance of-parts, host h, pid 7",
      "    ~3.00 ms        started  attempt 2",
      "    ~4.50 ms      warranty.register  goes on, m1",
      "    ~4.50 ms        failed  no",
      "    ~6.00 ms        retry in 5 s  attempt 2 then",
      "    ~7.50 ms      parts.reserve  goes on, m1",
      "    ~7.50 ms        dead-lettered  never",
      "     9.00 ms    confirmed  the broker has it",
    ])
  })

  test("takes what comes in any order, and foreign text on one line", () => {
    time = -1.5
    const lines = linesOf(
      hop("m2", "a.b", "shop", "delivered", { cause: "m1", handler: "shop.note", queue: "q" }),
      hop("m2", "a.b", "shop", "an\u001b[31modd\nfact", { handler: "shop.note", detail: "x".repeat(900) }),
      { kind: "missed", count: 12 },
      { kind: "routed", reckoned: false, at: 1, id: "unknown", type: "x.y", complete: false, queues: [] },
      placed("called"),
    )
    assert.equal(lines.length, 6)
    assert.equal(lines[0], "    ~0.00 ms  a.b  m2")
    assert.ok(lines[3]!.includes("an [31modd fact") && lines[3]!.length < 600)
    assert.match(lines[4]!, /^ +12 more, which are not told$/)
    for (const line of lines) assert.ok(!line.includes("\n") && !line.includes("\u001b"))
  })
})
