/**
 * `connect()`: promises over every way there is, with errors as themselves, signals, and an end.
 */
import assert from "node:assert/strict"
import process from "node:process"
import { Effect } from "effect"
import { Hono } from "hono"
import { afterEach, describe, test } from "#test"
import { gateway, hosted } from "../../src/gateway/mod.ts"
import {
  Bus,
  busLayer,
  connect,
  type Connected,
  DeadlineExceeded,
  Disconnected,
  handle,
  InvalidModule,
  InvalidOption,
  InvalidPayload,
  NoHandler,
  on,
  ReplyLost,
} from "../../src/mod.ts"
import { type Seen, Shop, shop, start, TooMany, until } from "../gateway/support.ts"

const variables = ["WARREN_BROKER", "WARREN_URL", "WARREN_TOKEN"]
afterEach(() => {
  for (const name of variables) delete process.env[name]
})

const newSeen = (): Seen => ({ sold: [], started: 0, interrupted: 0 })

/** The verbs, whatever the way. */
const verbs = async (bus: Connected, seen: Seen) => {
  const { total, at } = await bus.call(Shop.price({ sku: "P-1", quantity: 2 }))
  assert.deepEqual([total, at], [10, new Date(0)])
  const { id } = await bus.emit(Shop.sold({ sku: "P-1" }), { id: "again-1" })
  assert.equal(id, "again-1")
  await until(() => seen.sold.length === 1)

  await assert.rejects(bus.call(Shop.price({ sku: "P-1", quantity: 10 })), (error) => {
    assert.ok(error instanceof TooMany)
    assert.equal(error.most, 9)
    return true
  })
  await assert.rejects(bus.call(Shop.price({ sku: "P-1" } as never)), InvalidPayload)
  await assert.rejects(bus.call(Shop.unserved()), NoHandler)
  await assert.rejects(bus.call(Shop.slow(), { timeout: 30 }), DeadlineExceeded)

  const [started, interrupted] = [seen.started, seen.interrupted]
  const leaving = new AbortController()
  const slow = bus.call(Shop.slow(), { timeout: "20 seconds", signal: leaving.signal })
  await until(() => seen.started > started)
  const why = new Error("the user left")
  leaving.abort(why)
  await assert.rejects(slow, why)
  await until(() => seen.interrupted > interrupted)
  await assert.rejects(bus.call(Shop.nothing(), { signal: AbortSignal.abort(why) }), why)
}

describe("busLayer()", () => {
  test("gives programs in Effect the bus, and fails as connect() does", async () => {
    const seen = newSeen()
    const program = Effect.gen(function* () {
      const bus = yield* Bus
      yield* bus.emit(Shop.sold({ sku: "P-1" }))
      return yield* Bus.call(Shop.price({ sku: "P-1", quantity: 3 }))
    })
    const layer = busLayer({ app: "reports", workers: [shop(seen)] })
    assert.equal((await Effect.runPromise(Effect.provide(program, layer))).total, 15)
    assert.deepEqual(seen.sold, ["P-1"])
    const failure = await Effect.runPromise(Effect.flip(Effect.provide(program, busLayer({ app: "no name!" }))))
    assert.ok(failure instanceof InvalidOption)
  })
})

