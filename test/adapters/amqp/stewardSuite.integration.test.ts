/**
 * The steward's behaviour suite on RabbitMQ: over AMQP alone, and with its management API.
 *
 * With the API on Bun; it needs a broker of its own.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import { Effect } from "effect"
import { layer, openSteward } from "../../../adapters/amqp/mod.ts"
import { openManagement } from "../../../adapters/management/mod.ts"
import { type Rabbit, startRabbit } from "../../../scripts/rabbitmq.ts"
import { stewardSuite } from "../../../src/testing/stewardSuite.ts"
import { rabbit, skip } from "../../support/rabbit.ts"

describe("RabbitMQ", () => {
  const url = rabbit()
  const alone = "AMQP alone does not show it"
  stewardSuite({
    name: "AMQP alone",
    layer: () => layer({ url: url() }),
    open: () =>
      Effect.map(openSteward({ url: url(), name: "suite" }), ({ steward }) => ({ steward, surveyor: steward })),
    features: { lists: alone, insight: alone, silent: "RabbitMQ counts a look as a delivery" },
    describe,
    test,
    skip,
  })
})

describe("RabbitMQ with its management API", () => {
  const unless = skip ?? ("Bun" in globalThis ? undefined : "tested on Bun; it needs a broker of its own")
  let broker: Rabbit | undefined
  beforeAll(async () => {
    if (unless === undefined) broker = await startRabbit({ management: true })
  })
  afterAll(() => broker?.stop())
  stewardSuite({
    name: "the management API",
    layer: () => layer({ url: broker!.url }),
    open: () =>
      Effect.gen(function* () {
        const { steward, cluster, places } = yield* openSteward({ url: broker!.url, name: "suite" })
        const surveyor = yield* openManagement({ url: broker!.managementUrl!, cluster, ...places[0]! })
        return { steward, surveyor }
      }),
    features: { lists: true, insight: true, silent: "RabbitMQ counts a look as a delivery" },
    describe,
    test,
    skip: unless,
  })
})
