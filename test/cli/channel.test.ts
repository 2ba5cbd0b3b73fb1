/**
 * The line between supervisor and apprentice: what was said arrives whole, though the speaker ends at once.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { join } from "node:path"
import process from "node:process"
import { test } from "#test"
import { openExchange } from "../../src/cli/watch/channel.ts"

test("hangUp() waits until everything said is on its way, however long it is", async () => {
  let heard = 0
  let close = () => {}
  const gone = new Promise<void>((resolve) => {
    void openExchange<string, never>((line) => {
      line.hear = (text) => void (heard += text.length)
      line.gone = resolve
    }).then((exchange) => {
      close = exchange.close
      const runtime = "deno" in process.versions ? ["run", "-A"] : []
      const program = join(import.meta.dirname, "fixtures", "say.ts")
      spawn(process.execPath, [...runtime, program, exchange.address], { stdio: "inherit" })
    })
  })
  await gone
  close()
  assert.equal(heard, 8_000_000)
})
