/**
 * `#test` means the same on all three runners: order of hooks, nesting, async bodies.
 *
 * What failing, skipped and slow tests come to is in `outcomes.test.ts`.
 * It stands on `node:assert/strict` alone and says nothing of Warren itself.
 */
import assert from "node:assert/strict"
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from "#test"

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

describe("the words of #test", () => {
  const seen: Array<string> = []

  beforeAll(async () => {
    await later(1)
    seen.push("all")
  })
  beforeEach(() => {
    seen.push("each")
  })
  afterEach(async () => {
    await later(1)
    seen.push("after")
  })
  afterAll(() => {
    assert.deepEqual(seen.slice(0, 7), ["all", "each", "first", "after", "each", "nested", "after"])
  })

  test("test() awaits its body", async () => {
    await later(2)
    seen.push("first")
  })

  describe("nested", () => {
    test("describe() nests, and the outer hooks hold", { timeout: 1_000 }, () => {
      assert.deepEqual(seen, ["all", "each", "first", "after", "each"])
      seen.push("nested")
    })
  })
})

test("test() stands outside describe() too", () => {
  assert.equal(1, 1)
})
