/**
 * `warren ps --broker` on a real RabbitMQ: several processes, one of them elsewhere, one ended.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, test } from "#test"
import { connect } from "../../src/mod.ts"
import type { PsReport } from "../../src/inspect/mod.ts"
import { Parts } from "../../workers/apis/parts.ts"
import { rabbit, skip } from "../support/rabbit.ts"
import { cleanUp, warren } from "./support.ts"

const url = rabbit()
afterEach(cleanUp)

describe("warren ps --broker", () => {
  test("lists who is there and what they did, who is elsewhere on this machine, and who was here once", {
    skip,
    timeout: 60_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "warren-beacons-"))
    const env = { WARREN_BEACONS: folder }
    const broker = ["--broker", url()]
    const once = warren(["run", "workers/support.ts", ...broker], { env })
    const there = warren(["run", "workers/parts.ts", "workers/sales.ts", ...broker], {
      env: { ...env, WARREN_VERSION: "1.2.3" },
    })
    const elsewhere = warren(["run", "workers/warranty.ts"], { env })
    await Promise.all([once, there, elsewhere].map((one) => one.said(/^ready$/)))
    once.signal("SIGTERM")
    await once.ended
    await using bus = await connect({ app: "web", broker: url() })
    for (let i = 0; i < 5; i++) await bus.call(Parts.lookup({ sku: "P-100" }))

    const asked = warren(["ps", ...broker, "--json"], { env })
    assert.equal(await asked.ended, 0, asked.stderr())
    const report = JSON.parse(asked.stdout()) as PsReport
    const process = report.processes.find(({ pid }) => pid === there.child.pid)
    assert.deepEqual(process?.apps.map(({ app }) => app), ["parts", "sales"])
    assert.deepEqual([process?.version, process?.life, process?.connection?.state], ["1.2.3", "running", "ready"])
    assert.equal(process?.apps[0]?.handled, 5)
    assert.equal(report.processes.find(({ caller }) => caller === "web")?.sent[0]?.done, 5)
    const { pid } = elsewhere.child
    assert.deepEqual(report.elsewhere?.map((one) => [one.apps, one.pid, one.why]), [[["warranty"], pid, "in-process"]])
    assert.ok(report.once?.some(({ app, pid, ended }) => app === "support" && pid === once.child.pid && ended))

    const shown = warren(["ps", ...broker, "--handlers"], { env })
    assert.equal(await shown.ended, 0)
    assert.match(shown.stdout(), new RegExp(`parts +\\S+ +${process!.pid} .* running `))
    assert.match(shown.stdout(), /parts\.lookup +call +parts\.lookup +yes/)
    assert.match(shown.stdout(), /warranty +\d+ .*with a broker inside its own process/)
    assert.doesNotMatch(shown.stdout(), /guest:guest/)

    const watching = warren(["ps", ...broker, "--watch", "--json"], { env })
    await watching.until(/\n.*\n/)
    const [first, second] = watching.lines() as unknown as ReadonlyArray<PsReport>
    assert.ok(second!.at > first!.at)
    // nobody reads it any more, as after `| head`
    watching.child.stdout!.destroy()
    assert.equal(await watching.ended, 0)
    rmSync(folder, { recursive: true, force: true })
  })

  test("says where nobody is", { skip, timeout: 30_000 }, async () => {
    const asked = warren(["ps", "--broker", "amqp://guest:secret@127.0.0.1:1", "--management", "off"])
    assert.equal(await asked.ended, 1)
    assert.match(asked.stderr(), /error {2}Cannot connect to .*\n.*--broker/)
    assert.doesNotMatch(asked.stderr(), /secret/)
  })
})
