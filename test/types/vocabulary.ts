/**
 * What the words of `#test` accept and refuse, and that `equal` tells types apart.
 *
 * Compiled, never run.
 */
import { describe, test } from "#test"
import { equal } from "../support/types.ts"

describe("group", () => {
  test("without options", () => {})
  test("with options", { timeout: 100, skip: undefined }, async () => {})
})

// @ts-expect-error -- a test has a body
test("no body")
// @ts-expect-error -- a skip gives its reason
test("skipped", { skip: true }, () => {})
// @ts-expect-error -- a group is synchronous in what it declares, and has no options
describe("group", { timeout: 100 }, () => {})

equal<{ readonly a: 1 }, { readonly a: 1 }>()
// @ts-expect-error -- optional is not the same as required
equal<{ a?: 1 }, { a: 1 }>()
// @ts-expect-error -- unknown is not the same as never
equal<unknown, never>()
