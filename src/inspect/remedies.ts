/**
 * What differs in a remedy from one broker to another: what an operator of RabbitMQ does with its own tools, and what is done
 * to the embedded broker, which has none of these.
 *
 * Below the rooms that name causes. Words alone; decides nothing.
 */
import type { Place } from "./Scene.ts"

type Kind = Pick<Place, "kind">

/** Why what only a listing source sees is unknown. */
export const cannotSee = ({ kind }: Kind): string =>
  kind === "rabbitmq"
    ? "AMQP alone does not tell; RabbitMQ's management API would (--management)"
    : "AMQP alone does not tell; what the broker itself shows would (without --management off)"

/** Where consumers are seen by hand. */
export const listConsumers = ({ kind }: Kind): string =>
  kind === "rabbitmq" ? "`rabbitmqctl list_consumers`" : "`/api/consumers` at the broker's own address, over HTTP"

/** How a queue is deleted by hand. */
export const deleteQueue = ({ kind, vhost }: Pick<Place, "kind" | "vhost">, name: string): string =>
  kind === "rabbitmq" ? `\`rabbitmqctl delete_queue -p ${vhost} ${name}\`` : "`queue.delete` with any AMQP client"

/** Where limits that no declaration has are looked for, in brackets with a space before; `""`: there are none of that kind. */
export const listPolicies = ({ kind }: Kind): string => kind === "rabbitmq" ? " (`rabbitmqctl list_policies`)" : ""

/** How room is made for a broker that takes nothing. */
export const makeRoom = ({ kind }: Kind, what: "memory" | "disk"): string => {
  if (kind === "embedded") {
    return what === "disk"
      ? "Free space on the disk that the broker's data folder is on"
      : "Let what waits in its queues be handled (`warren topology --broker …` shows where it is)"
  }
  return what === "disk"
    ? "Free disk space on the broker's machine, or lower disk_free_limit"
    : "Give the broker memory (vm_memory_high_watermark), or let what waits in its queues be handled"
}
