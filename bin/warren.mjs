#!/usr/bin/env node
/**
 * The command `warren`, on whatever runtime it is started with.
 *
 * Runs the built program of an installed package, or the TypeScript sources of a checkout. Stays in this process
 * where the runtime can: only in a checkout under a Node without type stripping does it start Bun instead. Node keeps what it
 * has compiled (`module.enableCompileCache`, from 22.8), so that it starts in half the time from the second start on.
 */
import { spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import module from "node:module"
import process from "node:process"
import { fileURLToPath } from "node:url"

const built = new URL("../dist/src/cli/main.js", import.meta.url)
const source = new URL("../src/cli/main.ts", import.meta.url)
const setup = new URL("../scripts/setup.mjs", import.meta.url)
const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url))

/** Whether this runtime reads TypeScript: Bun and Deno do, Node does by type stripping. */
const readsTypeScript = "bun" in process.versions || "deno" in process.versions || "typescript" in process.features &&
    process.features.typescript !== false

if (!("bun" in process.versions) && !("deno" in process.versions)) module.enableCompileCache?.()

if (!existsSync(source)) {
  await import(built.href)
} else {
  if (existsSync(setup) && !existsSync(here("../node_modules/.bin/bun"))) {
    const done = spawnSync(process.execPath, [fileURLToPath(setup), "bun"], { stdio: ["ignore", 2, 2] })
    if (done.status !== 0) process.exit(1)
  }
  if (readsTypeScript) {
    await import(source.href)
  } else {
    const bun = spawn(here("../node_modules/.bin/bun"), [fileURLToPath(source), ...process.argv.slice(2)], {
      stdio: "inherit",
    })
    // a terminal sends its signals to Bun as well; a second one would force the end
    for (const signal of /** @type {const} */ (["SIGINT", "SIGHUP", "SIGTERM"])) {
      process.on(signal, () => signal === "SIGTERM" || !process.stdin.isTTY ? bun.kill(signal) : undefined)
    }
    bun.on("error", (error) => {
      console.error(`Cannot start Bun: ${error.message}`)
      process.exit(1)
    })
    bun.on("exit", (code, signal) => {
      if (signal === null) process.exit(code ?? 1)
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    })
  }
}
