/**
 * One meter, two ways to read it: what Prometheus' page says arrives at a real collector too.
 */
import process from "node:process"
import assert from "node:assert/strict"
import { Effect, Exit, Logger, Scope } from "effect"
import { describe, test } from "#test"
import { makeMetrics } from "../../src/gateway/mod.ts"
import { launch } from "../../src/launch/mod.ts"
import { connect, on } from "../../src/mod.ts"
import { CurrentDelivery, readModule } from "../../src/runtime/mod.ts"
import { makeMeter, samplerNames, samplerOf, Traffic } from "../../src/telemetry/mod.ts"
import { eventPacket, nextTrace, routeTo } from "../../src/wire/mod.ts"
import { collector, company, exporting, Support, until, withVariables } from "./receiver.ts"

const id = "01934d3a-7e2b-7c31-9d4f-0123456789ab"

/** Starts the company, with more handlers if given. */
const started = async (more: Readonly<Record<string, Record<string, unknown>>> = {}) => {
  const metrics = makeMetrics()
  const scope = Effect.runSync(Scope.make())
  const { workers, attempts } = company()
  const program = Effect.gen(function* () {
    const modules = Object.entries({ ...workers, ...more })
    const apps = yield* Effect.forEach(
      modules,
      ([app, module]) => Effect.fromResult(readModule(module, { file: app, app })),
    )
    return yield* launch({ apps, meter: metrics })
  })
  const launched = await Effect.runPromise(
    program.pipe(Effect.provide(Logger.layer([])), Scope.provide(scope)),
  )
  return { metrics, launched, attempts, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}

describe("metrics", () => {
  test("say what was published, confirmed, returned, delivered, acked, retried and dead, how long it took, and the state", async () => {
    const there = await collector()
    await withVariables(exporting(there), async () => {
      const doomed = {
        doomed: on(Support.checked, () => {
          throw new Error("never")
        }, { retry: false }),
      }
      const { metrics, launched, attempts, close } = await started({ audit: doomed })
      const { bus } = launched
      assert.equal(await Effect.runPromise(bus.call(Support.check({ sku: "P-1" }))), true)
      await until(() => attempts.count === 2)
      await until(() => metrics.text().includes('outcome="dead"'))
      await close()
      const text = metrics.text()
      const figures = new Map(
        text.split("\n").filter((line) => !line.startsWith("#") && line !== "").map((line) => {
          const at = line.lastIndexOf(" ")
          return [line.slice(0, at), Number(line.slice(at + 1))] as const
        }),
      )
      const has = (line: string, value: number) => assert.equal(figures.get(line), value, `${line} in\n${text}`)
      has('warren_messages_published_total{kind="event",type="support.checked"}', 1)
      has('warren_messages_confirmed_total{kind="event",type="support.checked"}', 1)
      has('warren_messages_published_total{kind="call",type="support.check"}', 1)
      has('warren_messages_published_total{kind="reply",type="parts.lookup"}', 1)
      has('warren_messages_published_total{kind="retry",type="support.checked"}', 1)
      has('warren_messages_published_total{kind="dead",type="support.checked"}', 1)
      const listener = 'kind="event",type="support.checked",queue="warren.on.warranty.note"'
      has(`warren_messages_delivered_total{${listener}}`, 2)
      has(`warren_messages_acked_total{${listener}}`, 2)
      has('warren_messages_delivered_total{kind="reply",type="support.check",queue="warren.replies"}', 1)
      has('warren_deliveries_total{type="support.checked",handler="warranty.note",outcome="retried"}', 1)
      has('warren_deliveries_total{type="support.checked",handler="audit.doomed",outcome="dead"}', 1)
      has('warren_confirm_duration_seconds_count{kind="event",type="support.checked"}', 1)
      has('warren_calls_pending{type="support.check",by="warren"}', 0)
      assert.ok([...figures.keys()].some((name) => name.startsWith("warren_connection_state{status=")))

      // the same figures, and a handler's own, over OTLP
      const exported = (name: string) => there.metrics.get(name)?.points ?? []
      for (
        const name of ["warren_messages_published_total", "warren_messages_acked_total", "warren_deliveries_total"]
      ) {
        const ofPage = [...figures].filter(([line]) => line.startsWith(`${name}{`)).map(([, value]) => value)
        assert.deepEqual(exported(name).map(({ value }) => value), ofPage, name)
      }
      assert.equal(exported("warren_call_duration_seconds").length, 3)
      assert.equal(exported("checks").length, 1)
    })
    await there.close()
  })

  test("tell what nobody wanted, and what is given back", () => {
    const traffic = new Traffic()
    const row = traffic.outgoing(routeTo.event("a.b"), "a.b")
    row.returned++
    traffic.status({ _tag: "Ready", server: "x" })
    traffic.status({ _tag: "Disconnected", reason: "y" })
    const points = (name: string) => traffic.families().find((family) => family.name === name)?.points
    assert.deepEqual(points("warren_messages_returned_total"), [{ labels: { kind: "event", type: "a.b" }, value: 1 }])
    assert.deepEqual(points("warren_connection_state"), [
      { labels: { status: "ready" }, value: 0 },
      { labels: { status: "disconnected" }, value: 1 },
    ])
  })

  test("tell queues of single processes together, and types beyond measure as one", () => {
    const traffic = new Traffic()
    for (const process of ["p1", "p2"]) traffic.incoming(`warren.replies.${process}`, "a.b").delivered++
    for (let i = 0; i < 10_010; i++) traffic.outgoing(routeTo.call("x"), `t${i}`).published++
    const families = traffic.families()
    const delivered = families.find(({ name }) => name === "warren_messages_delivered_total")
    assert.deepEqual(delivered?.points, [
      { labels: { kind: "reply", type: "a.b", queue: "warren.replies" }, value: 2 },
    ])
    const published = families.find(({ name }) => name === "warren_messages_published_total")
    assert.equal(published?.points.length, 10_001)
  })

  test("names follow Prometheus' rules and are told apart", () => {
    const families = makeMeter().families()
    assert.equal(new Set(families.map(({ name }) => name)).size, families.length)
    for (const { name, type } of families) {
      assert.match(name, /^warren_[a-z_]+$/)
      assert.equal(name.endsWith("_total"), type === "counter", name)
      if (type === "histogram") assert.match(name, /_seconds$/)
    }
  })
})

describe("tracestate", () => {
  test("goes from a message to the messages its handler sends, retries included, where nothing is recorded", async () => {
    const states: Array<string | undefined> = []
    let tries = 0
    const note = (where: string) =>
      Effect.withFiber((fiber) =>
        Effect.sync(() => void states.push(`${where} ${fiber.getRef(CurrentDelivery)?.trace.state}`))
      )
    const listener = {
      heard: on(
        Support.checked,
        () => Effect.flatMap(note("heard"), () => tries++ === 0 ? Effect.fail("once more") : Effect.void),
        {
          retry: { attempts: 2, delays: "1 second" },
        },
      ),
    }
    const { launched, close } = await started({ audit: listener })
    const parent = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true, state: "vendor=1" }
    const packet = eventPacket({
      id,
      type: "support.checked",
      app: "foreign",
      now: 1,
      trace: nextTrace(parent, id),
      version: "1",
      schema: "",
      cause: undefined,
    }, new TextEncoder().encode('{"sku":"P-1"}'))
    await Effect.runPromise(launched.transport.publish(routeTo.event("support.checked"), packet))
    await until(() => states.length === 2)
    await close()
    assert.deepEqual(states, ["heard vendor=1", "heard vendor=1"])
  })
})

