/**
 * What only a real broker shows: foreign messages, cancelled consumers, and addresses that do not work.
 */
import { describe, test } from "#test"
import type { ConfirmChannel } from "amqplib"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { Context, Effect, Layer, Queue, Redacted, type Scope } from "effect"
import { layer } from "../../../adapters/amqp/mod.ts"
import { eventually, packet } from "../../../src/testing/transportSuiteRig.ts"
import { type Delivery, type QueueSpec, Transport, type TransportError } from "../../../src/transport/mod.ts"
import { onChannel } from "../../support/onChannel.ts"
import { rabbit, skip } from "../../support/rabbit.ts"

const url = rabbit()

const queueSpec = (part: Partial<QueueSpec> = {}): QueueSpec => ({
  name: `amqp-${crypto.randomUUID()}`,
  type: "classic",
  expires: 60_000,
  ...part,
})

const build = (address: string | Redacted.Redacted<string> = url()) =>
  Effect.map(Layer.build(layer({ url: address, name: "warren test" })), (context) => Context.get(context, Transport))

const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(effect))

const foreign = <A>(use: (channel: ConfirmChannel) => Promise<A>): Promise<A> => onChannel(url(), use)

describe("messages of other programs", () => {
  test("arrive as packets, whatever their properties", { skip }, () =>
    run(Effect.gen(function* () {
      const transport = yield* build()
      const queue = queueSpec()
      yield* transport.declare({ exchanges: [], queues: [queue], bindings: [] })
      yield* Effect.promise(() =>
        foreign((channel) => {
          channel.sendToQueue(queue.name, Buffer.alloc(0))
          channel.sendToQueue(queue.name, Buffer.from([0xff, 0xfe]), {
            contentType: "image/png",
            messageId: "m",
            timestamp: 1_600_000_000,
            headers: {
              "Upper": 1,
              "none": null,
              "list": [1, "two"],
              "table": { deep: { er: true } },
              "bytes": Buffer.from("b"),
              "at": { "!": "timestamp", value: 5 },
              "warren-timestamp": 1_500_000_000_123,
              "x-delivery-count": "many",
              "x-death": "not a list",
              "__proto__x": 1,
            },
          })
          channel.sendToQueue(queue.name, Buffer.from("x"), { expiration: "60000", headers: { "x-death": [null, {}] } })
          return Promise.resolve()
        })
      )
      const inbox = yield* Queue.unbounded<Delivery>()
      yield* transport.consume(queue.name, { prefetch: 10 }, (delivery) => Queue.offerUnsafe(inbox, delivery))
      const [bare, odd, dead] = [yield* Queue.take(inbox), yield* Queue.take(inbox), yield* Queue.take(inbox)]
      assert.deepEqual(bare.packet, {
        id: "",
        type: "",
        app: "",
        timestamp: 0,
        contentType: "",
        persistent: false,
        headers: {},
        body: new Uint8Array(0),
      })
      assert.equal(odd.packet.timestamp, 1_600_000_000_000)
      assert.equal(odd.deliveryCount, 0)
      assert.deepEqual(odd.packet.headers, {
        "upper": 1,
        "list": '[1,"two"]',
        "table": '{"deep":{"er":true}}',
        "bytes": "b",
        "at": 5000,
        "__proto__x": 1,
      })
      assert.equal(dead.packet.expiration, 60_000)
      for (const delivery of [bare, odd, dead]) yield* delivery.settle("ack")
    })))
})

describe("a publish", () => {
  test(
    "to an exchange that was deleted fails NotFound, and the next ones have a new channel",
    { skip },
    () =>
      run(Effect.gen(function* () {
        const transport = yield* build()
        const queue = queueSpec()
        const exchange = `amqp-${crypto.randomUUID()}`
        yield* transport.declare({ exchanges: [{ name: exchange, type: "fanout" }], queues: [queue], bindings: [] })
        assert.equal(yield* transport.publish({ exchange, key: "" }, packet("x")), "unroutable")
        yield* Effect.promise(() => foreign((channel) => channel.deleteExchange(exchange)))
        for (let i = 0; i < 2; i++) {
          const error = yield* Effect.flip(transport.publish({ exchange, key: "" }, packet("x")))
          assert.deepEqual({ ...error.reason }, { _tag: "NotFound", name: exchange })
        }
        assert.equal(yield* transport.publish({ exchange: "", key: queue.name }, packet("x")), "routed")
      })),
  )

  test(
    "with more headers than a frame holds fails TooLarge, and the next one goes through",
    { skip },
    () =>
      run(Effect.gen(function* () {
        const transport = yield* build()
        const queue = queueSpec()
        yield* transport.declare({ exchanges: [], queues: [queue], bindings: [] })
        const route = { exchange: "", key: queue.name }
        const error = yield* Effect.flip(transport.publish(route, packet("", { headers: { big: "x".repeat(70_000) } })))
        assert.equal(error.reason._tag, "TooLarge")
        assert.equal(
          (yield* Effect.flip(transport.publish({ ...route, key: "k".repeat(256) }, packet("")))).reason._tag,
          "TooLarge",
        )
        assert.equal(yield* transport.publish(route, packet("", { headers: { big: "x".repeat(60_000) } })), "routed")
      })),
  )
})

