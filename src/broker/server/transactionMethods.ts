/**
 * `tx.select`, `commit`, `rollback`, and `confirm.select`, which exclude each other.
 *
 * Above `Transaction.ts` and `Confirms.ts`; a table for `Channel.ts`.
 */
import type { Channel } from "./Channel.ts"
import type { Handlers } from "./Handlers.ts"
import { route } from "./publish.ts"
import { refused } from "./refusal.ts"
import { carryOut } from "./settlingMethods.ts"
import { type Settling, Transaction } from "./Transaction.ts"

const current = ({ transaction }: Channel): Transaction => {
  if (transaction === undefined) throw refused("PRECONDITION_FAILED", "channel is not transactional")
  return transaction
}

const isQuorum = ({ engine }: Channel, { hand }: Settling): boolean => engine.queue(hand.queue)?.spec.type === "quorum"

/** Those settlements, in their order. */
const part = (
  settlements: ReadonlyArray<ReadonlyArray<Settling>>,
  isIn: (one: Settling) => boolean,
): ReadonlyArray<ReadonlyArray<Settling>> =>
  settlements.map((together) => together.filter(isIn)).filter(({ length }) => length > 0)

/** See the top of the file. */
export const transactionMethods: Handlers = {
  "confirm.select": (channel) => {
    if (channel.transaction !== undefined) {
      throw refused("PRECONDITION_FAILED", "cannot switch from tx to confirm mode")
    }
    channel.confirm()
    return { name: "confirm.select-ok" }
  },
  "tx.select": (channel) => {
    if (channel.confirms !== undefined) throw refused("PRECONDITION_FAILED", "cannot switch from confirm to tx mode")
    channel.transaction ??= new Transaction()
    return { name: "tx.select-ok" }
  },
  "tx.commit": (channel) => {
    const { publishes, settlements } = current(channel).take()
    // with RabbitMQ a quorum queue takes verdicts before what it was sent just before them
    carryOut(channel, ...part(settlements, (one) => isQuorum(channel, one)))
    const refusing = publishes.flatMap(({ method, content, send }) => route(channel, method, content, send))
    carryOut(channel, ...part(settlements, (one) => !isQuorum(channel, one)))
    // that a quorum queue refuses something is lost on a commit of RabbitMQ
    if (refusing.some((name) => channel.engine.queue(name)?.spec.type === "classic")) {
      throw refused("PRECONDITION_FAILED", "partial tx completion")
    }
    return { name: "tx.commit-ok" }
  },
  "tx.rollback": (channel) => {
    const { settlements } = current(channel).take()
    const restored = [...channel.unacked, ...settlements.flat().map((one) => [one.tag, one] as const)]
    channel.unacked.clear()
    for (const [tag, { hand, consumerTag }] of restored.sort(([a], [b]) => a - b)) {
      channel.unacked.set(tag, { hand, consumerTag })
    }
    return { name: "tx.rollback-ok" }
  },
}
