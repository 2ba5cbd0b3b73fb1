/**
 * Spans of real calls and events arrive at a real collector, as one tree; a collector that is away harms nothing.
 */
import assert from "node:assert/strict"
import { Effect, Schema } from "effect"
import { describe, test } from "#test"
import { gateway } from "../../src/gateway/mod.ts"
import { api, connect, event, every, on } from "../../src/mod.ts"
import { CurrentDelivery } from "../../src/runtime/mod.ts"
import { collector, company, exporting, Support, Unknown, until, withVariables } from "./receiver.ts"
import { tracesCase } from "./tracesCase.ts"

describe("spans", () => {
  test("of a call, the calls it makes, an event and its retry are one tree", () => tracesCase(undefined))

  test("of ticks, of what cannot be decoded, of what nobody hears, and of retries in place", async () => {
    const there = await collector()
    const Other = api("other", { said: event({ n: Schema.Int }), unheard: event({}) })
    const Newer = api("other", { said: event({ n: Schema.String }) })
    let ticks = 0
    let tries = 0
    const audit = {
      tick: every("1 second", () => void ticks++),
      strict: on(Other.said, () => {}),
      ordered: on(Newer.said, () => {
        if (tries++ === 0) throw new RangeError("once more")
      }, { orderBy: ({ n }) => n, retry: { attempts: 2, delays: 10 } }),
    }
    await withVariables(exporting(there), async () => {
      await using bus = await connect({ app: "web", workers: { audit } })
      await bus.emit(Other.unheard())
      await bus.emit(Newer.said({ n: "one" }))
      await until(() => ticks > 0 && tries === 2)
    })
    const of = (key: string, value: unknown) => there.spans.filter(({ attributes }) => attributes[key] === value)
    const tick = of("warren.handler", "audit.tick")[0]
    assert.deepEqual([tick?.name, tick?.kind, tick?.parentSpanId ?? ""], ["process every.audit.tick", 5, ""])
    const [strict] = of("warren.handler", "audit.strict")
    assert.deepEqual(
      [strict?.attributes["warren.outcome"], strict?.attributes["error.type"], strict?.status.code],
      ["dead", "undecodable", 2],
    )
    assert.deepEqual(of("warren.outcome", "unheard").map(({ name }) => name), ["send other.unheard"])
    const [first, second] = of("warren.handler", "audit.ordered")
    assert.deepEqual([first?.attributes["warren.outcome"], second?.attributes["warren.outcome"]], ["retry", "handled"])
    assert.deepEqual(second?.links.map(({ spanId }) => spanId), [first?.spanId])
    assert.equal(first?.parentSpanId, second?.parentSpanId)
    await there.close()
  })

  test("a declared error is a failure for the caller, and none for the server", async () => {
    const there = await collector()
    await withVariables(exporting(there), async () => {
      const bus = await connect({ app: "web", workers: company().workers })
      await assert.rejects(bus.call(Support.check({ sku: "none" })), Unknown)
      await bus.close()
    })
    const told = there.spans.filter(({ name }) => name.endsWith("parts.lookup"))
      .map(({ kind, status, attributes }) => [
        kind,
        status.code,
        attributes["warren.outcome"],
        attributes["error.type"],
      ])
    assert.deepEqual(told.toSorted(), [[2, 0, "declared", "Unknown"], [3, 2, "failed", "Unknown"]])
    await there.close()
  })

  test("with OTEL_SERVICE_NAME everything is of that service; headers go along", async () => {
    const there = await collector()
    const variables = {
      ...exporting(there),
      OTEL_SERVICE_NAME: "shop",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20s3cret,x-team=a",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test,service.name=other",
    }
    await withVariables(variables, async () => {
      await using bus = await connect({ app: "web", workers: company().workers })
      await bus.call(Support.check({ sku: "P-1" }))
    })
    assert.deepEqual(new Set(there.spans.map(({ service }) => service)), new Set(["shop"]))
    for (const { headers } of there.requests) {
      assert.deepEqual([headers.get("authorization"), headers.get("x-team")], ["Bearer s3cret", "a"])
    }
    await there.close()
  })

  test("OTEL_TRACES_SAMPLER=always_off sends none, and the trace goes on unsampled", async () => {
    const there = await collector()
    await withVariables({ ...exporting(there), OTEL_TRACES_SAMPLER: "always_off" }, async () => {
      let sampled: boolean | undefined
      const listener = {
        heard: on(
          Support.checked,
          () =>
            Effect.map(Effect.withFiber((fiber) => Effect.succeed(fiber.getRef(CurrentDelivery))), (current) => {
              sampled = current?.trace.sampled
            }),
        ),
      }
      await using bus = await connect({ app: "web", workers: { listener } })
      await bus.emit(Support.checked({ sku: "P-1" }))
      await until(() => sampled !== undefined)
      assert.equal(sampled, false)
    })
    assert.deepEqual(there.spans, [])
    assert.ok(there.metrics.size > 0)
    await there.close()
  })

  test("protobuf is what is spoken unless told otherwise", async () => {
    const there = await collector()
    const { OTEL_EXPORTER_OTLP_PROTOCOL: _, ...variables } = exporting(there)
    await withVariables(variables, async () => {
      await using bus = await connect({ app: "web", workers: company().workers })
      await bus.call(Support.check({ sku: "P-1" }))
    })
    const traces = there.requests.filter(({ path }) => path === "/v1/traces")
    assert.ok(traces.length > 0 && traces.every(({ bytes }) => bytes > 100))
    for (const { headers } of there.requests) assert.equal(headers.get("content-type"), "application/x-protobuf")
    await there.close()
  })

  test("a request through the gateway is the root, or a step of the client's trace with its tracestate", async () => {
    const there = await collector()
    await withVariables(exporting(there), async () => {
      await using bus = await connect({ app: "web", workers: company().workers })
      const app = gateway(bus, { apis: [Support] })
      const traceId = "0123456789abcdef0123456789abcdef"
      const response = await app.request("/calls/support/check", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
          tracestate: "vendor=a1,other@x=b:2",
        },
        body: '{"sku":"P-1"}',
      })
      assert.equal(response.status, 200)
    })
    const [request] = there.spans.filter(({ name }) => name === "POST /calls/support/check")
    assert.ok(request !== undefined, there.spans.map(({ name }) => name).join())
    assert.deepEqual([request.kind, request.parentSpanId, request.service], [2, "00f067aa0ba902b7", "web"])
    assert.equal(request.attributes["http.response.status_code"], 200)
    const [called] = there.spans.filter(({ name }) => name === "call support.check")
    assert.equal(called?.parentSpanId, request.spanId)
    const ofRuntime = there.spans.filter(({ kind }) => kind !== 1)
    assert.ok(ofRuntime.length >= 7)
    for (const { traceState, name } of ofRuntime) assert.equal(traceState, "vendor=a1,other@x=b:2", name)
    await there.close()
  })
})

