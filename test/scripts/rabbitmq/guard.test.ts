/**
 * The guard ends what it runs when its parent ends, however that happens. With programs that only sleep.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { afterEach, beforeEach, describe, test } from "#test"
import { exists, guard } from "../../../scripts/rabbitmq/guard.ts"
import { baseEnv } from "../../../scripts/rabbitmq/settings.ts"
import { until } from "../../../scripts/rabbitmq/wait.ts"

const child = join(import.meta.dirname, "..", "fixtures", "guarded.ts")

describe("a guard", () => {
  let folder = ""
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "warren-guard-"))
    await mkdir(join(folder, "sleeper"))
    await writeFile(join(folder, "sleeper", "run"), "exec sleep 1000\n")
    await writeFile(join(folder, "sleeper", "end"), `touch '${folder}.ended'\n`)
  })
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
    await rm(`${folder}.ended`, { force: true })
    await rm(`${folder}.runs`, { force: true })
  })

  test("close() kills what runs, runs what is to be done at the end, and removes the folder", async () => {
    const guarded = await guard(folder, { keep: false, env: baseEnv() })
    await guarded.launch("sleeper")
    const pid = guarded.pid("sleeper") ?? 0
    assert.ok(exists(pid))
    await guarded.close()
    await until("end the program", () => !exists(pid))
    assert.ok(!existsSync(folder))
    assert.ok(existsSync(`${folder}.ended`))
    await guarded.close()
  })

  test("launch() starts a program again that has ended, with another process", async () => {
    const guarded = await guard(folder, { keep: true, env: baseEnv() })
    await guarded.launch("sleeper")
    const first = guarded.pid("sleeper") ?? 0
    process.kill(first, "SIGKILL")
    await until("notice its end", () => guarded.pid("sleeper") === undefined)
    await guarded.launch("sleeper")
    const second = guarded.pid("sleeper") ?? 0
    assert.notEqual(second, first)
    assert.ok(exists(second))
    await guarded.close()
    await until("end the program", () => !exists(second))
    assert.ok(existsSync(join(folder, "sleeper", "run")), "a folder that is kept is there afterwards")
  })

  test("launch() starts a program again and again that ends at once", async () => {
    await writeFile(join(folder, "sleeper", "run"), `echo >>'${folder}.runs'\n`)
    const guarded = await guard(folder, { keep: true, env: baseEnv() })
    for (let i = 0; i < 20; i++) await guarded.launch("sleeper")
    await guarded.close()
    assert.equal((await readFile(`${folder}.runs`, "utf8")).length, 20)
  })

  test("launch() starts several programs at a time", async () => {
    const names = ["sleeper", "other", "third"]
    for (const name of names.slice(1)) {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, "run"), "exec sleep 1000\n")
    }
    const guarded = await guard(folder, { keep: false, env: baseEnv() })
    await Promise.all(names.map((name) => guarded.launch(name)))
    assert.equal(new Set(names.map((name) => guarded.pid(name))).size, 3)
    await guarded.close()
  })

  test("a folder has one guard at a time", async () => {
    const guarded = await guard(folder, { keep: true, env: baseEnv() })
    await assert.rejects(
      guard(folder, { keep: true, env: baseEnv() }),
      /Cannot use ".*": the broker of process \d+ runs/,
    )
    await guarded.close()
    await (await guard(folder, { keep: true, env: baseEnv() })).close()
    assert.ok(!existsSync(join(folder, "guard.pid")))
  })

  test("the end of its parent by SIGKILL is the end of what runs, also of what was started last", async () => {
    const flags = process.versions["deno"] === undefined ? [] : ["run", "-A", "--no-check"]
    const parent = spawn(process.execPath, [...flags, child, folder], { stdio: ["ignore", "pipe", "inherit"] })
    const said = await new Promise<string>((resolve) => parent.stdout.once("data", (data) => resolve(String(data))))
    const pid = Number(said)
    assert.ok(exists(pid))
    assert.equal(Number(await readFile(join(folder, "sleeper", "pid"), "utf8")), pid)
    parent.kill("SIGKILL")
    await until("end with the parent", () => !exists(pid) && !existsSync(folder))
  })
})
