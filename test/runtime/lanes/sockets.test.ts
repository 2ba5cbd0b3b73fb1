/**
 * Lanes over real sockets, without a broker beside this process: the runtime's behaviour suite, and a server that is killed and
 * comes back at its port.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import assert from "node:assert/strict"
import { Context, Effect, Exit, Layer, Schema, Scope } from "effect"
import { layerStreams, openLinks } from "../../../adapters/zeromq/mod.ts"
import { Broker, layer as inProcess } from "../../../src/broker/mod.ts"
import { api, call } from "../../../src/contract/mod.ts"
import { handle } from "../../../src/runtime/mod.ts"
import { makeRig } from "../../../src/testing/runtimeSuiteRig.ts"
import { type RuntimeFeatures, runtimeSuite } from "../../../src/testing/runtimeSuite.ts"
import { Transport } from "../../../src/transport/mod.ts"

const scope = Scope.makeUnsafe()
let broker: Broker["Service"] | undefined
beforeAll(async () => {
  broker = Context.get(await Effect.runPromise(Layer.buildWithScope(inProcess, scope)), Broker)
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

/** A connection as another process would have, which tells of itself. */
const layer = (): Layer.Layer<Transport> =>
  Layer.effect(
    Transport,
    Effect.suspend(() => broker?.connect ?? Effect.die("The broker is not built")).pipe(
      Effect.map((transport) => ({ ...transport, traits: { ...transport.traits, shared: true } })),
    ),
  )

const links = (listen?: string) =>
  Effect.provide(openLinks({ local: "127.0.0.1", listen, maxMessageBytes: 17 * 1024 * 1024 }), layerStreams)

const features = (listen?: string): RuntimeFeatures => ({
  givesBack: true,
  shared: true,
  queued: "calls go straight to the server that is known",
  oddNumbers: true,
  expel: (queue) => broker?.cancelConsumer(queue) ?? Effect.void,
  cut: Effect.suspend(() => broker?.loseConnection(20) ?? Effect.void),
  lanes: { lane: "direct", links: links(listen) },
})

runtimeSuite({
  name: "a broker in memory, lane direct over sockets",
  layer,
  features: features(),
  describe,
  test,
  only: ["calls", "deadlines and interruption"],
})

const Parts = api("parts", { lookup: call({ n: Schema.Int }, { returns: Schema.String }) })

describe("a server that is killed and comes back at its port", () => {
  test("is called straight again, under its new name", () =>
    Effect.runPromise(Effect.scoped(Effect.gen(function* () {
      const rig = yield* makeRig(layer, features())
      const caller = yield* rig.start()
      const serve = (listen: string | undefined, name: string) =>
        Effect.flatMap(
          makeRig(layer, features(listen)),
          ({ start }) => start({ parts: { lookup: handle(Parts.lookup, () => name) } }),
        )
      const old = yield* serve(undefined, "old")
      const ask = caller.bus.call(Parts.lookup({ n: 1 }))
      const lanes = () => caller.facts("answered").map(({ lane }) => lane)
      assert.equal(yield* ask, "old")
      assert.equal(yield* ask, "old")
      assert.equal(lanes().at(-1), "direct")
      const { direct } = caller.core.presence.list().find(({ instance }) => instance === old.core.instance) ?? {}
      const port = /:(\d+)\//.exec(direct ?? "")?.[1]
      yield* old.kill
      yield* serve(`127.0.0.1:${port}`, "new")
      let last: string | undefined
      for (let i = 0; i < 100 && last !== "new direct"; i++) {
        last = `${yield* ask} ${lanes().at(-1)}`
        yield* Effect.sleep(20)
      }
      assert.equal(last, "new direct")
    }))))
})
