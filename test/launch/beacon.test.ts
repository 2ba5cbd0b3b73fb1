/**
 * What `connect()` shows of itself to other programs on the machine, and that nobody is asked for it.
 */
import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, test } from "#test"
import { readBeacons } from "../../adapters/beacons/mod.ts"
import { connect } from "../../src/mod.ts"
import { shop } from "../gateway/support.ts"
import { program, root, start } from "../support/process.ts"

let folder = ""
const before = process.env["WARREN_BEACONS"]
beforeEach(() => {
  process.env["WARREN_BEACONS"] = folder = mkdtempSync(join(tmpdir(), "warren-beacons-"))
})
afterEach(() => {
  if (before === undefined) delete process.env["WARREN_BEACONS"]
  else process.env["WARREN_BEACONS"] = before
  rmSync(folder, { recursive: true, force: true })
})

const fixture = join(root, "test/launch/fixtures/shining.ts")

describe("a connected program", () => {
  test("shows its apps and its broker while it runs", async () => {
    const bus = await connect({ app: "web", workers: { shop: shop({ sold: [], started: 0, interrupted: 0 }) } })
    const [one] = await Effect.runPromise(readBeacons)
    assert.deepEqual(one?.apps, ["shop"])
    assert.equal(one?.pid, process.pid)
    assert.equal(one?.broker.kind, "in-process")
    await bus.close()
    assert.deepEqual(readdirSync(folder), [])
  })

  test("shows the app that speaks where it hosts none", async () => {
    const bus = await connect({ app: "web", workers: {} })
    assert.deepEqual((await Effect.runPromise(readBeacons))[0]?.apps, ["web"])
    await bus.close()
  })

  test("on Deno runs with the permissions it had, and shows nothing without more of them", async () => {
    const env = { WARREN_BEACONS: folder }
    const few = await start(program("deno"), ["run", `--allow-read=${root}`, "--allow-env", fixture], { env }).ended
    assert.match(few.output, /up, seen: nothing/)
    assert.equal(few.code, 0)
    const all = await start(program("deno"), ["run", "-A", fixture], { env }).ended
    assert.match(all.output, /up, seen: in-process/)
  })
})
