/**
 * Beacons: who runs on this machine, by files that are believed only where they are this user's and their process lives.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { Effect, Exit, Scope } from "effect"
import { afterEach, beforeEach, describe, test } from "#test"
import { lightBeacon, readBeacons } from "../../../adapters/beacons/mod.ts"
import { type Beacon, brokerAt } from "../../../src/transport/mod.ts"

let folder = ""
const variables = ["WARREN_BEACONS", "XDG_RUNTIME_DIR", "TMPDIR"]
const before = new Map(variables.map((name) => [name, process.env[name]]))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "warren-beacons-"))
  for (const name of variables) delete process.env[name]
  process.env["WARREN_BEACONS"] = folder
})
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  rmSync(folder, { recursive: true, force: true })
})

const sales = (change: Partial<Beacon> = {}): Beacon => ({
  instance: "01a2-sales",
  apps: ["sales"],
  emits: ["sales.orderPlaced"],
  pid: process.pid,
  host: "unknown",
  runtime: "bun 1.4.5",
  version: "",
  startedAt: 1_000,
  broker: brokerAt("amqp://guest:secret@localhost:5673"),
  ...change,
})

/** Lights one in a scope that the test closes. */
const lit = async (beacon: Beacon) => {
  const scope = Effect.runSync(Scope.make())
  const { update } = await Effect.runPromise(Scope.provide(lightBeacon(beacon), scope))
  return {
    update: (change: Parameters<typeof update>[0]) => Effect.runPromise(update(change)),
    out: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
const read = () => Effect.runPromise(readBeacons)

/** A process that has ended. */
const ended = async (): Promise<number> => {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" })
  await new Promise((resolve) => child.on("close", resolve))
  return child.pid!
}

/** Writes a file as another program would. */
const leave = (name: string, beacon: unknown, more: object = {}) =>
  writeFileSync(join(folder, name), JSON.stringify({ v: 1, beacon, ...more }), { mode: 0o600 })

describe("lightBeacon()", () => {
  test("is seen while its scope is open, changes, and is gone with it", async () => {
    const one = await lit(sales())
    assert.deepEqual(await read(), [sales()])
    await one.update({ gateway: "http://127.0.0.1:8080" })
    await one.update({ emits: ["sales.orderPlaced", "sales.cancelled"] })
    const [seen] = await read()
    assert.equal(seen?.gateway, "http://127.0.0.1:8080")
    assert.equal(seen?.emits.length, 2)
    await one.update({ gateway: undefined })
    assert.equal((await read())[0]?.gateway, undefined)
    await one.out()
    assert.deepEqual(readdirSync(folder), [])
    await one.update({ emits: [] })
    assert.deepEqual(readdirSync(folder), [])
  })

  test("keeps its file to the user, and no secret in it", async () => {
    const one = await lit(sales())
    const [name = ""] = readdirSync(folder)
    if (process.platform !== "win32") assert.equal(lstatSync(join(folder, name)).mode & 0o777, 0o600)
    assert.doesNotMatch(readFileSync(join(folder, name), "utf8"), /secret|guest/)
    await one.out()
  })

  test("makes its folder for this user alone; a service and its user's shell find each other", async () => {
    delete process.env["WARREN_BEACONS"]
    process.env["TMPDIR"] = folder
    const service = await lit(sales())
    const made = join(folder, readdirSync(folder)[0]!)
    if (process.platform !== "win32") assert.equal(lstatSync(made).mode & 0o777, 0o700)
    const runtime = join(folder, "run")
    mkdirSync(runtime, { mode: 0o700 })
    process.env["XDG_RUNTIME_DIR"] = runtime
    const shell = await lit(sales({ instance: "01a2-parts", apps: ["parts"], startedAt: 2_000 }))
    assert.equal(readdirSync(join(runtime, "warren")).length, 1)
    assert.deepEqual((await read()).map(({ apps }) => apps[0]), ["sales", "parts"])
    await service.out()
    await shell.out()
  })

  test("never fails, and writes nothing where it is off or where others could write", async () => {
    process.env["WARREN_BEACONS"] = "off"
    await (await lit(sales())).out()
    process.env["WARREN_BEACONS"] = join(folder, "no", "such", "folder")
    await (await lit(sales())).out()
    process.env["WARREN_BEACONS"] = folder
    if (process.platform !== "win32") {
      chmodSync(folder, 0o777)
      const one = await lit(sales())
      assert.deepEqual(readdirSync(folder), [])
      leave("a.json", sales())
      assert.deepEqual(await read(), [])
      await one.out()
      chmodSync(folder, 0o700)
    }
    const elsewhere = join(folder, "elsewhere")
    mkdirSync(elsewhere)
    symlinkSync(elsewhere, join(folder, "link"))
    process.env["WARREN_BEACONS"] = join(folder, "link")
    const one = await lit(sales())
    assert.deepEqual(readdirSync(elsewhere), [])
    await one.out()
  })
})

describe("readBeacons()", () => {
  test("removes those of processes that are gone, and of ids that were given out again", async () => {
    leave("gone.json", sales({ pid: await ended() }))
    if (process.platform === "linux") leave("again.json", sales(), { since: "another-boot 12" })
    assert.deepEqual(await read(), [])
    assert.deepEqual(readdirSync(folder), [])
  })

  test("believes no file that is malformed, too large, a link, writable for others or of another machine", async () => {
    writeFileSync(join(folder, "broken.json"), "{", { mode: 0o600 })
    leave("strange.json", { ...sales(), pid: "1" })
    leave("later.json", sales(), { v: 2 })
    leave("large.json", sales({ emits: Array.from({ length: 1_000 }, () => "x".repeat(100)) }))
    leave("machine.json", sales({ host: "another-machine.example" }))
    const outside = mkdtempSync(join(tmpdir(), "warren-outside-"))
    writeFileSync(join(outside, "a"), JSON.stringify({ v: 1, beacon: sales() }), { mode: 0o600 })
    symlinkSync(join(outside, "a"), join(folder, "link.json"))
    leave("lax.json", sales())
    if (process.platform === "win32") rmSync(join(folder, "lax.json"))
    else chmodSync(join(folder, "lax.json"), 0o666)
    assert.deepEqual(await read(), [])
    // none of them is this program's to remove
    assert.ok(readdirSync(folder).includes("machine.json"))
    rmSync(outside, { recursive: true })
  })

  test("is empty where there is no folder", async () => {
    process.env["WARREN_BEACONS"] = join(folder, "none")
    assert.deepEqual(await read(), [])
  })
})

describe("brokerAt()", () => {
  test("names a broker as people do, without who asks", () => {
    const one = brokerAt("amqp://u:p@rabbit/team%2Fa?cacertfile=/etc/ca.pem")
    assert.deepEqual(one, {
      kind: "rabbitmq",
      label: "amqp://rabbit:5672/team%2Fa",
      addresses: ["rabbit:5672"],
      vhost: "team/a",
    })
    assert.deepEqual(brokerAt("amqps://u:p@a,b:5000").addresses, ["a:5671", "b:5000"])
    assert.equal(brokerAt(undefined).label, "in-process")
    assert.equal(brokerAt("amqp://[::1]:5673/%").vhost, "%")
  })
})
