/**
 * Deno's standard library is there for Deno's own tests, and Deno runs tests by its own conditions.
 *
 * Runs on Deno only, as every `*.deno.test.ts`. Checks the alias `@std/` of deno.json and nothing of Warren.
 */
import { describe, test } from "#test"
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert/mod.js"

describe("@std on Deno", () => {
  test("assertEquals() compares by structure", () => {
    assertEquals({ sku: "P-100", stock: [1, 2] }, { sku: "P-100", stock: [1, 2] })
  })

  test("assertRejects() awaits what it is given", async () => {
    await assertRejects(() => Promise.reject(new Error("no such part")))
  })

  test("#test is Deno's own vocabulary here", () => {
    assertStringIncludes(import.meta.resolve("#test"), "test/support/deno.ts")
  })
})