describe("samplerOf()", () => {
  const trace = (sampled: boolean) => ({ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled })

  test("follows the parent where it is told to", () => {
    for (const name of samplerNames.filter((one) => one.startsWith("parentbased_"))) {
      assert.equal(samplerOf(name, 0.5)("f".repeat(32), trace(true)), true)
      assert.equal(samplerOf(name, 0.5)("0".repeat(32), trace(false)), false)
    }
    assert.equal(samplerOf("always_on", 1)("a", trace(false)), true)
    assert.equal(samplerOf("always_off", 1)("a", trace(true)), false)
    assert.equal(samplerOf("parentbased_always_off", 1)("a", undefined), false)
  })

  test("takes about the share it is told, the same traces everywhere", () => {
    const sampler = samplerOf("traceidratio", 0.25)
    const ids = Array.from({ length: 4_000 }, () => crypto.randomUUID().replaceAll("-", ""))
    const share = ids.filter((one) => sampler(one, undefined)).length / ids.length
    assert.ok(share > 0.2 && share < 0.3, String(share))
    assert.equal(samplerOf("traceidratio", 0)("f".repeat(32), undefined), false)
    assert.equal(samplerOf("traceidratio", 1)("f".repeat(32), undefined), true)
  })
})

describe("connect() without an endpoint", () => {
  test("records and exports nothing", async () => {
    // on Deno test files share one environment, and another one sets it for a moment
    while (process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] !== undefined) await new Promise((done) => setTimeout(done, 50))
    await using bus = await connect({ app: "web", workers: company().workers })
    assert.equal(bus.effect.telemetry, undefined)
  })
})
