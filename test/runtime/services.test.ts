/**
 * Services of a worker's layer in handlers that are no Effects, and what a module may export beside its handlers.
 */
import assert from "node:assert/strict"
import { Context, Layer, Schema } from "effect"
import { describe, test } from "#test"
import { api, call, event, on, worker } from "warren"
import { testBus } from "warren/testing"

const Shop = api("shop", {
  greet: call({ name: Schema.String }, { returns: Schema.String }),
  ping: call(),
  opened: event(),
})

class Greeting extends Context.Service<Greeting, { readonly of: (name: string) => string }>()("test/Greeting") {
  static readonly layer = Layer.succeed(Greeting, { of: (name) => `Hello ${name}` })
}
class Missing extends Context.Service<Missing, { readonly none: true }>()("test/Missing") {}

const { handle } = worker({ app: "shop", layer: Greeting.layer })

describe("context.get", () => {
  test("gives plain and async handlers their worker's services; modules may export services, layers and contracts", async () => {
    const shop = {
      greet: handle(Shop.greet, async ({ name }, { get }) => await Promise.resolve(get(Greeting).of(name))),
      Greeting,
      layer: Greeting.layer,
      Shop,
    }
    await testBus([shop], async (bus) => {
      assert.equal(await bus.call(Shop.greet({ name: "Ada" })), "Hello Ada")
    })
  })

  test("does not compile for a service that the layer lacks", () => {
    // @ts-expect-error Missing is not in the layer
    handle(Shop.greet, (_, { get }) => String(get(Missing).none))
    // @ts-expect-error nothing is in the layer of a free handler
    on(Shop.opened, (_, { get }) => void get(Greeting))
  })
})

test("event() and call() without fields take an empty payload", async () => {
  let heard = 0
  const shop = { ping: handle(Shop.ping, () => {}), hear: on(Shop.opened, () => void heard++) }
  await testBus([shop], async (bus) => {
    assert.equal(await bus.call(Shop.ping()), undefined)
    await bus.simulate(Shop.opened())
    assert.equal(heard, 1)
  })
})
