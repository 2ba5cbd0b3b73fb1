/**
 * Which policy is in force on a queue, as RabbitMQ chooses it.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { inForce } from "../../../adapters/management/policies.ts"

const queue = { name: "warren.on.press.print", type: "quorum" }
const policy = (name: string, more: Readonly<Record<string, unknown>>) => ({
  name,
  pattern: ".*",
  "apply-to": "queues",
  priority: 0,
  definition: {},
  ...more,
})

describe("inForce()", () => {
  test("takes the highest priority of those that fit the name and the kind", () => {
    const all = [
      policy("few", { pattern: "^warren\\.on\\.press", definition: { "max-length": 3 } }),
      policy("exchanges", { "apply-to": "exchanges", priority: 9, definition: { "max-length": 1 } }),
      policy("classic", { "apply-to": "classic_queues", priority: 9 }),
      policy("others", { pattern: "^warren\\.dead", priority: 9 }),
      policy("first", { "apply-to": "all", priority: 2, definition: { "message-ttl": 200 } }),
    ]
    assert.deepEqual(inForce(all, [], queue), { policy: "first", definition: { "message-ttl": 200 } })
    assert.deepEqual(inForce(all.slice(0, 4), [], queue), { policy: "few", definition: { "max-length": 3 } })
    assert.deepEqual(inForce(all.slice(1, 4), [], queue), { policy: null, definition: {} })
  })

  test("joins an operators' policy: the lower of two limits is in force", () => {
    const own = [policy("own", { definition: { "max-length": 10, "message-ttl": 5, overflow: "drop-head" } })]
    const operators = [policy("ops", { definition: { "max-length": 3, "message-ttl": 9, expires: 7 } })]
    assert.deepEqual(inForce(own, operators, queue), {
      policy: "own",
      definition: { "max-length": 3, "message-ttl": 5, overflow: "drop-head", expires: 7 },
    })
    assert.equal(inForce([], operators, queue).policy, "ops")
  })

  test("leaves out what cannot be read", () => {
    const odd = [
      policy("odd", { pattern: "(?>x" }),
      policy("none", { pattern: 7 }),
      policy("bare", { definition: "x" }),
    ]
    assert.deepEqual(inForce(odd, [{}], queue), { policy: "bare", definition: {} })
  })
})
