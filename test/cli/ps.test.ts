/**
 * `warren ps` asks a running process through its gateway, also where the broker is inside that process.
 */
import assert from "node:assert/strict"
import { afterEach, describe, test } from "#test"
import type { PsReport } from "../../src/inspect/mod.ts"
import { cleanUp, post, serving, warren } from "./support.ts"

afterEach(cleanUp)

describe("warren ps", () => {
  test("shows the process behind the gateway, and where it is itself not to be found", async () => {
    const env = { WARREN_BEACONS: "off" }
    const { url, child } = await serving(["workers"], { env })
    const order = await post(`${url}/calls/sales/placeOrder`, { customer: "c1", sku: "P-100", quantity: 1 })
    assert.equal(order.status, 200)
    const asked = warren(["ps", "--url", url, "--json"], { env })
    assert.equal(await asked.ended, 0, asked.stderr())
    const { processes, place, elsewhere } = JSON.parse(asked.stdout()) as PsReport
    assert.equal(place.kind, "in-process")
    assert.deepEqual(processes.map(({ pid }) => pid), [child.pid])
    assert.deepEqual(processes[0]?.apps.map(({ app }) => app), ["parts", "sales", "support", "warranty"])
    assert.equal(processes[0]?.apps[1]?.handled, 1)
    assert.deepEqual(elsewhere, [])
    const shown = warren(["ps", "--url", url], { env })
    assert.equal(await shown.ended, 0)
    assert.match(shown.stdout(), /^processes {2}the broker inside the process\n/)
  })

  test("without a gateway there says how to get one", async () => {
    const asked = warren(["ps", "--url", "http://127.0.0.1:1"])
    assert.equal(await asked.ended, 1)
    assert.match(asked.stderr(), /no gateway answers at http:\/\/127\.0\.0\.1:1\n.*--broker.*warren run … --http/)
  })
})
