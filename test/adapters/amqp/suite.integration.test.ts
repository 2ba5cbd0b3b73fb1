/**
 * The port's behaviour suite on RabbitMQ.
 */
import { describe, test } from "#test"
import { layer } from "../../../adapters/amqp/mod.ts"
import { transportSuite } from "../../../src/testing/transportSuite.ts"
import { rabbit, skip } from "../../support/rabbit.ts"

const url = rabbit()

transportSuite({
  name: "RabbitMQ",
  layer: () => layer({ url: url() }),
  features: { shared: true, givesBack: true, expires: true },
  describe,
  test,
  skip,
})
