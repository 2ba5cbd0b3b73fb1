/**
 * The gateway's clients: names and JSON through `request`, and the typed bus of `httpBus` with the same errors back.
 */
import assert from "node:assert/strict"
import { createServer } from "node:net"
import { Effect, Fiber, Logger, Result, Tracer } from "effect"
import { afterAll, beforeAll, describe, test } from "#test"
import { GatewayProblem, httpBus, request } from "../../src/gateway/mod.ts"
import { serve } from "../../adapters/runtime/mod.ts"
import {
  api,
  type BusShape,
  call,
  DeadlineExceeded,
  Disconnected,
  event,
  HandlerFailed,
  InvalidPayload,
  InvalidReply,
  NoHandler,
  ReplyLost,
} from "../../src/mod.ts"
import { InvalidOption } from "../../src/runtime/mod.ts"
import { type Rig, Shop, start, TooMany, UnknownPart, until } from "./support.ts"

let rig: Rig
let bus: BusShape
beforeAll(async () => {
  rig = await start({ token: "secret" })
  bus = httpBus(request(rig.url, "secret"))
})
afterAll(() => rig.close())

const failure = async <A, E>(effect: Effect.Effect<A, E>): Promise<E> => {
  const result = await Effect.runPromise(Effect.result(effect))
  assert.ok(Result.isFailure(result), `succeeded with ${JSON.stringify(result)}`)
  return result.failure
}

describe("request()", () => {
  test("calls, emits and asks for the topology by name", async () => {
    const client = request(`${rig.url}/`, "secret")
    const value = await Effect.runPromise(client.call("shop.price", { sku: "P-1", quantity: 2 }))
    assert.deepEqual(value, { total: 10, at: "1970-01-01T00:00:00.000Z" })
    const { id } = await Effect.runPromise(client.emit("shop.sold", { sku: "P-2" }, { id: "x-1" }))
    assert.equal(id, "x-1")
    await until(() => rig.seen.sold.includes("P-2"))
    const { apps } = await Effect.runPromise(client.topology)
    assert.deepEqual(apps, [{ app: "shop", file: "shop.ts" }])
  })

  test("fails with the gateway's problem", async () => {
    const unknown = await failure(request(rig.url, "secret").call("shop.prize", {}))
    assert.ok(unknown instanceof GatewayProblem)
    assert.equal(unknown.status, 404)
    assert.match(unknown.message, /did you mean "shop.price"/)
    const outside = await failure(request(rig.url).call("shop.price", {}))
    assert.ok(outside instanceof GatewayProblem)
    assert.equal(outside.status, 401)
  })

  test("nobody listening is Disconnected, with the URL and what to do", async () => {
    const left = await start()
    await left.close()
    const error = await failure(request(left.url).call("shop.price", {}))
    assert.ok(error instanceof Disconnected)
    assert.ok(error.message.includes(`${left.url} has no gateway; start one with \`warren run --http\``), error.message)
    const blocked = await failure(request("http://127.0.0.1:9").call("shop.price", {}))
    assert.ok(blocked instanceof Disconnected)
    const unresolvable = await failure(request("http://no-such-host.invalid").call("shop.price", {}))
    assert.ok(unresolvable instanceof Disconnected)
  })

  test("refuses what is no gateway's address", () => {
    for (const url of ["localhost:8080", "amqp://localhost", "http://u:p@localhost", "http://localhost/?a=1", ""]) {
      assert.throws(() => request(url), InvalidOption, url)
    }
  })
})

