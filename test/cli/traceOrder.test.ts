/**
 * In which order `warren trace` prints what it heard in turn: as a tree, and nothing is lost or told twice.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import { inTree } from "../../src/cli/traceOrder.ts"
import type { HopTold, RoutedTold, TraceTold } from "../../src/inspect/mod.ts"
import { properties } from "../wire/properties.ts"

const hop = (at: number, id: string, fact: string, part: Partial<HopTold> = {}): HopTold => ({
  ...{ kind: "hop", at, id, fact, reckoned: false, type: id, app: "a", instance: "i", host: "h", pid: 1 },
  ...part,
})
const routed = (at: number, id: string): RoutedTold => ({
  ...{ kind: "routed", at, reckoned: false, id, type: id, complete: true, queues: [] },
})

/** `m1 sent`, `m1@a.x started`. */
const said = (told: ReadonlyArray<TraceTold>) =>
  inTree(told).map((one) =>
    one.kind === "hop"
      ? `${one.id}${one.handler === undefined || one.fact === "sent" ? "" : `@${one.handler}`} ${one.fact}`
      : one.kind === "routed"
      ? `${one.id} routed`
      : one.kind
  )

describe("inTree()", () => {
  test("keeps together what belongs together, below what caused it", () => {
    const [x, y] = [{ handler: "a.x" }, { handler: "a.y" }]
    const all = [
      hop(0, "m1", "sent"),
      // a nested message is heard before its cause
      hop(6, "m2", "sent", { cause: "m1", ...x }),
      hop(8, "m2", "delivered", { cause: "m1", handler: "b.z" }),
      hop(4, "m1", "delivered", y),
      hop(2, "m1", "emitted"),
      hop(3, "m1", "delivered", x),
      hop(5, "m1", "started", x),
      hop(7, "m2", "emitted", { cause: "m1", ...x }),
      hop(10, "m1", "acked", y),
      hop(9, "m2", "acked", { handler: "b.z" }),
      routed(2, "m1"),
      hop(11, "m1", "acked", x),
    ]
    assert.deepEqual(said(all), [
      "m1 sent",
      "m1 emitted",
      "m1 routed",
      "m1@a.x delivered",
      "m1@a.x started",
      "m2 sent",
      "m2@a.x emitted",
      "m2@b.z delivered",
      "m2@b.z acked",
      "m1@a.x acked",
      "m1@a.y delivered",
      "m1@a.y acked",
    ])
  })

  test("what is said of all comes last, and what began before goes on", () => {
    assert.deepEqual(
      said([
        { kind: "missed", count: 1 },
        hop(5, "m1", "acked", { handler: "a.x" }),
        hop(4, "m2", "sent", { cause: "m0" }),
      ]),
      ["m2 sent", "m1@a.x acked", "missed"],
    )
  })

  test("loses nothing, whatever peers say", () => {
    const id = fc.constantFrom("m1", "m2", "m3")
    const hops = fc.array(
      fc.tuple(fc.nat(9), id, fc.constantFrom("sent", "emitted", "delivered", "acked"), fc.option(id), fc.option(id))
        .map(
          ([at, id, fact, cause, handler]) =>
            hop(at, id, fact, { ...(cause !== null && { cause }), ...(handler !== null && { handler }) }),
        ),
    )
    properties(fc.property(hops, (all) => {
      const ordered = inTree(all)
      assert.equal(ordered.length, all.length)
      assert.deepEqual(new Set(ordered), new Set<TraceTold>(all))
    }))
  })
})