describe("connect({ workers })", () => {
  test("runs them in this process", async () => {
    const seen = newSeen()
    await using bus = await connect({ app: "web", workers: [shop(seen)] })
    await verbs(bus, seen)
  })

  test("a record names the apps; a list needs a name from its modules", async () => {
    const listener = { heard: on(Shop.sold, () => {}) }
    await using bus = await connect({ app: "web", workers: { audit: listener } })
    await bus.emit(Shop.sold({ sku: "P-1" }))
    await assert.rejects(connect({ app: "web", workers: [listener] }), (error) => {
      assert.ok(error instanceof InvalidModule)
      assert.match(error.message, /workers\[0\].*nothing says what its app is called/)
      return true
    })
    await assert.rejects(connect({ app: "web", workers: [{ stray: () => 1 }] }), InvalidModule)
  })

  test("close() ends it, a second time too; afterwards everything is Disconnected", async () => {
    const seen = newSeen()
    const bus = await connect({ app: "web", workers: [shop(seen)] })
    const slow = assert.rejects(
      bus.call(Shop.slow(), { timeout: 200 }),
      (error) => error instanceof DeadlineExceeded || error instanceof ReplyLost,
    )
    await until(() => seen.started === 1)
    await Promise.all([bus.close(), bus.close()])
    await slow
    await assert.rejects(bus.call(Shop.nothing()), (error) => {
      assert.ok(error instanceof Disconnected)
      assert.match(error.message, /this bus was closed/)
      return true
    })
    await assert.rejects(bus.emit(Shop.sold({ sku: "P-1" })), Disconnected)
  })

  test("close() lets what is in hand finish", async () => {
    let finished = false
    const slow = handle(Shop.slow, async (_, { sleep }) => {
      await sleep(50)
      finished = true
    })
    const bus = await connect({ app: "web", workers: { shop: { slow } } })
    const call = bus.call(Shop.slow()).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 10))
    await bus.close()
    await call
    assert.ok(finished)
  })

  test("its bus can stand behind a gateway", async () => {
    await using bus = await connect({ app: "web", workers: [shop(newSeen())] })
    const app = new Hono().route("/bus", gateway(bus, { apis: [Shop] }))
    const response = await app.request("/bus/calls/shop/price", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"sku":"P-1","quantity":1}',
    })
    assert.equal(response.status, 200)
    assert.equal(await Effect.runPromise(bus.effect.call(Shop.nothing())), undefined)
  })
})

describe("connect({ url })", () => {
  test("goes through the gateway, with the same errors", async () => {
    const rig = await start({ token: "secret" })
    try {
      await using bus = await connect({ app: "web", url: rig.url, token: "secret" })
      await verbs(bus, rig.seen)
    } finally {
      await rig.close()
    }
  })

  test("takes address and token from the variables", async () => {
    const rig = await start({ token: "secret" })
    try {
      process.env["WARREN_URL"] = rig.url
      process.env["WARREN_TOKEN"] = "secret"
      await using bus = await connect({ app: "web" })
      assert.equal(await bus.call(Shop.nothing()), undefined)
    } finally {
      await rig.close()
    }
  })

  test("says what to do when nobody is there", async () => {
    const rig = await start()
    await rig.close()
    await using bus = await connect({ app: "web", url: rig.url })
    await assert.rejects(bus.call(Shop.nothing()), (error) => {
      assert.ok(error instanceof Disconnected)
      assert.match(error.message, /warren run --http/)
      return true
    })
  })
})

describe("connect() with mistakes", () => {
  test("refuses options that contradict each other", async () => {
    const url = "http://localhost:1"
    await assert.rejects(connect({ app: "web", url, broker: "amqp://localhost" }), InvalidOption)
    await assert.rejects(connect({ app: "web", url, workers: [] }), InvalidOption)
    await assert.rejects(connect({ app: "no name!" }), InvalidOption)
    await assert.rejects(connect({} as never), InvalidOption)
    await assert.rejects(connect({ app: "web", url: "localhost" }), InvalidOption)
  })

  test("fails at once when the broker cannot be reached, without its password", async () => {
    const broker = "amqp://user:hunter2@127.0.0.1:1/"
    process.env["WARREN_BROKER"] = broker
    await assert.rejects(connect({ app: "web" }), (error) => {
      assert.ok(error instanceof Error)
      assert.match(error.message, /Cannot connect/)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    })
  })
})

describe("gateway() in front of hosted()", () => {
  test("a handler of one call brings its whole api", async () => {
    const rig = await start()
    try {
      const apis = hosted(rig.launched).apis
      assert.deepEqual(new Set([...apis].map((api) => (api as { api?: string }).api)), new Set(["shop"]))
      const response = await rig.post("/calls/shop/unserved", {})
      assert.equal(response.status, 503)
      await response.text()
    } finally {
      await rig.close()
    }
  })
})
