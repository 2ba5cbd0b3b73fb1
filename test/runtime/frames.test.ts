/**
 * A dead letter says where its handler threw: the frames of the handler's own files, and no others.
 */
import assert from "node:assert/strict"
import { Context, Effect, Layer, Logger, Schema } from "effect"
import { describe, test } from "#test"
import { Broker, layer } from "../../src/broker/mod.ts"
import { api, event } from "../../src/contract/mod.ts"
import { framesOf, type Namespace, on } from "../../src/runtime/mod.ts"
import { openProcess } from "../../src/testing/openProcess.ts"
import type { Transport } from "../../src/transport/mod.ts"
import { Header, QueueName } from "../../src/wire/mod.ts"

const Shop = api("shop", { sold: event({ sku: Schema.String }) })

const reserve = (sku: string): never => {
  throw new Error(`no stock of ${sku}`)
}

/** The stack that the dead letter of a handler carries. */
const stackOf = (module: Namespace): Promise<unknown> =>
  Effect.runPromise(
    Effect.scoped(Effect.gen(function* () {
      const broker = yield* Layer.build(Layer.fresh(layer))
      const { engine } = Context.get(broker, Broker)
      const { bus } = yield* Effect.provideContext(
        openProcess({ stock: module }, {}),
        broker as Context.Context<Transport>,
      )
      yield* bus.emit(Shop.sold({ sku: "P-100" }))
      const stack = yield* Effect.callback<unknown>((resume) => {
        engine.consume(QueueName.dead("stock"), {
          owner: {},
          prefetch: 1,
          deliver: ({ packet }) => resume(Effect.succeed(packet.headers[Header.deadStack])),
        })
      })
      return stack
    })).pipe(Effect.provide(Logger.layer([]))),
  )

describe("the stack of a dead letter", () => {
  const ways: Readonly<Record<string, Namespace>> = {
    "a plain function": { take: on(Shop.sold, ({ sku }) => reserve(sku), { retry: false }) },
    "an async function": {
      take: on(Shop.sold, async ({ sku }, { sleep }) => {
        await sleep(1)
        return reserve(sku)
      }, { retry: false }),
    },
    "an Effect": {
      take: on(Shop.sold, ({ sku }) => Effect.try({ try: () => reserve(sku), catch: (error) => error as Error }), {
        retry: false,
      }),
    },
  }
  for (const [way, module] of Object.entries(ways)) {
    test(`names the place in ${way}, and nothing of Warren or the runtime`, async () => {
      const frames = String(await stackOf(module)).split("\n")
      assert.match(frames[0]!, /^at reserve \(.*test[/\\]runtime[/\\]frames\.test\.ts:\d+:\d+\)$/)
      for (const frame of frames) assert.match(frame, /frames\.test\.ts/)
      assert.ok(frames.length <= 5)
    })
  }

  test("is left out where nothing of theirs is known", async () => {
    const module = {
      take: on(Shop.sold, () => {
        throw "a text"
      }, { retry: false }),
    }
    assert.equal(await stackOf(module), undefined)
    assert.equal(framesOf({ stack: "at x (/a/b.ts:1:2)" }), undefined)
    const { proxy, revoke } = Proxy.revocable(new Error("gone"), {})
    revoke()
    assert.equal(framesOf(proxy), undefined)
  })
})
