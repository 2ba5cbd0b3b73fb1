/**
 * The gateway as its clients see it: values, confirmations, and every failure with its status.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, test } from "#test"
import { problemIn, type Rig, start, until } from "./support.ts"

let rig: Rig
beforeAll(async () => {
  rig = await start()
})
afterAll(() => rig.close())

const failure = async (response: Response, status: number, kind: string) => {
  const problem = await problemIn(response)
  assert.equal(response.status, status, JSON.stringify(problem))
  assert.equal(response.headers.get("content-type"), "application/problem+json")
  assert.equal(problem["type"], `urn:warren:problem:${kind}`)
  assert.equal(problem["status"], status)
  for (const member of ["title", "detail", "instance", "trace"]) assert.equal(typeof problem[member], "string", member)
  return problem
}

describe("POST /calls/{api}/{call}", () => {
  test("answers with the encoded value", async () => {
    const response = await rig.post("/calls/shop/price", { sku: "P-1", quantity: 3 })
    assert.equal(response.status, 200)
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/)
    assert.deepEqual(await response.json(), { total: 15, at: "1970-01-01T00:00:00.000Z" })
  })

  test("answers null for a call that returns nothing, and takes an empty body for no fields", async () => {
    const response = await rig.post("/calls/shop/nothing", "")
    assert.equal(response.status, 200)
    assert.equal(await response.text(), "null")
  })

  test("takes parameters of the content type", async () => {
    const response = await rig.post("/calls/shop/nothing", {}, { "content-type": "Application/JSON; charset=utf-8" })
    assert.equal(response.status, 200)
  })

  test("422 for a declared error, with its encoded value", async () => {
    const response = await rig.post("/calls/shop/price", { sku: "P-1", quantity: 10 })
    assert.equal(response.status, 422)
    assert.equal(response.headers.get("content-type"), "application/problem+json")
    const { trace, ...problem } = await problemIn(response)
    assert.match(String(trace), /^[0-9a-f]{32}$/)
    assert.deepEqual(problem, {
      type: "urn:warren:error:TooMany",
      title: "TooMany",
      status: 422,
      detail: "Cannot sell more than 9",
      instance: "/calls/shop/price",
      error: { _tag: "TooMany", most: 9 },
    })
  })

  test("the annotated status for a declared error that has one", async () => {
    const response = await rig.post("/calls/shop/price", { sku: "none", quantity: 1 })
    assert.equal(response.status, 404)
    assert.deepEqual((await problemIn(response))["error"], { _tag: "UnknownPart", sku: "none" })
  })

  test("400 for a payload that does not fit, naming every misfit", async () => {
    const problem = await failure(
      await rig.post("/calls/shop/price", { quantity: "two" }),
      400,
      "invalid-payload",
    )
    assert.equal(problem["field"], "sku")
    assert.deepEqual((problem["misfits"] as ReadonlyArray<{ field: string }>).map(({ field }) => field), [
      "sku",
      "quantity",
    ])
    const { value, expected } = await failure(
      await rig.post("/calls/shop/price", { sku: "P-1", quantity: "two" }),
      400,
      "invalid-payload",
    )
    assert.equal(value, '"two"')
    assert.match(String(expected), /number/)
  })

  test("404 alike for what is unknown and what is not exposed", async () => {
    const bodies: Array<unknown> = []
    for (const name of ["internal", "intermal"]) {
      const response = await rig.post(`/calls/shop/${name}`, {})
      const { trace: _, ...problem } = await failure(response, 404, "not-found")
      bodies.push(JSON.parse(JSON.stringify(problem).replaceAll(name, "X")))
    }
    assert.deepEqual(bodies[0], bodies[1])
    await failure(await rig.post("/events/shop/audited", { sku: "P-1" }), 404, "not-found")
    await failure(await rig.post("/calls/nowhere/price", {}), 404, "not-found")
  })

  test("404 suggests exposed names", async () => {
    const near = await problemIn(await rig.post("/calls/shop/prise", {}))
    assert.match(String(near["detail"]), /did you mean "shop\.price"\?/)
    const far = await problemIn(await rig.post("/calls/shop/internal2", {}))
    assert.doesNotMatch(String(far["detail"]), /did you mean/)
    const event = await problemIn(await rig.post("/calls/shop/sold", {}))
    assert.match(String(event["detail"]), /"shop\.sold" is an event/)
  })

  test("503 at once when nobody handles it, with Retry-After", async () => {
    const response = await rig.post("/calls/shop/unserved", {})
    assert.equal(response.headers.get("retry-after"), "5")
    const problem = await failure(response, 503, "no-handler")
    assert.equal(problem["servers"], 0)
  })

  test("504 when the deadline of the header passes, and the handler is interrupted", async () => {
    const before = rig.seen.interrupted
    const problem = await failure(
      await rig.post("/calls/shop/slow", {}, { "warren-timeout": "40" }),
      504,
      "deadline-exceeded",
    )
    assert.equal(problem["timeout"], 40)
    await until(() => rig.seen.interrupted === before + 1)
  })

  test("500 tells nothing of the inside, but where to look", async () => {
    const response = await rig.post("/calls/shop/broken", {})
    const text = await response.clone().text()
    await failure(response, 500, "handler-failed")
    assert.doesNotMatch(text, /1234|at .*\.ts|chain/)
    await failure(await rig.post("/calls/shop/odd", {}), 500, "invalid-reply")
  })

  test("400 for a deadline that makes no sense", async () => {
    for (const value of ["0", "-1", "soon", "1.5", "1e3"]) {
      const problem = await failure(
        await rig.post("/calls/shop/nothing", {}, { "warren-timeout": value }),
        400,
        "invalid-header",
      )
      assert.equal(problem["header"], "warren-timeout")
    }
  })

  test("405 for other methods, with Allow", async () => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const response = await fetch(`${rig.url}/calls/shop/price`, { method })
      assert.equal(response.headers.get("allow"), "POST, OPTIONS")
      await failure(response, 405, "method-not-allowed")
    }
    const head = await fetch(`${rig.url}/calls/shop/price`, { method: "HEAD" })
    assert.equal(head.status, 405)
  })

  test("OPTIONS says the methods and lets no other origin in", async () => {
    for (const name of ["price", "internal", "unknown"]) {
      const response = await fetch(`${rig.url}/calls/shop/${name}`, {
        method: "OPTIONS",
        headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
      })
      assert.equal(response.status, 204)
      assert.equal(response.headers.get("allow"), "POST, OPTIONS")
      assert.equal(response.headers.get("access-control-allow-origin"), null)
    }
  })
})

describe("POST /events/{api}/{event}", () => {
  test("202 with the id once it is confirmed", async () => {
    const response = await rig.post("/events/shop/sold", { sku: "P-7" })
    assert.equal(response.status, 202)
    const { id } = await response.json() as { id: string }
    assert.match(id, /^[0-9a-f-]{36}$/)
    await until(() => rig.seen.sold.includes("P-7"))
  })

  test("repeats an id that the client gives", async () => {
    const response = await rig.post("/events/shop/sold", { sku: "P-8" }, { "warren-id": "order-8" })
    assert.deepEqual(await response.json(), { id: "order-8" })
    await failure(await rig.post("/events/shop/sold", { sku: "P-8" }, { "warren-id": "a b" }), 400, "invalid-header")
  })

  test("400 for a payload that does not fit", async () => {
    const problem = await failure(await rig.post("/events/shop/sold", { sku: 1 }), 400, "invalid-payload")
    assert.equal(problem["field"], "sku")
  })
})

describe("traces", () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c"

  test("a client's traceparent reaches the handler and comes back", async () => {
    const response = await rig.post("/calls/shop/trace", {}, { traceparent: `00-${traceId}-b7ad6b7169203331-01` })
    assert.equal(await response.json(), traceId)
    assert.match(response.headers.get("traceparent") ?? "", new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
    assert.doesNotMatch(response.headers.get("traceparent") ?? "", /b7ad6b7169203331/)
  })

  test("without one, or with a bad one, a new trace begins", async () => {
    for (const headers of [{}, { traceparent: "nonsense" }] as ReadonlyArray<Record<string, string>>) {
      const response = await rig.post("/calls/shop/trace", {}, headers)
      const id = await response.json()
      assert.match(String(id), /^[0-9a-f]{32}$/)
      assert.ok(response.headers.get("traceparent")?.includes(String(id)))
    }
  })

  test("a problem names its trace", async () => {
    const response = await rig.post("/calls/shop/broken", {}, { traceparent: `00-${traceId}-b7ad6b7169203331-01` })
    assert.equal((await problemIn(response))["trace"], traceId)
  })
})

describe("pages", () => {
  test("/ lists what is exposed and nothing else", async () => {
    const text = await (await fetch(`${rig.url}/`)).text()
    assert.ok(text.includes('"/calls/shop/price"') && text.includes('"/events/shop/sold"'))
    assert.doesNotMatch(text, /internal|audited/)
  })

  test("/topology says apps, handlers, apis and queues", async () => {
    const report = await (await fetch(`${rig.url}/topology`)).json()
    assert.equal(report.transport, "in-process")
    assert.deepEqual(report.apps, [{ app: "shop", file: "shop.ts" }])
    const record = report.handlers.find(({ label }: { label: string }) => label === "shop.record")
    assert.equal(record.queue, "warren.on.shop.record")
    const queue = report.queues.find(({ name }: { name: string }) => name === record.queue)
    assert.equal(queue.consumers, 1)
    const member = report.apis[0].members.find(({ type }: { type: string }) => type === "shop.internal")
    assert.equal(member.exposed, false)
    assert.match(member.fingerprint, /^[0-9a-f]{16}$/)
    assert.deepEqual(member.handlers, ["shop.internal"])
  })

  test("404 for other pages; HEAD answers without a body", async () => {
    await failure(await fetch(`${rig.url}/nothing/here`), 404, "not-found")
    const head = await fetch(`${rig.url}/health/live`, { method: "HEAD" })
    assert.equal(head.status, 200)
    assert.equal(await head.text(), "")
  })

  test("/metrics is not there unless somebody counts", async () => {
    await failure(await fetch(`${rig.url}/metrics`), 404, "not-found")
  })
})
