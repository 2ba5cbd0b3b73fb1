/**
 * The port's behaviour suite on the in-process broker.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { Broker, layer } from "../../src/broker/mod.ts"
import { transportSuite } from "../../src/testing/transportSuite.ts"
import { Transport } from "../../src/transport/mod.ts"

// one broker for all tests, as a real one would be; each layer is a connection
const scope = Scope.makeUnsafe()
let broker: Broker["Service"] | undefined
beforeAll(async () => {
  broker = Context.get(await Effect.runPromise(Layer.buildWithScope(layer, scope)), Broker)
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

transportSuite({
  name: "The in-process broker",
  layer: () => Layer.effect(Transport, broker?.connect ?? Effect.die("The broker is not built")),
  features: { shared: true, givesBack: true, expires: true },
  describe,
  test,
})
