/**
 * The steward's behaviour suite on the in-process broker.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { Broker, layer, makeSteward } from "../../src/broker/mod.ts"
import { stewardSuite } from "../../src/testing/stewardSuite.ts"
import { Transport } from "../../src/transport/mod.ts"

const scope = Scope.makeUnsafe()
let broker: Broker["Service"] | undefined
beforeAll(async () => {
  broker = Context.get(await Effect.runPromise(Layer.buildWithScope(layer, scope)), Broker)
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

stewardSuite({
  name: "The steward of the in-process broker",
  layer: () => Layer.effect(Transport, broker?.connect ?? Effect.die("The broker is not built")),
  open: () =>
    Effect.sync(() => {
      const steward = makeSteward(broker!)
      return { steward, surveyor: steward }
    }),
  features: { lists: true, insight: true, silent: true },
  describe,
  test,
})
