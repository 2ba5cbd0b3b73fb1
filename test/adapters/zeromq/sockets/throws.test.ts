/**
 * A deliverer that throws makes a mistake that is seen, and costs no other message.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { join } from "node:path"
import { siblings } from "../../../support/siblings.ts"

const { run } = siblings()

describe("deliver()", () => {
  test("what it throws nobody catches, and the next message comes nevertheless", async () => {
    const { code, output } = await run(join(import.meta.dirname, "throws.ts")).ended
    assert.deepEqual(output.trim().split("\n").toSorted(), [
      "heard: one,two,three,four",
      "uncaught: cannot take one",
      "uncaught: cannot take two",
    ])
    assert.equal(code, 0)
  })
})
