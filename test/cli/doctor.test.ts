/**
 * `warren doctor` without a broker of its own: versions, variables, the machine, and the process behind a gateway.
 */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, test } from "#test"
import { Effect } from "effect"
import type { Check, DoctorReport } from "../../src/inspect/mod.ts"
import { examineOthersLanes, examineOwnLane } from "../../src/cli/doctor/lanes.ts"
import { examineMachine } from "../../src/cli/doctor/machine.ts"
import { examineSoftware, oldest } from "../../src/cli/doctor/software.ts"
import { examineVariables, variables } from "../../src/cli/doctor/variables.ts"
import { within } from "../../src/cli/doctor/versions.ts"
import { formatDoctor } from "../../src/cli/formatDoctor.ts"
import { plain } from "../../src/cli/paint.ts"
import { cleanUp, root, serving, warren } from "./support.ts"

afterEach(cleanUp)

const by = (checks: ReadonlyArray<Check>, name: string): Check =>
  checks.find((one) => one.name === name) ?? assert.fail(`there is no "${name}" in ${JSON.stringify(checks)}`)

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly devDependencies: { readonly bun: string; readonly deno: string }
}

describe("versions", () => {
  test("within() knows the ranges that package.json has", () => {
    assert.equal(within("4.1.0", "^4.1.0"), "within")
    assert.equal(within("4.9.3", "^4.1.0"), "within")
    assert.equal(within("4.0.9", "^4.1.0"), "older")
    assert.equal(within("5.0.0", "^4.1.0"), "newer")
    assert.equal(within("2.4.0", "~2.3.1"), "newer")
    assert.equal(within("22.17.1", ">=22.18"), "older")
    assert.equal(within("v24.1.0", ">=20.19"), "within")
    assert.equal(within("canary", ">=20.19"), undefined)
    assert.equal(within("1.0.0", "latest"), undefined)
  })

  test("the runtimes that the tests run on are the oldest that are supported", () => {
    const { bun, deno } = manifest.devDependencies
    assert.equal(oldest.bun, `>=${bun.split(".").slice(0, 2).join(".")}`)
    assert.equal(oldest.deno, `>=${deno.split(".").slice(0, 2).join(".")}`)
  })

  test("an old runtime is broken, one that reads no TypeScript a warning", () => {
    assert.equal(by(examineSoftware({ node: "18.0.0" }), "runtime").state, "broken")
    assert.equal(by(examineSoftware({ node: "20.19.1" }), "runtime").state, "warning")
    assert.equal(by(examineSoftware({ node: "24.0.0", bun: "1.2.0" }), "runtime").state, "broken")
    assert.deepEqual(examineSoftware().filter(({ state }) => state === "broken" || state === "unknown"), [])
  })
})

describe("variables", () => {
  test("every variable that the sources read is known", () => {
    const files = ["src", "adapters", "bin"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.m?ts$/.test(name)).map((name) => join(root, folder, name))
    )
    const named = new Set(files.flatMap((file) => readFileSync(file, "utf8").match(/\bWARREN_[A-Z_]*[A-Z]\b/g) ?? []))
    for (const dev of ["WARREN_TEST", "WARREN_RABBITMQ_IMAGE", "WARREN_RUNS", "WARREN_STORMS"]) named.delete(dev)
    assert.deepEqual([...named].filter((name) => !(name in variables)), [])
    assert.deepEqual(Object.keys(variables).filter((name) => !named.has(name)), [])
  })

  test("names that nobody reads get the nearest one, values that cannot be read what is expected", () => {
    const checks = examineVariables({
      WARREN_BROKR: "x",
      WARREN_GRACE: "10",
      WARREN_LANE: "auto",
      PATH: "/",
      WARREN_APP: "",
    })
    assert.match(by(checks, "WARREN_BROKR").remedy ?? "", /WARREN_BROKER\b/)
    assert.match(by(checks, "WARREN_GRACE").evidence, /"10" cannot be read; expected a duration/)
    assert.equal(by(checks, "variables").evidence, "WARREN_LANE")
    assert.equal(by(examineVariables({ warren_lane: "auto" }), "warren_lane").remedy, "Did you mean WARREN_LANE?")
    assert.equal(examineVariables({ PATH: "/" })[0]?.state, "ok")
  })

  test("shows no secret", () => {
    const checks = examineVariables({
      WARREN_BROKER: "amqp:/guest:hidden@",
      WARREN_MANAGEMENT: "hidden",
      WARREN_TOKEN: "hidden",
    })
    assert.equal(by(checks, "WARREN_BROKER").state, "broken")
    assert.doesNotMatch(JSON.stringify(checks), /hidden/)
  })
})

