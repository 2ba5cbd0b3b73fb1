/**
 * The port's behaviour suite on the embedded broker, over TCP.
 */
import { describe, test } from "#test"
import { layer } from "../../../../adapters/amqp/mod.ts"
import { transportSuite } from "../../../../src/testing/transportSuite.ts"
import { serving } from "./serving.ts"

const broker = serving()

transportSuite({
  name: "the embedded broker",
  layer: () => layer({ url: broker().url }),
  features: { shared: true, givesBack: true, expires: true },
  describe,
  test,
})
