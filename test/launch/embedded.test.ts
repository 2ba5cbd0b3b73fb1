/**
 * `connect()` over the project's embedded broker: hosting it, joining it, finding it, and going on when its host ends.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { afterEach, beforeEach, describe, test } from "#test"
import { connect, type Connected } from "../../src/mod.ts"
import { type Seen, Shop, shop, until } from "../gateway/support.ts"

const newSeen = (): Seen => ({ sold: [], started: 0, interrupted: 0 })

let data = ""
let open: Array<Connected> = []
const variables = ["WARREN_BROKER", "WARREN_DATA", "WARREN_URL"] as const

beforeEach(() => {
  data = join(mkdtempSync(join(tmpdir(), "warren-connect-")), "data")
  for (const name of variables) delete process.env[name]
})

afterEach(async () => {
  for (const bus of open) await bus.close()
  open = []
  rmSync(join(data, ".."), { recursive: true, force: true })
  for (const name of variables) delete process.env[name]
})

const connected = async (options: Omit<Parameters<typeof connect>[0], "app">): Promise<Connected> => {
  const bus = await connect({ app: "web", ...options })
  open.push(bus)
  return bus
}

const close = async (bus: Connected) => {
  open = open.filter((one) => one !== bus)
  await bus.close()
}

/** Asks until there is an answer: others may still be on their way back. */
const price = async (bus: Connected): Promise<number> => {
  for (const end = performance.now() + 20_000;;) {
    try {
      return (await bus.call(Shop.price({ sku: "P-1", quantity: 2 }), { timeout: 500 })).total
    } catch (error) {
      if (performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

describe('connect({ broker: "embedded" })', () => {
  test("hosts it for others, which go on when the host ends", async () => {
    const seen = newSeen()
    const host = await connected({ broker: "embedded", data })
    const server = await connected({ broker: "embedded", data, workers: [shop(seen)] })
    process.env["WARREN_DATA"] = data
    // no broker is named: the project's runs
    const client = await connected({})
    assert.equal(await price(client), 10)
    await client.emit(Shop.sold({ sku: "P-1" }))
    await until(() => seen.sold.length === 1)
    await close(host)
    assert.equal(await price(client), 10)
    await client.emit(Shop.sold({ sku: "P-2" }))
    await until(() => seen.sold.length === 2)
    await close(server)
  })

  test("keeps events for those who come later", async () => {
    const seen = newSeen()
    const first = await connected({ broker: "embedded", data, workers: [shop(seen)] })
    await close(first)
    const publisher = await connected({ broker: "embedded", data })
    await publisher.emit(Shop.sold({ sku: "P-7" }))
    assert.deepEqual(seen.sold, [])
    await close(publisher)
    await connected({ broker: "embedded", data, workers: [shop(seen)] })
    await until(() => seen.sold.length === 1)
    assert.deepEqual(seen.sold, ["P-7"])
  })

  test("is not joined by who keeps to itself, and refuses a folder that is none", async () => {
    const seen = newSeen()
    await connected({ broker: "embedded", data, workers: [shop(newSeen())] })
    process.env["WARREN_DATA"] = data
    const alone = await connected({ broker: "in-process", workers: [shop(seen)] })
    await alone.emit(Shop.sold({ sku: "P-1" }))
    await until(() => seen.sold.length === 1)
    const file = join(data, "..", "file")
    writeFileSync(file, "")
    await assert.rejects(
      connected({ broker: "embedded", data: file }),
      /Cannot use the folder ".*file" .*: it is no folder/,
    )
  })
})