describe("lanes", () => {
  const own = (environment: Record<string, string>, local: string | undefined = "127.0.0.1") =>
    Effect.runPromise(Effect.map(examineOwnLane(environment, local), ([check]) => check!))

  test("says where a process would be reached, and what keeps it from starting", async () => {
    assert.equal((await own({})).state, "ok")
    assert.equal((await own({ WARREN_LANE: "broker" })).state, "skipped")
    assert.equal((await own({ WARREN_SECRET: "short" })).state, "broken")
    assert.match((await own({}, "192.0.2.7")).evidence, /go through the broker: .*without encryption/)
    const secret = { WARREN_SECRET: "0123456789abcdef0123" }
    const foreign = await own({ ...secret, WARREN_ADVERTISE: "192.0.2.7:7001" })
    assert.deepEqual([foreign.state, /no address of this machine/.test(foreign.evidence)], ["warning", true])
    assert.equal((await own({ ...secret, WARREN_ADVERTISE: "no-such-host.invalid" })).state, "broken")
    assert.equal((await Effect.runPromise(examineOwnLane({}, undefined)))[0]?.state, "skipped")
  })

  test("tries the addresses of others, but no loopback of another machine", async () => {
    const one = { apps: ["shop"], host: "elsewhere", pid: 1, address: "zmq+tcp://127.0.0.1:1#x" }
    const [apart] = await Effect.runPromise(examineOthersLanes([one]))
    assert.deepEqual([apart?.state, /1 is on loopback/.test(apart?.evidence ?? "")], ["ok", true])
    const { hostname } = await import("node:os")
    const [closed] = await Effect.runPromise(examineOthersLanes([{ ...one, host: hostname() }]))
    assert.deepEqual([closed?.state, /shop \(pid 1\) at 127\.0\.0\.1:1: /.test(closed?.evidence ?? "")], [
      "warning",
      true,
    ])
  })
})

describe("machine", () => {
  test("looks at the disk of what it is given, and says what this user may not write", async () => {
    const checks = await Effect.runPromise(examineMachine([join(root, "package.json"), "/proc/version"]))
    const data = checks.filter(({ name }) => name === "data")
    assert.match(data[0]?.evidence ?? "", /free at .*package\.json, which holds /)
    assert.equal(data.length, 2)
    assert.ok(by(checks, "open files").evidence !== "")
  })
})

describe("warren doctor", () => {
  test("without a broker says what it left out, and is well", async () => {
    const asked = warren(["doctor"], { env: { WARREN_BEACONS: "off", WARREN_URL: "" } })
    const code = await asked.ended
    // somebody may have a gateway at the usual place
    if (/nobody answers at/.test(asked.stdout())) assert.equal(code, 0, asked.stdout())
    assert.match(asked.stdout(), /^software\n {2}✓ runtime /)
    assert.match(asked.stdout(), /own address .*has reached no broker itself/)
  })

  test("a gateway that was named and is not there is broken", async () => {
    const asked = warren(["doctor", "--url", "http://127.0.0.1:1"], { env: { WARREN_BEACONS: "off" } })
    assert.equal(await asked.ended, 1)
    assert.match(asked.stdout(), /✗ gateway .*\n.*-> .*\n/)
    assert.match(asked.stdout(), /Broken: gateway: gateway\./)
  })

  test("asks the process behind a gateway", async () => {
    const env = { WARREN_BEACONS: "off" }
    const { url } = await serving(["workers/parts.ts"], { env })
    const asked = warren(["doctor", "--url", url, "--json"], { env: { ...env, WARREN_LANES: "x" } })
    assert.equal(await asked.ended, 0, asked.stdout())
    const { verdict, checks } = JSON.parse(asked.stdout()) as DoctorReport
    assert.equal(verdict, "well")
    assert.equal(by(checks, "gateway").state, "ok")
    assert.match(by(checks, "broker").evidence, /inside the process/)
    assert.match(by(checks, "there").evidence, /^1 process/)
    assert.equal(by(checks, "WARREN_LANES").remedy?.startsWith("Did you mean WARREN_LANE"), true)
  })
})

describe("formatDoctor()", () => {
  test("breaks long lines between words, prints no control characters, and names what is broken", () => {
    const checks: ReadonlyArray<Check> = [
      {
        area: "broker",
        name: "login",
        state: "broken",
        evidence: `a\x1b[31mb ${"word ".repeat(40)}`,
        remedy: "mend it",
      },
      { area: "broker", name: "disk", state: "unknown", evidence: "dark" },
    ]
    const text = formatDoctor({ verdict: "broken", checks }, plain, 60)
    assert.ok(!text.includes("\x1b"))
    assert.ok(text.split("\n").every((line) => line.length <= 60), text)
    assert.match(text, /-> mend it/)
    assert.match(text, /\nBroken: broker: login\.$/)
    assert.match(formatDoctor({ verdict: "unknown", checks: checks.slice(1) }, plain), /Unknown: .*: broker: disk\.$/)
  })
})
