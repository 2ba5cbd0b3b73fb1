/**
 * The steward's behaviour suite on the embedded broker: over AMQP alone, and with what it shows besides.
 */
import { describe, test } from "#test"
import { Effect } from "effect"
import { layer, openSteward } from "../../../../adapters/amqp/mod.ts"
import { openManagement } from "../../../../adapters/management/mod.ts"
import { stewardSuite } from "../../../../src/testing/stewardSuite.ts"
import { serving } from "./serving.ts"

const broker = serving()
const alone = "AMQP alone does not show it"

stewardSuite({
  name: "the embedded broker over AMQP alone",
  layer: () => layer({ url: broker().url }),
  open: () =>
    Effect.map(openSteward({ url: broker().url, name: "suite" }), ({ steward }) => ({ steward, surveyor: steward })),
  features: { lists: alone, insight: alone, silent: "a look over AMQP is a delivery" },
  describe,
  test,
})

stewardSuite({
  name: "the embedded broker with what it shows",
  layer: () => layer({ url: broker().url }),
  open: () =>
    Effect.gen(function* () {
      const { steward, cluster, places } = yield* openSteward({ url: broker().url, name: "suite" })
      const surveyor = yield* openManagement({ url: `http://127.0.0.1:${broker().port}`, cluster, ...places[0]! })
      return { steward, surveyor }
    }),
  features: { lists: true, insight: true, silent: "a look over AMQP is a delivery" },
  describe,
  test,
})
