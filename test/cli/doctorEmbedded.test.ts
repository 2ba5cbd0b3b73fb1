/**
 * `warren doctor` with an embedded broker: it is known for what it is, and nothing is proposed that only RabbitMQ's tools can do.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect, Option, Redacted } from "effect"
import { listen } from "../../adapters/embedded/mod.ts"
import { kept } from "../../src/broker/mod.ts"
import { reachBroker } from "../../src/cli/doctor/reaching.ts"
import { quietly } from "../../src/cli/joining.ts"
import type { Check } from "../../src/inspect/mod.ts"

const users = [{ user: "shop", password: "secret" }]

/** What it says of a broker; `full`: of one that is short of memory. */
const examine = (management: "off" | undefined, full = false): Promise<ReadonlyArray<Check>> =>
  Effect.runPromise(quietly(Effect.gen(function* () {
    const { server, port } = yield* listen({ users, version: "9.8.7", limits: { memoryHigh: 1e6, memoryLow: 1e5 } })
    if (full) {
      const engine = server.engine()!
      engine.declareQueue({ name: "ballast", type: "classic" })
      engine.publish("", "ballast", kept.read({ properties: new Uint8Array(2), body: new Uint8Array(2e6) }))
      server.weigh()
    }
    const { checks } = yield* reachBroker({
      broker: Redacted.make(`amqp://shop:secret@127.0.0.1:${port}`),
      management: Option.fromUndefinedOr(management),
    })
    return checks
  })))

const by = (checks: ReadonlyArray<Check>, name: string): Check =>
  checks.find((one) => one.name === name) ?? assert.fail(`there is no "${name}" in ${JSON.stringify(checks)}`)

/** No word of RabbitMQ's tools; a variable's name is none. */
const isFree = (checks: ReadonlyArray<Check>) => {
  for (const { name, evidence, remedy = "" } of checks) {
    assert.doesNotMatch(
      `${name}: ${evidence}; ${remedy}`,
      /rabbitmqctl|rabbitmq-plugins|management API|vm_memory|not RabbitMQ/,
    )
  }
}

describe("doctor on the embedded broker", () => {
  test("finds a sound one well, and all there is to see", async () => {
    const checks = await examine(undefined)
    isFree(checks)
    assert.match(
      by(checks, "version").evidence,
      /^the embedded broker of Warren 9\.8\.7 at amqp:\/\/shop@127\.0\.0\.1:\d+/,
    )
    assert.match(by(checks, "figures").evidence, /^what it shows itself \(http:\/\/127\.0\.0\.1:\d+\)$/)
    assert.match(by(checks, "connections").evidence, /^\d connections, \d of Warren's, none is held up/)
    for (const { state, name, evidence } of checks) {
      assert.ok(state === "ok" || state === "skipped", `${name} is ${state}: ${evidence}`)
    }
  })

  test("says what it leaves out where it may not ask", async () => {
    const checks = await examine("off")
    isFree(checks)
    assert.deepEqual([by(checks, "figures").state, by(checks, "version").state], ["warning", "ok"])
    assert.match(by(checks, "permissions").evidence, /whoever may connect may do everything/)
  })

  test("names the want of memory, and what makes room there", async () => {
    const checks = await examine(undefined, true)
    isFree(checks)
    const alarms = by(checks, "alarms")
    assert.deepEqual(
      [alarms.state, /ALARM, memory \d+ MB of \d+ MB$/.test(alarms.evidence)],
      ["broken", true],
      alarms.evidence,
    )
    assert.match(alarms.remedy ?? "", /Let what waits in its queues be handled/)
  })
})
