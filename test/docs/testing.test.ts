/**
 * docs/testing.md shows what a failed expectation says; here it fails in that way.
 */
import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { test } from "#test"
import { codeBlocks } from "../support/readme.ts"
import { read, writeFiles } from "./pages.ts"

const failing = `
import { testBus } from "warren/testing"
import { Bank, Billing, Shop } from "./apis.ts"
import * as billing from "./billing.ts"

export const run = () =>
  testBus({ billing }, async (bus) => {
    await bus.reply(Bank.charge, () => ({ receipt: "r1" }))
    await bus.simulate(Shop.ordered({ orderId: "o1", cents: 4_900 }))
    await bus.expect(Billing.paid.match({ receipt: "r2" }))
  })
`

test("a failed expectation says what docs/testing.md shows", async () => {
  const page = "docs/testing.md"
  const folder = writeFiles(page, "failing")
  writeFileSync(join(folder, "failing.ts"), failing)
  const { run } = await import(pathToFileURL(join(folder, "failing.ts")).href) as { run: () => Promise<void> }
  const shown = codeBlocks(read(page)).find(({ language }) => language === "txt")?.code.trimEnd()
  await assert.rejects(run, (error: Error) => {
    assert.equal(error.message, shown)
    return true
  })
})
