/**
 * Names that are nearly right: what was meant is found, and nothing that was not.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { nearest } from "../../src/contract/mod.ts"

describe("nearest()", () => {
  test("finds what was meant, and nothing that was not", () => {
    const names = ["sales.quote", "sales.placeOrder", "parts.lookup"]
    assert.deepEqual(nearest("sales.qoute", names), ["sales.quote"])
    assert.deepEqual(nearest("Sales.Quote", names), ["sales.quote"])
    assert.deepEqual(nearest("sales.placeorders", names), ["sales.placeOrder"])
    assert.deepEqual(nearest("warranty.check", names), [])
    assert.deepEqual(nearest("x".repeat(100_000), names), [])
  })
})
