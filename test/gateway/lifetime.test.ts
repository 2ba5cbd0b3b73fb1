/**
 * A request's life: clients that hang up, gateways that are mounted, processes that drain, and what is counted.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { Hono } from "hono"
import { describe, test } from "#test"
import { makeMetrics } from "../../src/gateway/mod.ts"
import { problemIn, start, until } from "./support.ts"

describe("a client that hangs up", () => {
  test("interrupts the handler", async () => {
    const rig = await start()
    try {
      const leaving = new AbortController()
      const waiting = rig.post("/calls/shop/nothing", {}).then((response) => response.text())
      const request = fetch(`${rig.url}/calls/shop/slow`, {
        method: "POST",
        headers: { "content-type": "application/json", "warren-timeout": "20000" },
        body: "{}",
        signal: leaving.signal,
      })
      const failed = assert.rejects(request)
      await until(() => rig.seen.started === 1)
      assert.equal(rig.seen.interrupted, 0)
      leaving.abort()
      await failed
      await until(() => rig.seen.interrupted === 1)
      assert.equal(await waiting, "null")
    } finally {
      await rig.close()
    }
  })
})

describe("gateway() mounted", () => {
  test("works under a path, beside pages of its host", async () => {
    const rig = await start({
      mount: (gateway) =>
        new Hono().get("/", (c) => c.text("home")).route("/bus", gateway).get("/x", (c) => c.text("x")),
    })
    try {
      assert.equal(await (await fetch(`${rig.url}/`)).text(), "home")
      assert.equal(await (await fetch(`${rig.url}/x`)).text(), "x")
      const value = await rig.post("/bus/calls/shop/price", { sku: "P-1", quantity: 1 })
      assert.equal(value.status, 200)
      await value.text()
      const problem = await problemIn(await rig.post("/bus/calls/shop/pricee", {}))
      assert.equal(problem["instance"], "/bus/calls/shop/pricee")
      const index = await (await fetch(`${rig.url}/bus`)).json()
      assert.ok(index.calls.some(({ post }: { post: string }) => post === "/bus/calls/shop/price"))
      assert.equal((await fetch(`${rig.url}/bus/health/live`)).status, 200)
      assert.equal((await fetch(`${rig.url}/bus/nowhere`)).status, 404)
    } finally {
      await rig.close()
    }
  })
})

describe("draining", () => {
  test("/health/ready turns 503, /health/live stays", async () => {
    const rig = await start()
    try {
      const ready = await fetch(`${rig.url}/health/ready`)
      assert.deepEqual([ready.status, await ready.json()], [200, { ready: true }])
      await Effect.runPromise(rig.launched.host.drain(100))
      const draining = await fetch(`${rig.url}/health/ready`)
      assert.deepEqual([draining.status, await draining.json()], [503, { ready: false }])
      assert.equal(draining.headers.get("retry-after"), "1")
      assert.equal((await fetch(`${rig.url}/health/live`)).status, 200)
    } finally {
      await rig.close()
    }
  })
})

describe("makeMetrics()", () => {
  test("counts and measures what runs, in Prometheus' text format", async () => {
    const metrics = makeMetrics()
    const rig = await start({ journal: metrics, metrics })
    try {
      for (const quantity of [1, 2, 99]) {
        await (await rig.post("/calls/shop/price", { sku: "P-1", quantity })).text()
      }
      await (await rig.post("/calls/shop/broken", {})).text()
      await (await rig.post("/calls/shop/unserved", {})).text()
      await (await rig.post("/events/shop/sold", { sku: "P-1" })).text()
      await until(() => rig.seen.sold.length === 1)
      const leaving = new AbortController()
      const slow = fetch(`${rig.url}/calls/shop/slow`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
        signal: leaving.signal,
      }).catch(() => {})
      await until(() => rig.seen.started === 1)
      const response = await fetch(`${rig.url}/metrics`)
      assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/)
      const text = await response.text()
      const has = (line: string) => assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`)
      has('warren_calls_total{type="shop.price",by="warren",outcome="made"} 3')
      has('warren_calls_total{type="shop.price",by="warren",outcome="answered"} 2')
      has('warren_calls_total{type="shop.price",by="warren",outcome="refused"} 1')
      has('warren_calls_total{type="shop.unserved",by="warren",outcome="refused"} 1')
      has('warren_deliveries_total{type="shop.price",handler="shop.price",outcome="handled"} 3')
      has('warren_deliveries_total{type="shop.broken",handler="shop.broken",outcome="failed"} 1')
      has('warren_events_total{type="shop.sold",by="warren",outcome="heard"} 1')
      has('warren_handler_duration_seconds_count{type="shop.price",handler="shop.price"} 3')
      has('warren_handler_duration_seconds_bucket{type="shop.price",handler="shop.price",le="+Inf"} 3')
      has('warren_handlers_in_hand{type="shop.slow",handler="shop.slow"} 1')
      has('warren_calls_pending{type="shop.slow",by="warren"} 1')
      has("# TYPE warren_handler_duration_seconds histogram")
      leaving.abort()
      await slow
      await until(() => rig.seen.interrupted === 1)
      const after = metrics.text()
      assert.ok(after.includes('warren_handlers_in_hand{type="shop.slow",handler="shop.slow"} 0\n'))
      assert.ok(after.includes('warren_calls_pending{type="shop.slow",by="warren"} 0\n'))
    } finally {
      await rig.close()
    }
  })

  test("escapes labels, and counts types beyond measure as one", () => {
    const metrics = makeMetrics()
    metrics.record({ fact: "emitted", at: 0, id: "1", type: 'a"b\\c\nd', app: "x" })
    assert.ok(metrics.text().includes('type="a\\"b\\\\c\\nd"'))
    for (let i = 0; i < 10_100; i++) metrics.record({ fact: "tick", at: 0, id: "1", type: `t${i}`, app: "x" })
    assert.ok(metrics.text().includes('warren_ticks_total{type="(other)",handler="x",outcome="made"} 101\n'))
  })
})
