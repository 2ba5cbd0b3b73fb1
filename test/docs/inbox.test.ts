/**
 * The store of docs/inbox.md does what the page says: killed in the middle and delivered three times, it takes one.
 */
import assert from "node:assert/strict"
import { rmSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { pathToFileURL } from "node:url"
import { Effect, Schema } from "effect"
import { test } from "#test"
import { api, event } from "warren"
import { testBus } from "warren/testing"
import { openSqlite } from "../../adapters/runtime/mod.ts"
import { root, start } from "../support/process.ts"
import { runtime, writeFiles } from "./pages.ts"

const folder = writeFiles("docs/inbox.md", "store")
const path = join(folder, "stock.db")

// the same contract once more, since that of the page has no types here
const Store = api("store", { bought: event({ sku: Schema.String, quantity: Schema.Int }) })

const left = () =>
  Effect.runPromise(
    Effect.scoped(Effect.map(openSqlite({ path }), (sqlite) =>
      sqlite.prepare("SELECT quantity FROM stock WHERE sku = 'P-100'").get()?.["quantity"])),
  )

const flags = { bun: [], deno: ["run", "-A", "--no-check"], node: [] }[runtime]
const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

test("the stock of docs/inbox.md goes down by one: killed in the middle, then delivered three times", async () => {
  for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true })
  // another process, whose handler sleeps for good, since nobody moves its clock on
  const main = join(root, "test", "docs", "fixtures", "stopped.ts")
  const killed = start(process.execPath, [...flags, main, join(folder, "stock.ts")], {
    cwd: folder,
    env: { STOCK: path },
  })
  try {
    for (let tries = 0; tries < 800 && !killed.output().includes("in the middle"); tries++) await later(20)
    assert.match(killed.output(), /in the middle/)
  } finally {
    killed.kill("SIGKILL")
    await killed.ended
  }
  assert.equal(await left(), 10)

  process.env["STOCK"] = path
  const stock = await import(pathToFileURL(join(folder, "stock.ts")).href) as Record<string, unknown>
  await testBus({ stock }, async (bus) => {
    const bought = Store.bought({ sku: "P-100", quantity: 1 })
    await bus.faults.duplicate(bought)
    await bus.simulate(bought, { id: "order 1" })
    await bus.simulate(bought, { id: "order 1" })
    await bus.advance("1 minute")
    assert.equal(bus.timeline().of("handled").length, 1)
    assert.equal(bus.timeline().of("skipped").length, 2)
  })
  assert.equal(await left(), 9)
})
