/**
 * Readiness follows the connection and the consumers, not the process.
 */
import assert from "node:assert/strict"
import { Context, Effect, Layer, Logger, PubSub, Result, Stream } from "effect"
import { test } from "#test"
import { Broker, layer as inProcess } from "../../src/broker/mod.ts"
import { Bus, busLayer, Core, makeHost, readModule } from "../../src/runtime/mod.ts"
import { type Status, Transport } from "../../src/transport/mod.ts"
import { api, call, event, handle, on } from "warren"

const Shop = api("shop", { opened: event(), ping: call() })
const shop = { hear: on(Shop.opened, () => {}), ping: handle(Shop.ping, () => {}) }

test("isReady() is false while the connection is lost, and after a drain has begun; the log tells of the loss", async () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  const program = Effect.gen(function* () {
    const services = yield* Layer.build(Layer.fresh(busLayer.pipe(Layer.provideMerge(inProcess))))
    const broker = Context.get(services as Context.Context<Broker>, Broker)
    const app = Result.getOrThrow(readModule(shop, { file: "shop.ts", app: "shop" }))
    const host = yield* makeHost(Context.get(services, Core), Context.get(services, Bus), [app])
    const until = (ready: boolean) =>
      Effect.gen(function* () {
        for (let i = 0; i < 500 && host.isReady() !== ready; i++) yield* Effect.sleep(2)
        assert.equal(host.isReady(), ready)
      })
    yield* until(true)
    yield* broker.disconnect("the cable is out")
    yield* until(false)
    yield* broker.reconnect
    yield* until(true)
    yield* host.drain(0)
    yield* until(false)
  })
  await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Logger.layer([logger]))))
  assert.deepEqual(lines, [
    "The connection to the broker is lost: the cable is out",
    "The connection to the broker is back",
  ])
})

test("what ends with all the rest, or passes to another host, is no error", async () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message, logLevel }) => void lines.push(`${logLevel}: ${String(message)}`))
  const program = Effect.gen(function* () {
    const statuses = yield* PubSub.unbounded<Status>({ replay: 1 })
    const transport = Context.get(yield* Layer.build(inProcess), Transport)
    const told = Layer.succeed(Transport, { ...transport, status: Stream.fromPubSub(statuses) })
    const services = yield* Layer.build(Layer.fresh(busLayer.pipe(Layer.provide(told))))
    const app = Result.getOrThrow(readModule(shop, { file: "shop.ts", app: "shop" }))
    const host = yield* makeHost(Context.get(services, Core), Context.get(services, Bus), [app])
    const ready: Status = { _tag: "Ready", server: "a broker" }
    const lost: Status = { _tag: "Disconnected", reason: "the cable is out" }
    for (const status of [ready, { ...lost, passes: true }, ready, lost, ready]) {
      yield* PubSub.publish(statuses, status)
      yield* Effect.sleep(20)
    }
    yield* host.drain(0)
    yield* PubSub.publish(statuses, lost)
    yield* Effect.sleep(20)
  })
  await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Logger.layer([logger]))))
  assert.deepEqual(lines, [
    "Warn: The process that hosted the embedded broker has ended; another one goes on with it",
    "Info: The connection to the broker is back",
    "Error: The connection to the broker is lost: the cable is out",
    "Info: The connection to the broker is back",
  ])
})

test("the log tells that the broker takes nothing, and when it takes messages again", async () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  const program = Effect.gen(function* () {
    const statuses = yield* PubSub.unbounded<Status>({ replay: 1 })
    const transport = Context.get(yield* Layer.build(inProcess), Transport)
    const told = Layer.succeed(Transport, { ...transport, status: Stream.fromPubSub(statuses) })
    yield* Layer.build(Layer.fresh(busLayer.pipe(Layer.provide(told))))
    const ready: Status = { _tag: "Ready", server: "a broker" }
    for (const status of [ready, { _tag: "Blocked", reason: "low on memory" } as const, ready]) {
      yield* PubSub.publish(statuses, status)
      yield* Effect.sleep(20)
    }
  })
  await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Logger.layer([logger]))))
  assert.deepEqual(lines, [
    "The broker takes no messages for now: low on memory",
    "The broker takes messages again",
  ])
})
