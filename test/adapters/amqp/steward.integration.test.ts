/**
 * The steward over AMQP, beyond what `stewardSuite.ts` asks of every one: several hosts, and kinds of queues.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Result } from "effect"
import { openSteward } from "../../../adapters/amqp/mod.ts"
import { rabbit, skip } from "../../support/rabbit.ts"
import { makeQueues } from "./queues.ts"

const url = rabbit()

const { steward, filled } = makeQueues(url)

describe("openSteward()", () => {
  test("goes on to the next host of a URL, and says of none what is wrong", { skip }, async () => {
    const found = await steward((one) => one.look("steward-nothing"), url().replace("@", "@127.0.0.1:1,"))
    assert.equal(found, undefined)
    const opened = await Effect.runPromise(
      Effect.result(Effect.scoped(openSteward({ url: "amqp://u:secret@127.0.0.1:1" }))),
    )
    assert.ok(Result.isFailure(opened))
    assert.match(opened.failure.message, /^Cannot connect to "amqp:\/\/u@127\.0\.0\.1:1": .*start the broker/)
  })

  const kinds: Readonly<Record<string, Readonly<Record<string, number | boolean>>>> = {
    "a queue": {},
    "a queue with a delivery limit": { "x-delivery-limit": 20 },
    "a queue of one consumer at a time": { "x-single-active-consumer": true },
  }
  for (const [kind, more] of Object.entries(kinds)) {
    test(
      `peek() of ${kind} leaves its messages in their order, and counts the look`,
      { skip },
      () =>
        filled(5, async (queue) => {
          const first = await steward((one) => one.peek(queue, 3))
          assert.deepEqual(first.map(({ packet }) => packet.id), ["m0", "m1", "m2"])
          const again = await steward((one) => one.peek(queue, 10))
          assert.deepEqual(again.map(({ packet }) => packet.id), ["m0", "m1", "m2", "m3", "m4"])
          assert.deepEqual(again.map(({ deliveryCount }) => deliveryCount), [1, 1, 1, 0, 0])
          assert.deepEqual(
            await steward((one) => one.look(queue)),
            { name: queue, type: null, ready: 5, unacked: null, consumers: 0 },
          )
        }, more),
    )
  }
})
