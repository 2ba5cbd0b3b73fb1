/** Each test file has an environment of its own, on Deno too, where files that run at the same time share a process. */
import assert from "node:assert/strict"
import process from "node:process"
import { test } from "#test"

declare const Deno: { readonly env: { readonly get: (name: string) => string | undefined } } | undefined

test("what a file sets, no other file sees", () => {
  process.env["WARREN_TEST_OWN"] = "1"
  assert.equal(globalThis.process.env["WARREN_TEST_OWN"], "1", "but the file itself does, whichever way it asks")
  if (typeof Deno !== "undefined") assert.equal(Deno.env.get("WARREN_TEST_OWN"), undefined)
  delete process.env["WARREN_TEST_OWN"]
})
