/**
 * `warren run` with an endpoint: what it has recorded is exported before it ends, also where the collector hangs.
 */
import assert from "node:assert/strict"
import { createServer, type Socket } from "node:net"
import { afterEach, describe, test } from "#test"
import { connect } from "../../src/mod.ts"
import { cleanUp, root, warren } from "../cli/support.ts"
import { collector, company, exporting, Support, withVariables } from "./receiver.ts"

afterEach(cleanUp)

/** Takes connections and never says a word. */
const silent = async () => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => void sockets.add(socket.on("error", () => {})))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { readonly port: number }
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { url: `http://127.0.0.1:${port}`, close }
}

describe("warren run", () => {
  test("exports the last spans and metrics when it is told to end", async () => {
    const there = await collector()
    const env = { ...exporting(there), OTEL_BSP_SCHEDULE_DELAY: "60000", OTEL_METRIC_EXPORT_INTERVAL: "60000" }
    const process = warren(["run", "workers/parts.ts", "--http", "127.0.0.1:0", "--json"], { env, cwd: root })
    const ready = await process.said(/^ready$/)
    const response = await fetch(`${String(ready["gateway"])}/calls/parts/lookup`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"sku":"P-200"}',
    })
    assert.equal(response.status, 200)
    const traceId = response.headers.get("traceparent")?.slice(3, 35)
    await response.text()
    const page = await (await fetch(`${String(ready["gateway"])}/metrics`)).text()
    assert.deepEqual(there.spans, [])
    process.signal("SIGTERM")
    assert.equal(await process.ended, 0)
    assert.deepEqual(
      there.spans.map(({ name, service, traceId }) => [name, service, traceId]).toSorted(),
      [
        ["POST /calls/parts/lookup", "warren", traceId],
        ["call parts.lookup", "warren", traceId],
        ["process parts.lookup", "parts", traceId],
      ],
    )
    const calls = there.metrics.get("warren_calls_total")?.points.map(({ value }) => value)
    assert.deepEqual(calls, [1, 1])
    assert.match(page, /warren_connection_state\{status="ready"\} 1/)
    await there.close()
  })
})

describe("a collector that hangs", () => {
  test("keeps neither calls nor the end of the program", async () => {
    const there = await silent()
    await withVariables(exporting(there), async () => {
      const bus = await connect({ app: "web", workers: company().workers })
      for (let i = 0; i < 200; i++) assert.equal(await bus.call(Support.check({ sku: "P-1" })), true)
      const began = performance.now()
      await bus.close()
      assert.ok(performance.now() - began < 4_000)
    })
    there.close()
  })
})
