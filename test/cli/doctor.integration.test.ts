/**
 * `warren doctor` on a real RabbitMQ that is really broken: closed port, wrong password, missing permissions, an alarm.
 */
import assert from "node:assert/strict"
import { afterAll, afterEach, beforeAll, describe, test } from "#test"
import type { Check, DoctorReport } from "../../src/inspect/mod.ts"
import { type Rabbit, startRabbit } from "../../scripts/rabbitmq.ts"
import { skip, skipLong } from "../support/rabbit.ts"
import { cleanUp, warren } from "./support.ts"

let rabbit: Rabbit | undefined
const password = "pa55-word-of-nobody"
const env = { WARREN_BEACONS: "off" }

/** A user with a tag and what it may configure, write and read. */
const addUser = async (user: string, tag: string, patterns: readonly [string, string, string]) => {
  const name = `<<"${user}">>`
  const backend = "rabbit_auth_backend_internal"
  await rabbit!.evaluate(`${backend}:add_user(${name}, <<"${password}">>, <<"test">>).`)
  if (tag !== "") await rabbit!.evaluate(`${backend}:set_tags(${name}, [${tag}], <<"test">>).`)
  const may = patterns.map((one) => `<<"${one.replaceAll("\\", "\\\\")}">>`).join(", ")
  await rabbit!.evaluate(`${backend}:set_permissions(${name}, <<"/">>, ${may}, <<"test">>).`)
}

const as = (user: string, secret = password) => `amqp://${user}:${secret}@127.0.0.1:${rabbit!.port}`

const examine = async (broker: string, ...more: ReadonlyArray<string>) => {
  const asked = warren(["doctor", "--broker", broker, "--json", ...more], { env })
  const code = await asked.ended
  assert.doesNotMatch(asked.stdout() + asked.stderr(), new RegExp(password))
  const report = JSON.parse(asked.stdout()) as DoctorReport
  return { code, report, of: (area: string, name: string) => find(report, area, name) }
}

/** With the management API, until it tells of alarms: a broker that has just started has no figures of itself yet. */
const examineUntil = async (alarms: RegExp) => {
  for (let i = 0;; i++) {
    const seen = await examine(rabbit!.url, "--management", rabbit!.managementUrl!)
    if (i === 10 || alarms.test(seen.of("broker", "alarms").evidence)) return seen
  }
}

const find = ({ checks }: DoctorReport, area: string, name: string): Check => {
  const found = checks.find((one) => one.area === area && one.name === name)
  return found ?? assert.fail(`there is no ${area}: ${name} in ${JSON.stringify(checks, null, 1)}`)
}

