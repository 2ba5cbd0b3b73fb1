/**
 * The steward on a real broker: it looks without disturbing, moves without losing, and removes only what nobody needs.
 */
import { describe, test } from "#test"
import type { ConfirmChannel } from "amqplib"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { Effect, Result } from "effect"
import { openSteward } from "../../../adapters/amqp/mod.ts"
import type { Steward, StewardError } from "../../../src/transport/mod.ts"
import { onChannel } from "../../support/onChannel.ts"
import { rabbit, skip } from "../../support/rabbit.ts"

const url = rabbit()

/** Uses a steward. */
const steward = <A>(use: (steward: Steward) => Effect.Effect<A, StewardError>, at = url()): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(Effect.flatMap(openSteward({ url: at, name: "test" }), ({ steward }) => use(steward))),
  )

const reasonOf = async <A>(use: (steward: Steward) => Effect.Effect<A, StewardError>): Promise<string> => {
  const result = await steward((one) => Effect.result(use(one)))
  assert.ok(Result.isFailure(result), `It succeeded with ${JSON.stringify(result)}`)
  return `${result.failure.reason._tag}: ${result.failure.message}`
}

const foreign = <A>(use: (channel: ConfirmChannel) => Promise<A>): Promise<A> => onChannel(url(), use)

/** A quorum queue that holds so many messages, `m0` first; it is removed in the end. */
const filled = async (
  count: number,
  run: (queue: string) => Promise<void>,
  more: Readonly<Record<string, string | number | boolean>> = {},
): Promise<void> => {
  const queue = `steward-${crypto.randomUUID()}`
  try {
    await foreign(async (channel) => {
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum", ...more } })
      for (let i = 0; i < count; i++) channel.sendToQueue(queue, Buffer.from(String(i)), { messageId: `m${i}` })
    })
    await run(queue)
  } finally {
    await foreign((channel) => channel.deleteQueue(queue))
  }
}

const idsIn = (queue: string, count: number): Promise<ReadonlyArray<string>> =>
  foreign(async (channel) => {
    const ids: Array<string> = []
    for (let i = 0; i < count; i++) {
      const message = await channel.get(queue)
      if (message === false) break
      ids.push(String(message.properties.messageId))
    }
    return ids
  })

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

  test("peek() of an empty queue, and look() at none", { skip }, () =>
    filled(0, async (queue) => {
      assert.deepEqual(await steward((one) => one.peek(queue, 3)), [])
      assert.equal(await steward((one) => one.look(`${queue}-not`)), undefined)
      assert.match(await reasonOf((one) => one.peek(`${queue}-not`, 3)), /^NotFound/)
    }))

  test("survey() finds which of the known names exist", { skip }, () =>
    filled(2, async (queue) => {
      const known = [queue, `${queue}-not`, queue]
      const { complete, queues, bindings } = await steward((one) =>
        one.survey({ prefix: "steward-", exchange: "amq.topic", known })
      )
      assert.deepEqual([complete, bindings, queues.map(({ ready }) => ready)], [false, undefined, [2]])
    }))

  test(
    "move() moves more than fits in one hand, in order",
    { skip },
    () =>
      filled(350, (from) =>
        filled(0, async (to) => {
          assert.equal(await steward((one) => one.move(from, to, { "warren-dead-reason": "retired" })), 350)
          assert.equal((await steward((one) => one.look(from)))?.ready, 0)
          assert.deepEqual(await idsIn(to, 400), Array.from({ length: 350 }, (_, i) => `m${i}`))
        })),
  )

  test(
    "move() to a queue that is not there, or takes nothing, leaves every message",
    { skip },
    () =>
      filled(3, async (from) => {
        assert.match(await reasonOf((one) => one.move(from, `${from}-not`, {})), /^NotFound: .*-not" does not exist/)
        await foreign((channel) =>
          channel.assertQueue(`${from}-full`, {
            durable: true,
            arguments: { "x-max-length": 0, "x-overflow": "reject-publish" },
          })
        )
        assert.match(await reasonOf((one) => one.move(from, `${from}-full`, {})), /takes nothing more/)
        await foreign((channel) => channel.deleteQueue(`${from}-full`))
        assert.deepEqual(await idsIn(from, 5), ["m0", "m1", "m2"])
      }),
  )

  test(
    "remove() refuses a queue that is consumed or holds too much, and says what went",
    { skip },
    () =>
      filled(2, async (queue) => {
        assert.match(await reasonOf((one) => one.remove(queue, 1)), /^NotEmpty: .*holds 2 messages/)
        await foreign(async (channel) => {
          await channel.prefetch(1)
          await channel.consume(queue, () => {})
          assert.match(await reasonOf((one) => one.remove(queue, 10)), /^InUse: .*has 1 consumer/)
        })
        const queues = await steward((one) =>
          Effect.gen(function* () {
            // a quorum queue forgets the consumer of a closed connection in a moment
            for (let i = 0; i < 50 && (yield* one.look(queue))?.consumers !== 0; i++) yield* Effect.sleep(20)
            return [yield* one.remove(queue, 2), yield* one.look(queue)]
          })
        )
        assert.deepEqual(queues, [2, undefined])
        assert.match(await reasonOf((one) => one.remove(queue, 2)), /^NotFound/)
      }),
  )

  test(
    "bind() and unbind() change what comes in; a second time is as good as once",
    { skip },
    () =>
      filled(0, async (queue) => {
        const binding = { exchange: "amq.topic", queue, key: queue }
        const send = () => foreign((channel) => Promise.resolve(channel.publish("amq.topic", queue, Buffer.from("x"))))
        await steward((one) => Effect.andThen(one.bind(binding), one.bind(binding)))
        await send()
        await steward((one) => Effect.andThen(one.unbind(binding), one.unbind(binding)))
        await send()
        assert.equal((await steward((one) => one.look(queue)))?.ready, 1)
      }),
  )
})
