/**
 * Several `warren run` in one project with no broker named: they find each other, on three runtimes, and go on when the one
 * that hosts the broker is killed.
 */
import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { afterEach, describe, test } from "#test"
import { connect } from "warren"
import { Warranty } from "../../workers/apis/warranty.ts"
import { type Background, start } from "../support/process.ts"

const started: Array<Background> = []
const folders: Array<string> = []

afterEach(async () => {
  for (const one of started) one.kill("SIGKILL")
  await Promise.all(started.splice(0).map(({ ended }) => ended))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "warren-embedded-"))
  folders.push(folder)
  return folder
}

const runtimes: Readonly<Record<"bun" | "deno" | "node", readonly [string, ...ReadonlyArray<string>]>> = {
  bun: ["bun", "src/cli/main.ts"],
  deno: ["deno", "run", "-A", "--no-check", "src/cli/main.ts"],
  node: ["node", "src/cli/main.ts"],
}

/** A `warren` in the background, and the lines that it has written. */
const warren = (runtime: keyof typeof runtimes, folder: string, ...args: ReadonlyArray<string>) => {
  const [command, ...before] = runtimes[runtime]
  const background = start(command, [...before, ...args], {
    // as in a shell in which nothing is set
    env: { WARREN_BROKER: "", WARREN_DATA: folder, WARREN_JSON: "1" },
  })
  started.push(background)
  const lines = (): ReadonlyArray<Record<string, unknown>> =>
    background.output().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line))
  const said = (message: RegExp): Promise<Record<string, unknown>> =>
    eventually(`${runtime} says ${message}`, () => lines().find((line) => message.test(String(line["message"]))))
  return { ...background, lines, said }
}

/** Longest wait for anything, ms. */
const patience = 45_000

/** Tries until there is something; machines may be busy. */
const eventually = async <A>(what: string, attempt: () => A | undefined | Promise<A | undefined>): Promise<A> => {
  for (const until = performance.now() + patience; performance.now() < until;) {
    const found = await attempt()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`Not within ${patience} ms: ${what}\n${started.map((one) => one.output()).join("\n---\n")}`)
}

const placeOrder = async (gateway: unknown, customer: string): Promise<string | undefined> => {
  try {
    const response = await fetch(`${gateway}/calls/sales/placeOrder`, {
      method: "POST",
      headers: { "content-type": "application/json", connection: "close", "warren-timeout": "2000" },
      body: JSON.stringify({ customer, sku: "P-100", quantity: 1 }),
    })
    const body: unknown = await response.json()
    return response.ok ? String((body as { readonly orderId: unknown }).orderId) : undefined
  } catch {
    return undefined
  }
}

const pidIn = (folder: string): number => JSON.parse(readFileSync(join(folder, "address.json"), "utf8")).pid

describe("warren run without a broker", () => {
  test(
    "shares the embedded one among three runtimes, and outlives a SIGKILL of its host",
    { timeout: 200_000 },
    async () => {
      const folder = newFolder()
      const first = warren("bun", folder, "run", "workers/sales.ts", "workers/parts.ts", "--http", "127.0.0.1:0")
      const { gateway, broker } = await first.said(/^ready$/)
      assert.equal(broker, "embedded")
      const host = pidIn(folder)
      const others = [
        warren("deno", folder, "run", "workers/warranty.ts"),
        warren("node", folder, "run", "workers/support.ts"),
      ]
      for (const other of others) await other.said(/^ready$/)
      assert.equal(pidIn(folder), host, "the first one hosts")

      await using bus = await connect({ app: "test", broker: "embedded", data: folder })
      const isRegistered = async (orderId: string) => {
        try {
          return (await bus.call(Warranty.check({ orderId }), { timeout: "1 second" })).valid || undefined
        } catch {
          return undefined
        }
      }
      const before = await eventually("an order is placed", () => placeOrder(gateway, "c1"))
      await eventually("it is registered", () => isRegistered(before))

      // orders without end, until nobody answers any more
      const confirmed: Array<string> = []
      const placing = Promise.all(Array.from({ length: 4 }, async () => {
        for (let id = await placeOrder(gateway, "c2"); id !== undefined; id = await placeOrder(gateway, "c2")) {
          confirmed.push(id)
        }
      }))
      await eventually("orders are placed", () => confirmed.length >= 40 ? true : undefined)
      process.kill(host, "SIGKILL")
      const killed = performance.now()
      await placing
      await eventually("another hosts it", () => pidIn(folder) !== host ? true : undefined)
      const took = performance.now() - killed
      assert.ok(took < 10_000, `it took ${took} ms`)
      for (const id of confirmed) await eventually(`${id} is registered`, () => isRegistered(id))
      // and new ones find their way
      const again = warren("bun", folder, "run", "workers/sales.ts", "workers/parts.ts", "--http", "127.0.0.1:0")
      const second = await again.said(/^ready$/)
      const after = await eventually("an order is placed again", () => placeOrder(second["gateway"], "c3"))
      await eventually("it is registered", () => isRegistered(after))
    },
  )
})