describe("warren doctor --broker", () => {
  beforeAll(async () => {
    if (skip === undefined) rabbit = await startRabbit({ management: true })
  })
  afterEach(cleanUp)
  afterAll(() => rabbit?.stop())

  test("finds nothing broken where all is well, and says by what it knows", { skip, timeout: 60_000 }, async () => {
    const app = warren(["run", "workers/parts.ts", "--broker", rabbit!.url], { env })
    await app.said(/^ready$/)
    const { code, report, of } = await examineUntil(/memory/)
    assert.deepEqual([code, report.verdict], [0, "well"], JSON.stringify(report, null, 1))
    const names = ["address", "login", "version", "management", "permissions", "alarms", "connections"]
    assert.deepEqual(names.map((name) => of("broker", name).state), names.map(() => "ok"))
    assert.match(of("broker", "alarms").evidence, /memory \d+ MB of .*disk .* free/)
    assert.match(of("processes", "there").evidence, /^1 process, and each answers/)
    assert.deepEqual(["clocks", "handlers", "contracts"].map((name) => of("processes", name).state), ["ok", "ok", "ok"])
    assert.match(of("lanes", "addresses").evidence, /^1 of 1 /)
    const shown = warren(["doctor", "--broker", rabbit!.url], { env })
    assert.equal(await shown.ended, 0)
    assert.match(shown.stdout(), /\nbroker\n {2}✓ address .*\n/)
    assert.match(shown.stdout(), /\nWell: nothing broken was found/)
  })

  test("a closed port and an unknown host are named, and the rest is left out", { skip, timeout: 30_000 }, async () => {
    const closed = await examine(`amqp://guest:${password}@127.0.0.1:1`)
    assert.equal(closed.code, 1)
    assert.match(closed.of("broker", "address").evidence, /^127\.0\.0\.1:1 .*ECONNREFUSED/)
    assert.equal(closed.of("broker", "login").state, "skipped")
    const nowhere = await examine(`amqp://guest:${password}@no-such-host.invalid`)
    assert.match(nowhere.of("broker", "address").evidence, /"no-such-host\.invalid" is unknown/)
  })

  test("a wrong password, and a virtual host that is not there", { skip, timeout: 30_000 }, async () => {
    const wrong = await examine(as("guest"))
    assert.equal(wrong.code, 1)
    assert.match(wrong.of("broker", "login").evidence, /user or password is wrong for "guest"/)
    assert.match(wrong.of("broker", "login").remedy ?? "", /WARREN_BROKER_PASSWORD/)
    const lost = await examine(`${rabbit!.url}/nowhere`)
    assert.match(lost.of("broker", "login").evidence, /virtual host "nowhere" does not exist/)
  })

  test("a user who may not configure cannot join, and is told the grant", { skip, timeout: 30_000 }, async () => {
    await addUser("mute", "", ["^$", "^$", "^$"])
    const { code, of } = await examine(as("mute"), "--management", "off")
    assert.equal(code, 1)
    assert.equal(of("broker", "login").state, "ok")
    assert.match(of("broker", "joining").evidence, /permission is missing/)
    assert.match(of("broker", "joining").remedy ?? "", /rabbitmqctl set_permissions -p \/ mute/)
  })

  test("patterns that leave out some of Warren's names are broken by name", { skip, timeout: 30_000 }, async () => {
    await addUser("narrow", "administrator", ["^warren\\.", "^warren\\.", "^warren\\."])
    const { code, of } = await examine(as("narrow"), "--management", rabbit!.managementUrl!)
    assert.equal(code, 1)
    assert.match(of("broker", "permissions").evidence, /may not write amq\.default: /)
    await addUser("right", "administrator", ["^warren\\.", "^warren\\.|^amq\\.default$", "^warren\\."])
    const right = await examine(as("right"), "--management", rabbit!.managementUrl!)
    assert.equal(right.of("broker", "permissions").state, "ok")
  })

  test("without its patterns, what a user may not write is tried", { skip, timeout: 30_000 }, async () => {
    await addUser("tried", "", ["^warren\\.", "^warren\\.", "^warren\\."])
    const { code, of } = await examine(as("tried"), "--management", "off")
    assert.equal(code, 1)
    assert.match(of("broker", "permissions").evidence, /may not write to the default exchange/)
  })

  test("a memory alarm is seen with the management API and without", { skip: skipLong, timeout: 60_000 }, async () => {
    await rabbit!.alarm(true)
    try {
      const seen = await examineUntil(/ALARM/)
      assert.equal(seen.code, 1)
      assert.match(seen.of("broker", "alarms").evidence, /nothing is taken from anybody: .*ALARM, memory/)
      const felt = await examine(rabbit!.url, "--management", "off")
      assert.equal(felt.code, 1)
      assert.match(felt.of("broker", "alarms").evidence, /takes no messages for now/)
    } finally {
      await rabbit!.alarm(false)
    }
  })

  test("a management API that was named and is none is a warning", { skip, timeout: 30_000 }, async () => {
    const { code, of } = await examine(rabbit!.url, "--management", "http://127.0.0.1:1")
    assert.equal(code, 0)
    assert.equal(of("broker", "management").state, "warning")
  })
})
