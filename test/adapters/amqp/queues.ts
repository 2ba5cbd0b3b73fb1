/**
 * Queues of a real broker for tests of the steward: filled, looked at by a steward, and read by another program.
 */
import type { ConfirmChannel } from "amqplib"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { Effect, Result } from "effect"
import { openSteward } from "../../../adapters/amqp/mod.ts"
import type { Steward, StewardError } from "../../../src/transport/mod.ts"
import { onChannel } from "../../support/onChannel.ts"

/** What a test does with the queues of the broker at that address. */
export const makeQueues = (url: () => string) => {
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

  return { steward, reasonOf, foreign, filled, idsIn }
}