describe("a consumer", () => {
  test(
    "is told once when the broker cancels it, and not when its scope closes",
    { skip },
    () =>
      run(Effect.gen(function* () {
        const transport = yield* build()
        const [gone, kept] = [queueSpec(), queueSpec()]
        yield* transport.declare({ exchanges: [], queues: [gone, kept], bindings: [] })
        const told: Array<string> = []
        yield* Effect.scoped(Effect.gen(function* () {
          for (const { name } of [gone, kept]) {
            yield* transport.consume(name, { prefetch: 1, onCancelled: () => told.push(name) }, () => {})
          }
          yield* Effect.promise(() => foreign((channel) => channel.deleteQueue(gone.name)))
          yield* eventually(Effect.sync(() => told.length), (length) => length > 0)
        }))
        assert.deepEqual(told, [gone.name])
      })),
  )

  test("is told when the broker closes its channel, and the others go on", { skip }, () =>
    run(Effect.gen(function* () {
      const transport = yield* build()
      const queue = queueSpec()
      yield* transport.declare({ exchanges: [], queues: [queue], bindings: [] })
      const inbox = yield* Queue.unbounded<Delivery>()
      const told: Array<string> = []
      // what the contract forbids ends this consumer, and nothing else
      const broken = () => {
        throw new Error("deliver must not throw")
      }
      yield* Effect.scoped(Effect.gen(function* () {
        yield* transport.consume(queue.name, { prefetch: 1, onCancelled: () => told.push("broken") }, broken)
        yield* transport.publish({ exchange: "", key: queue.name }, packet("x"))
        yield* eventually(Effect.sync(() => told.length), (length) => length > 0)
      }))
      yield* transport.consume(queue.name, { prefetch: 1 }, (delivery) => Queue.offerUnsafe(inbox, delivery))
      const again = yield* Queue.take(inbox)
      assert.equal(again.redelivered, true)
      yield* again.settle("ack")
    })))
})

describe("connecting", () => {
  const refusal = (address: string | Redacted.Redacted<string>): Promise<TransportError> =>
    run(Effect.flip(build(address)))
  const with_ = (change: (url: URL) => void): string => {
    const address = new URL(url())
    change(address)
    return address.href
  }

  test("fails Forbidden on a wrong password, which is not printed", { skip }, async () => {
    const error = await refusal(Redacted.make(with_((address) => address.password = "s3cret")))
    assert.deepEqual([error.operation, error.reason._tag], ["connect", "Forbidden"])
    assert.match(error.message, /Cannot connect "amqp:\/\/guest@127\.0\.0\.1:\d+": .*user or password is wrong/)
    assert.ok(!JSON.stringify(error).includes("s3cret") && !String(error.stack).includes("s3cret"))
  })

  test("fails Forbidden on an unknown virtual host and names it", { skip }, async () => {
    const error = await refusal(with_((address) => address.pathname = "/no%20where"))
    assert.equal(error.reason._tag, "Forbidden")
    assert.match(error.message, /virtual host "no where" does not exist/)
  })

  test("fails Disconnected where nothing listens", { skip }, async () => {
    const error = await refusal("amqp://guest:s3cret@127.0.0.1:1")
    assert.equal(error.reason._tag, "Disconnected")
    assert.match(error.message, /"amqp:\/\/guest@127\.0\.0\.1:1": not connected, nothing listens there/)
  })

  test("fails Disconnected on an unknown host and on what is no broker's URL", async () => {
    assert.equal((await refusal("amqp://host.invalid")).reason._tag, "Disconnected")
    for (const address of ["", "localhost:5672", "http://localhost", "amqp://"]) {
      const error = await refusal(address)
      assert.match(error.message, /its URL must look like amqp:\/\/user:password@host:5672\/vhost/)
    }
  })

  test(
    "takes a percent-encoded virtual host",
    { skip },
    () => run(Effect.asVoid(build(with_((address) => address.pathname = "/%2F")))),
  )
})
