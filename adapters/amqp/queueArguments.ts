/**
 * A `QueueSpec` in RabbitMQ's words: the flags and `x-` arguments of `queue.declare`.
 *
 * Above it: `declare.ts`. Pure. Names only what RabbitMQ 3.10 to 4.3 share: no mirrored or lazy queues, no
 * transient queues that are not exclusive, and a queue type in every declaration.
 */
import type { QueueSpec } from "../../src/transport/mod.ts"

/** What `queue.declare` is given besides the name. */
export interface QueueDeclaration {
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly exclusive: boolean
  readonly arguments: Readonly<Record<string, string | number | boolean>>
}

/**
 * Translates a queue.
 *
 * Details: a full queue refuses (`reject-publish`) rather than drop its oldest message, unless it is said otherwise. A
 * quorum queue with a dead-letter exchange dead-letters at least once, which RabbitMQ allows together with
 * `reject-publish` only: one that drops its oldest dead-letters at most once.
 */
export const queueDeclaration = (queue: QueueSpec): QueueDeclaration => {
  const { overflow = "reject-publish" } = queue
  const safe = queue.type === "quorum" && queue.deadLetterExchange !== undefined && overflow === "reject-publish"
  const entries: ReadonlyArray<readonly [string, string | number | boolean | undefined]> = [
    ["x-queue-type", queue.type],
    ["x-message-ttl", queue.messageTtl],
    ["x-expires", queue.expires],
    ["x-dead-letter-exchange", queue.deadLetterExchange],
    ["x-dead-letter-routing-key", queue.deadLetterKey],
    ["x-dead-letter-strategy", safe ? "at-least-once" : undefined],
    ["x-delivery-limit", queue.deliveryLimit],
    ["x-max-length", queue.maxLength],
    ["x-overflow", safe || queue.maxLength !== undefined ? overflow : undefined],
    ["x-single-active-consumer", queue.singleActiveConsumer === true ? true : undefined],
  ]
  return {
    durable: queue.durable ?? true,
    autoDelete: queue.autoDelete ?? false,
    exclusive: queue.exclusive ?? false,
    arguments: Object.fromEntries(entries.flatMap(([name, value]) => value === undefined ? [] : [[name, value]])),
  }
}
