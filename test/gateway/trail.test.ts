/**
 * The way of a call through a gateway: told to those who ask where the topology is told too, in a header that every client can read.
 */
import { afterEach, describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect } from "effect"
import { httpBus, request } from "../../src/gateway/mod.ts"
import { writeTrail } from "../../src/gateway/headers.ts"
import { type CallTrail, readCallTrail } from "../../src/runtime/mod.ts"
import { type Rig, type RigOptions, Shop, start } from "./support.ts"

let rig: Rig | undefined
afterEach(async () => {
  await rig?.close()
  rig = undefined
})

const begin = async (options: RigOptions = {}): Promise<Rig> => rig = await start(options)

const asking = { "warren-trail": "1" }
const price = { sku: "P-1", quantity: 2 }

const trailIn = (response: Response): CallTrail | undefined => readCallTrail(response.headers.get("warren-trail"))

const words = (trail: CallTrail | undefined) => trail?.hops.map(({ what }) => what)

describe("warren-trail", () => {
  test("is answered with the way of the call, from the gateway on", async () => {
    const { post } = await begin()
    const response = await post("/calls/shop/price", price, asking)
    assert.equal(response.status, 200)
    assert.deepEqual(await response.json(), { total: 10, at: "1970-01-01T00:00:00.000Z" })
    const trail = trailIn(response)
    assert.deepEqual([trail?.call, trail?.server?.handler], ["shop.price", "shop.price"])
    assert.ok(words(trail)?.includes("published") && words(trail)?.includes("answered"))
    assert.ok(trail?.server?.hops.some(({ what }) => what === "handled"))
  })

  test("is told of calls that fail, too", async () => {
    const { post } = await begin()
    const declared = await post("/calls/shop/price", { sku: "none", quantity: 1 }, asking)
    assert.equal(declared.status, 404)
    assert.equal(words(trailIn(declared))?.at(-1), "refused")
    const nobody = await post("/calls/shop/unserved", {}, asking)
    assert.equal(nobody.status, 503)
    assert.equal(words(trailIn(nobody))?.at(-1), "refused")
    const late = await post("/calls/shop/slow", {}, { ...asking, "warren-timeout": "30" })
    assert.equal(late.status, 504)
    assert.ok(trailIn(late) !== undefined)
  })

  test("is not there for those who do not ask, and for what never became a call", async () => {
    const { post, url } = await begin()
    for (
      const response of [
        await post("/calls/shop/price", price),
        await post("/calls/shop/price", "{", asking),
        await post("/calls/shop/internal", {}, asking),
        await post("/calls/no/such", {}, asking),
        await fetch(`${url}/calls/shop/price`, { headers: asking }),
        await fetch(`${url}/calls/shop/price`, { method: "OPTIONS", headers: asking }),
        await post("/events/shop/sold", { sku: "P-1" }, asking),
      ]
    ) {
      assert.equal(response.headers.get("warren-trail"), null, `${response.status} ${response.url}`)
      await response.body?.cancel()
    }
  })

  test("is told nobody where the topology is not served: instances and hosts are nobody's business there", async () => {
    const { post, url } = await begin({ topology: undefined } as unknown as RigOptions)
    const response = await post("/calls/shop/price", price, asking)
    assert.equal(response.status, 200)
    assert.equal(response.headers.get("warren-trail"), null)
    let told = false
    const value = await Effect.runPromise(request(url).call("shop.price", price, { onTrail: () => told = true }))
    assert.deepEqual([(value as { total: number }).total, told], [10, false])
  })

  test("is told nobody without the token", async () => {
    const { post } = await begin({ token: "open sesame" } as RigOptions)
    const refused = await post("/calls/shop/price", price, asking)
    assert.deepEqual([refused.status, refused.headers.get("warren-trail")], [401, null])
    const allowed = await post("/calls/shop/price", price, { ...asking, authorization: "Bearer open sesame" })
    assert.ok(trailIn(allowed) !== undefined)
  })

  test("reaches programs through the client and the bus", async () => {
    const { url } = await begin()
    const client = request(url)
    const told: Array<CallTrail> = []
    const options = { onTrail: (trail: CallTrail) => void told.push(trail) }
    await Effect.runPromise(client.call("shop.price", price, options))
    await Effect.runPromise(Effect.flip(client.call("shop.price", { sku: "none", quantity: 1 }, options)))
    await Effect.runPromise(httpBus(client).call(Shop.price(price), options))
    assert.deepEqual(told.map(({ call }) => call), ["shop.price", "shop.price", "shop.price"])
    assert.deepEqual(told.map((trail) => words(trail)?.at(-1)), ["answered", "refused", "answered"])
  })
})

describe("writeTrail()", () => {
  const hops = (detail: string, times = 1) => Array.from({ length: times }, () => ({ at: 0, what: "w", detail }))
  const trail = (own: string, inner: string, far: string): CallTrail => ({
    call: "a.b",
    id: "i",
    app: "a",
    from: 0,
    hops: hops(own),
    server: {
      handler: "a.b",
      instance: "i",
      host: "h",
      pid: 1,
      hops: hops(inner),
      calls: [{ call: "c.d", id: "j", app: "a", from: 0, hops: hops(far) }],
    },
  })

  test("is ASCII that every header carries, and reads as it was", () => {
    const odd = trail("é 漢 🦊", "\u0000\r\n\u007f\u2028", '"\\')
    const text = writeTrail(odd)
    assert.match(text ?? "", /^[\x20-\x7e]+$/)
    assert.deepEqual(readCallTrail(text ?? null), odd)
    const headers = new Headers({ "warren-trail": text ?? "" })
    assert.deepEqual(readCallTrail(headers.get("warren-trail")), odd)
  })

  test("is at most 8000 characters: first the calls of the handler are left out, then the handler, then all", () => {
    const long = "x".repeat(7_900)
    const read = (one: CallTrail) => {
      const text = writeTrail(one)
      assert.ok((text ?? "").length <= 8_000)
      return readCallTrail(text ?? null)
    }
    assert.equal(read(trail("a", "b", "c"))?.server?.calls.length, 1)
    assert.equal(read(trail("a", "b", long))?.server?.calls.length, 0)
    assert.equal(read(trail("a", long, "c"))?.server, undefined)
    assert.equal(read(trail("a", long, "c"))?.hops.length, 1)
    assert.equal(writeTrail(trail(long.repeat(2), "b", "c")), undefined)
    // six characters for each
    assert.equal(read(trail("a", "b", "漢".repeat(1_300)))?.server?.calls.length, 0)
  })
})
