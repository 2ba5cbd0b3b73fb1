/**
 * The runtime's behaviour suite on the in-process broker.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { Broker, layer } from "../../src/broker/mod.ts"
import { runtimeSuite } from "../../src/testing/runtimeSuite.ts"
import { Transport } from "../../src/transport/mod.ts"

// one broker for all tests, as a real one would be; each layer is a connection
const scope = Scope.makeUnsafe()
let broker: Broker["Service"] | undefined
beforeAll(async () => {
  broker = Context.get(await Effect.runPromise(Layer.buildWithScope(layer, scope)), Broker)
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

runtimeSuite({
  name: "the in-process broker",
  layer: () => Layer.effect(Transport, broker?.connect ?? Effect.die("The broker is not built")),
  features: {
    givesBack: true,
    shared: "everyone is in one process, which sees everything",
    queued: true,
    oddNumbers: true,
    expel: (queue) => broker?.cancelConsumer(queue) ?? Effect.void,
    cut: Effect.suspend(() => broker?.loseConnection(20) ?? Effect.void),
  },
  describe,
  test,
})