describe("httpBus()", () => {
  test("calls with typed values and emits", async () => {
    const value = await Effect.runPromise(bus.call(Shop.price({ sku: "P-1", quantity: 2 })))
    assert.deepEqual(value, { total: 10, at: new Date(0) })
    assert.equal(await Effect.runPromise(bus.call(Shop.nothing())), undefined)
    const { id } = await Effect.runPromise(bus.emit(Shop.sold({ sku: "P-3" })))
    assert.match(id, /^[0-9a-f-]{36}$/)
  })

  test("gives declared errors back as themselves", async () => {
    const many = await failure(bus.call(Shop.price({ sku: "P-1", quantity: 10 })))
    assert.ok(many instanceof TooMany)
    assert.equal(many.most, 9)
    const unknown = await failure(bus.call(Shop.price({ sku: "none", quantity: 1 })))
    assert.ok(unknown instanceof UnknownPart)
  })

  test("gives call errors back as themselves", async () => {
    const nobody = await failure(bus.call(Shop.unserved()))
    assert.ok(nobody instanceof NoHandler)
    assert.equal(nobody.servers, 0)
    const late = await failure(bus.call(Shop.slow(), { timeout: 50 }))
    assert.ok(late instanceof DeadlineExceeded)
    assert.equal(late.timeout, 50)
    assert.equal(late.servers, 1)
    assert.ok(await failure(bus.call(Shop.broken())) instanceof HandlerFailed)
    assert.ok(await failure(bus.call(Shop.odd())) instanceof InvalidReply)
    assert.ok(await failure(bus.call(Shop.price({ sku: 1 } as never))) instanceof InvalidPayload)
    assert.ok(await failure(bus.emit(Shop.sold({ sku: 1 } as never))) instanceof InvalidPayload)
  })

  test("a contract of another version is refused by the receiver, as InvalidPayload and InvalidReply", async () => {
    const Older = api("shop", { price: call({}), nothing: call({}, { returns: Shop.price.returns }), sold: event({}) })
    const error = await failure(bus.call(Older.price()))
    assert.ok(error instanceof InvalidPayload)
    assert.equal(error.field, "sku")
    assert.ok(await failure(bus.call(Older.nothing())) instanceof InvalidReply)
    assert.ok(await failure(bus.emit(Older.sold())) instanceof InvalidPayload)
  })

  test("what only the gateway can say is Disconnected, in its words", async () => {
    const hidden = await failure(bus.call(Shop.internal()))
    assert.ok(hidden instanceof Disconnected)
    assert.match(hidden.message, /refuses: No call "shop.internal" is exposed here/)
    const outside = await failure(httpBus(request(rig.url, "wrong")).emit(Shop.sold({ sku: "P-1" })))
    assert.ok(outside instanceof Disconnected)
    assert.match(outside.message, /The token is not the right one/)
  })

  test("interrupting it interrupts the handler", async () => {
    const [started, interrupted] = [rig.seen.started, rig.seen.interrupted]
    const fiber = Effect.runFork(bus.call(Shop.slow(), { timeout: "20 seconds" }))
    await until(() => rig.seen.started === started + 1)
    await Effect.runPromise(Fiber.interrupt(fiber))
    await until(() => rig.seen.interrupted === interrupted + 1)
  })

  test("takes the trace of its fiber along", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c"
    const span = Tracer.externalSpan({ traceId, spanId: "b7ad6b7169203331", sampled: true })
    assert.equal(await Effect.runPromise(Effect.withParentSpan(bus.call(Shop.trace()), span)), traceId)
  })

  test("a gateway that breaks off, or that is none, is told apart", async () => {
    const scoped = <A, E>(fetch: () => Response | Promise<Response>, use: (bus: BusShape) => Effect.Effect<A, E>) =>
      failure(
        Effect.scoped(Effect.gen(function* () {
          const { port } = yield* serve({ hostname: "127.0.0.1", port: 0, fetch, grace: 0 })
          return yield* use(httpBus(request(`http://127.0.0.1:${port}`)))
        })).pipe(Effect.provide(Logger.layer([]))),
      )
    const page = await scoped(() => new Response("<html>", { status: 502 }), (bus) => bus.call(Shop.nothing()))
    assert.ok(page instanceof Disconnected)
    assert.match(page.message, /answered 502, but not as a gateway does/)
    const stuck = await scoped(
      () => new Promise<Response>(() => {}),
      (bus) => bus.call(Shop.nothing(), { timeout: 20 }),
    )
    assert.ok(stuck instanceof DeadlineExceeded)
    const breaking = createServer((socket) => void socket.once("data", () => socket.destroy()))
    await new Promise<void>((resolve) => void breaking.listen(0, "127.0.0.1", resolve))
    const { port } = breaking.address() as { port: number }
    const lost = await failure(httpBus(request(`http://127.0.0.1:${port}`)).call(Shop.nothing()))
    assert.ok(lost instanceof ReplyLost, String(lost))
    breaking.close()
  })
})
