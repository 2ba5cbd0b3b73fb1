/**
 * `warren why` in the fault laboratory: the right cause of each fault, and none where there is no fault.
 *
 * On a private RabbitMQ with the management API, asked with it and without it. Everything runs in the background, several
 * set-ups at a time; each test waits for its own. `npm run lab` does more, with times.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { type Rabbit, startRabbit } from "../../../scripts/rabbitmq.ts"
import { cleanUp } from "../../cli/support.ts"
import { verbs } from "../../../src/inspect/mod.ts"
import { skip as isWithout } from "../../support/rabbit.ts"
import { onRabbit } from "./Ground.ts"
import { type Finding, runLab } from "./runLab.ts"
import { broken, healthy } from "./setUps.ts"
import { describeFindings } from "./table.ts"

const skip = isWithout ?? (verbs.has("why") ? undefined : 'there is no verb "why" yet')

/** On one runtime all, on the others a few: what differs between them is tested elsewhere. */
const isAll = "bun" in process.versions
const chosen = [...broken, ...healthy].filter(({ isEverywhere }) => isAll || isEverywhere === true)

const findings = new Map(chosen.map(({ name }) => [name, Promise.withResolvers<ReadonlyArray<Finding>>()]))

let beacons = ""
let rabbit: Rabbit | undefined
let running: Promise<void> | undefined

beforeAll(async () => {
  if (skip !== undefined) return
  rabbit = await startRabbit({ management: true })
  // beacons of other programs on this machine are no part of it
  process.env["WARREN_BEACONS"] = beacons = mkdtempSync(join(tmpdir(), "warren-lab-"))
  running = runLab({
    ground: onRabbit(rabbit),
    setUps: chosen,
    atATime: 6,
    ways: ({ isCommand }, index) => ({
      modes: ["management", "amqp"],
      ages: index % 2 === 0 ? ["before"] : ["burst"],
      isCommand: isAll && isCommand === true,
    }),
    onDone: (name, found) => findings.get(name)?.resolve(found),
  })
  // whoever waits is told, too
  running.catch((error) => findings.forEach(({ reject }) => reject(error)))
})

afterAll(async () => {
  await running
  await cleanUp()
  await rabbit?.stop()
  rmSync(beacons, { recursive: true, force: true })
  if (skip === undefined) {
    console.log(describeFindings((await Promise.all([...findings.values()].map(({ promise }) => promise))).flat()))
  }
})

const judged = (name: string) => async () => {
  const wrong = (await findings.get(name)!.promise).filter(({ wrong }) => wrong !== undefined)
  assert.equal(wrong.map((one) => `${one.how}: ${one.wrong}`).join("\n\n"), "")
}

describe("why() names the fault", () => {
  for (const { name } of chosen.filter((one) => broken.includes(one))) {
    test(name, { skip, timeout: 180_000 }, judged(name))
  }
})

describe("why() names no fault where there is none", () => {
  for (const { name } of chosen.filter((one) => healthy.includes(one))) {
    test(name, { skip, timeout: 180_000 }, judged(name))
  }
})
