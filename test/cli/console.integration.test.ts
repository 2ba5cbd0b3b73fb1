/**
 * The console at a real RabbitMQ: one scene for all lines, which comes back after the broker was started again.
 */
import assert from "node:assert/strict"
import { afterAll, afterEach, beforeAll, describe, test } from "#test"
import { Effect, Option, Redacted } from "effect"
import { complete } from "../../src/cli/console/completion.ts"
import { makeKnowledge } from "../../src/cli/console/knowledge.ts"
import { openSession } from "../../src/cli/console/openSession.ts"
import type { PsReport } from "../../src/inspect/mod.ts"
import { type Rabbit, startRabbit } from "../../scripts/rabbitmq.ts"
import { skip, skipLong } from "../support/rabbit.ts"
import { cleanUp, folderWith, warren } from "./support.ts"

let rabbit: Rabbit | undefined
const env = { WARREN_BEACONS: "off", WARREN_HISTORY: "off" }

describe("warren console --broker", () => {
  beforeAll(async () => {
    if (skip === undefined) rabbit = await startRabbit({})
  })
  afterEach(cleanUp)
  afterAll(() => rabbit?.stop())

  test("runs a script over one connection, with the apis of the modules", { skip, timeout: 60_000 }, async () => {
    const app = warren(["run", "workers", "--broker", rabbit!.url], { env })
    await app.said(/^ready$/)
    const script = warren(["console", "--broker", rabbit!.url, "--management", "off"], {
      env,
      input: [
        "call sales.placeOrder {customer: 'c1', sku: 'P-100', quantity: 1}",
        "emit sales.orderPlaced {orderId: 'o1', customer: 'c1', sku: 'P-100', quantity: 1}",
        "why parts.lookup",
        "trace parts.lookup {sku: 'P-100'}",
        "topology --graph",
        "doctor",
        "call parts.lookup {sku: 'P-100'} --lane direct",
      ].join("\n"),
    })
    // only the last line is a mistake
    assert.equal(await script.ended, 1, script.stdout())
    assert.match(script.stderr(), /^error {2}In the console calls go through the broker.*\n.*--lane.*\n$/)
    assert.match(script.stdout(), /^\{"orderId":".*"\}\n\{"id":".*"\}\n/)
    assert.match(script.stdout(), /\nWhole: nothing on this way/)
    assert.match(script.stdout(), /\nall ended well/)
    assert.match(script.stdout(), /\n {2}parts\.lookup +sales, warren -> parts\n/)
    assert.match(script.stdout(), /\nWell: nothing broken was found/)
  })

  test("calls and emits what runs, though no module at hand knows it, and sends nothing that does not fit", {
    skip,
    timeout: 60_000,
  }, async () => {
    const app = warren(["run", "workers/parts.ts", "workers/sales.ts", "--broker", rabbit!.url], { env })
    await app.said(/^ready$/)
    const folder = folderWith({
      "desk.ts": `
import { Schema } from "effect"
import { api, call, handle } from "warren"
const Desk = api("desk", { ask: call({ n: Schema.Int }, { returns: Schema.Int }) })
export const ask = handle(Desk.ask, ({ n }) => n)
`,
    })
    const script = warren(["console", "--broker", rabbit!.url, "--management", "off", "--workers", folder], {
      env,
      input: [
        "call parts.lookup {sku: 'P-100'}",
        "call sales.placeOrder {customer: 'c1', sku: 'P-100', quantity: 1}",
        "trace parts.lookup {sku: 'P-200'}",
        "call parts.lookup {sku: 'P-999'}",
        "call parts.lookup {sku: 7}",
        "emit sales.orderPlaced {orderId: 'o1'}",
        "call parts.lokup {}",
      ].join("\n"),
    })
    assert.equal(await script.ended, 1)
    assert.match(script.stdout(), /^\{"sku":"P-100".*\}\n\{"orderId":".*"\}\n/)
    assert.match(script.stdout(), /\nall ended well/)
    const errors = script.stderr().split("\n").filter((line) => line.startsWith("error"))
    assert.match(errors[0] ?? "", /UnknownPart.*P-999/)
    assert.match(errors[1] ?? "", /InvalidPayload: Cannot send "parts\.lookup": .*"sku":7/)
    assert.match(errors[2] ?? "", /InvalidPayload: Cannot send "sales\.orderPlaced"/)
    assert.match(script.stderr(), /Did you mean "parts\.lookup"\?/)
  })

  test("comes back after the broker was started again, and completes what runs", {
    skip: skipLong,
    timeout: 120_000,
  }, async () => {
    const app = warren(["run", "workers/parts.ts", "--broker", rabbit!.url], { env })
    await app.said(/^ready$/)
    const input = {
      broker: Option.some(Redacted.make(rabbit!.url)),
      url: Option.none(),
      token: Option.none(),
      workers: Option.none(),
      management: Option.some("off" as const),
    }
    await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
      const session = yield* openSession(input)
      const saying = { name: { api: "parts", member: "lookup" }, payload: { sku: "P-100" }, timeout: undefined }
      const ps = Effect.map(session.ask("ps", {}), (report) => (report as PsReport).processes.map(({ pid }) => pid))
      assert.deepEqual(yield* ps, [app.child.pid])
      const known = yield* makeKnowledge(session)
      assert.deepEqual(complete("call parts.lookup {", known, [])[0], ["sku: "])
      yield* session.call(saying)
      yield* Effect.promise(() => rabbit!.restart())
      yield* Effect.promise(() => app.said(/connection to the broker is back/))
      // its own connection may take a moment longer than the app's
      const again = yield* Effect.retry(session.call(saying), { times: 20 })
      assert.equal((again as { readonly sku: string }).sku, "P-100")
      const pids = yield* ps
      assert.ok(pids.includes(app.child.pid!), String(pids))
    })))
  })
})