describe("a collector that is away, or refuses", () => {
  const harmless = async (url: string, expected: RegExp | undefined) => {
    const lines: Array<string> = []
    const log = console.log
    console.log = (...words: ReadonlyArray<unknown>) => void lines.push(words.join(" "))
    try {
      await withVariables(exporting({ url }), async () => {
        const bus = await connect({ app: "web", workers: company().workers })
        for (let i = 0; i < 50; i++) assert.equal(await bus.call(Support.check({ sku: "P-1" })), true)
        await new Promise((resolve) => setTimeout(resolve, 100))
        const began = performance.now()
        await bus.close()
        assert.ok(performance.now() - began < 4_000, "it does not keep the process")
      })
    } finally {
      console.log = log
    }
    const told = lines.filter((line) => line.includes("Cannot export telemetry"))
    if (expected === undefined) return
    assert.equal(told.length, 1, lines.join("\n"))
    assert.match(told[0]!, expected)
  }

  test("harms nothing, and is told once", () => harmless("http://127.0.0.1:9", /127\.0\.0\.1:9\/v1\//))

  test("an answer of 503 is no better", async () => {
    const there = await collector(503)
    await harmless(there.url, /it answered 503/)
    await there.close()
  })

  test("an endpoint that is no address is told, and nothing is exported", () => harmless("localhost", undefined))
})
