/**
 * `warren why` in the fault laboratory on the embedded broker: a few set-ups on each runtime, whose process hosts the broker.
 *
 * Asked with what the broker shows and without it. `npm run lab -- --on embedded` runs all that can be brought about there.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { cleanUp } from "../../cli/support.ts"
import { onEmbedded } from "./Ground.ts"
import { type Finding, runLab } from "./runLab.ts"
import { broken, healthy, possible } from "./setUps.ts"
import { describeFindings } from "./table.ts"

/** One of each kind: what is missing, who is gone, what does not work, what blocks all, and nothing at all. */
const names = [
  "the binding was deleted by hand",
  "the listener's app was stopped",
  "nobody serves the call",
  "the broker takes nothing, for want of memory",
  "one order, one listener",
]

const chosen = possible(onEmbedded).filter(({ name }) => names.includes(name))

const findings = new Map(chosen.map(({ name }) => [name, Promise.withResolvers<ReadonlyArray<Finding>>()]))

let beacons = ""
let running: Promise<void> | undefined

beforeAll(() => {
  // beacons of other programs on this machine are no part of it
  process.env["WARREN_BEACONS"] = beacons = mkdtempSync(join(tmpdir(), "warren-lab-"))
  running = runLab({
    ground: onEmbedded,
    setUps: chosen,
    atATime: 4,
    ways: () => ({ modes: ["management", "amqp"], ages: [], isCommand: false }),
    onDone: (name, found) => findings.get(name)?.resolve(found),
  })
  // whoever waits is told, too
  running.catch((error) => findings.forEach(({ reject }) => reject(error)))
})

afterAll(async () => {
  await running
  await cleanUp()
  rmSync(beacons, { recursive: true, force: true })
  console.log(describeFindings((await Promise.all([...findings.values()].map(({ promise }) => promise))).flat()))
})

describe("the laboratory on the embedded broker", () => {
  test("can bring about all but what only RabbitMQ has", () => {
    assert.equal(chosen.length, names.length)
    const all = [...broken, ...healthy]
    const left = all.filter((one) => !possible(onEmbedded).includes(one))
    assert.ok(left.length < all.length / 7, `${left.length} of ${all.length} are left out`)
    for (const { needs } of left) assert.ok(needs !== undefined && onEmbedded.lacks[needs] !== undefined)
  })

  for (const { name } of chosen) {
    test(`why() is right where ${name}`, { timeout: 180_000 }, async () => {
      const wrong = (await findings.get(name)!.promise).filter(({ wrong }) => wrong !== undefined)
      assert.equal(wrong.map((one) => `${one.how}: ${one.wrong}`).join("\n\n"), "")
    })
  }
})
