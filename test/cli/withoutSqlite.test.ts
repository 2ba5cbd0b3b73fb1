/**
 * `warren run` where the runtime brings no SQLite, as Node before 22.13: it goes on by itself, and says so.
 */
import assert from "node:assert/strict"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "#test"
import { start } from "../support/process.ts"

const skip = "Bun" in globalThis || "Deno" in globalThis ? "tested on Node, which can be without it" : undefined

test(
  "warren run keeps to itself where the runtime has no SQLite, and says so; asked for the embedded broker it does not start",
  { skip },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "warren-none-"))
    const data = join(folder, "data")
    const run = (...args: ReadonlyArray<string>) =>
      start("node", ["--no-experimental-sqlite", "src/cli/main.ts", "run", "workers/parts.ts", "--json", ...args], {
        env: { WARREN_BROKER: "", WARREN_DATA: data },
      })
    const alone = run()
    try {
      while (!alone.output().includes('"ready"')) await new Promise((resolve) => setTimeout(resolve, 20))
      assert.match(
        alone.output(),
        /"warn","message":"This runtime brings no SQLite, so the broker is inside this process/,
      )
      assert.match(alone.output(), /"broker":"in-process"/)
      assert.equal(existsSync(data), false)
    } finally {
      alone.kill("SIGKILL")
      await alone.ended
    }
    const { code, output } = await run("--broker", "embedded").ended
    rmSync(folder, { recursive: true, force: true })
    assert.equal(code, 1)
    assert.match(output, /this runtime brings no SQLite; run on Bun, on Deno 2.2 or on Node 22.13/)
  },
)
