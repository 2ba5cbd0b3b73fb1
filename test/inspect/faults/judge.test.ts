/**
 * The laboratory's judge: what it lets pass, and what it does not.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { judge } from "./judge.ts"
import type { Report } from "./Report.ts"
import { broken, healthy } from "./setUps.ts"

const report = (more: Partial<Report>): Report => ({ verdict: "whole", links: [], source: "a test", ms: 1, ...more })
const cause = (code: string, text = "It is full") => ({ code, text, remedy: "Empty it" })
const unseen = [{ link: "queue", state: "unknown" as const, evidence: "limits cannot be seen" }]

const full = { expected: { verdict: "broken" as const, code: "queue-full", says: /full/ } }
const whole = { expected: { verdict: "whole" as const } }

describe("judge()", () => {
  test("lets the right answer pass", () => {
    assert.equal(judge(full, "management", report({ verdict: "broken", cause: cause("queue-full") })), undefined)
    assert.equal(judge(whole, "amqp", report({})), undefined)
  })

  test("refuses a wrong cause in every mode", () => {
    for (const mode of ["management", "amqp"] as const) {
      assert.match(
        judge(full, mode, report({ verdict: "broken", cause: cause("backlog") })) ?? "",
        /should be broken queue-full: broken backlog/,
      )
      assert.match(judge(full, mode, report({})) ?? "", /should be broken queue-full: whole/)
      assert.match(judge(whole, mode, report({ verdict: "broken", cause: cause("backlog") })) ?? "", /should be whole/)
    }
  })

  test("takes unknown for an answer only where not all could be seen, and with its reason", () => {
    const unknown = report({ verdict: "unknown", links: unseen })
    assert.equal(judge(full, "amqp", unknown), undefined)
    assert.equal(judge(whole, "amqp", unknown), undefined)
    assert.match(judge(full, "management", unknown) ?? "", /everything could be seen/)
    assert.match(judge(full, "amqp", report({ verdict: "unknown" })) ?? "", /says not why/)
  })

  test("wants what it says to be of this state, and a remedy", () => {
    const vague = report({ verdict: "broken", cause: cause("queue-full", "Something is wrong") })
    assert.match(judge(full, "management", vague) ?? "", /should say/)
    const helpless = report({ verdict: "broken", cause: { ...cause("queue-full"), remedy: "" } })
    assert.match(judge(full, "management", helpless) ?? "", /lacks a text or a remedy/)
    assert.match(judge(whole, "amqp", report({ cause: cause("backlog") })) ?? "", /names a cause/)
  })

  test("has as many set-ups without a fault as with one, each of its own name", () => {
    assert.ok(broken.length >= 26)
    assert.ok(healthy.length >= 26)
    const names = [...broken, ...healthy].map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    // what was done to a message by hand nobody remembers
    assert.ok(
      broken.every(({ expected: { verdict, code } }) =>
        verdict === "unknown" || verdict === "broken" && code !== undefined
      ),
    )
    assert.ok(healthy.every(({ expected }) => expected.verdict === "whole"))
  })
})
