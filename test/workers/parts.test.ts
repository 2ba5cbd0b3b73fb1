/**
 * The parts app by itself: one call, one declared error. Shows `bus.call` in an async test.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { testBus } from "warren/testing"
import { Parts, UnknownPart } from "../../workers/apis/parts.ts"
import * as parts from "../../workers/parts.ts"

describe("parts.lookup", () => {
  test("knows the three parts", () =>
    testBus([parts], async (bus) => {
      for (const sku of ["P-100", "P-200", "P-300"]) {
        const part = await bus.call(Parts.lookup({ sku }))
        assert.equal(part.sku, sku)
      }
    }))

  test("fails with UnknownPart for any other", () =>
    testBus([parts], async (bus) => {
      await assert.rejects(
        bus.call(Parts.lookup({ sku: "P-999" })),
        new UnknownPart({ sku: "P-999" }),
      )
    }))
})
