/**
 * The same tree of spans over RabbitMQ.
 */
import { describe, test } from "#test"
import { tracesCase } from "./tracesCase.ts"
import { rabbit, skip } from "../support/rabbit.ts"

const url = rabbit()

describe("spans over RabbitMQ", () => {
  test("of a call, the calls it makes, an event and its retry are one tree", { skip }, () => tracesCase(url()))
})
