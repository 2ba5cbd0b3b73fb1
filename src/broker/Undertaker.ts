/**
 * The dead on their way: messages that left a queue without an ack, until another queue has them or nobody wants them.
 *
 * Between the queues, which say who died, and `Engine`, which says when to move them. They are moved one after another,
 * since a letter may die again on arrival. What their record says, and when it closes a circle, is `deaths.ts`.
 */
import type { Counters } from "./Counters.ts"
import { circles, type DeathReason, deathsOf, withDeath } from "./deaths.ts"
import { Deque } from "./Deque.ts"
import { expiry, Message } from "./Message.ts"
import type { Queue } from "./Queue.ts"

/** What an undertaker stands on. */
export interface Parish {
  readonly now: () => number
  /** The queues for a key; `undefined`: the exchange is unknown. */
  readonly route: (exchange: string, key: string) => ReadonlyArray<Queue> | undefined
  /** Where circles are counted. */
  readonly counters: Pick<Counters, "circles">
}

/** See the top of the file. */
export class Undertaker {
  readonly #parish: Parish
  readonly #dead = new Deque<{ readonly queue: Queue; readonly message: Message; readonly reason: DeathReason }>()

  constructor(parish: Parish) {
    this.#parish = parish
  }

  /** Takes a message that died in a queue. */
  take(queue: Queue, message: Message, reason: DeathReason): void {
    this.#dead.push({ queue, message, reason })
  }

  /** Moves the dead on, and those that die of it. */
  bury(): void {
    for (let dead = this.#dead.shift(); dead !== undefined; dead = this.#dead.shift()) {
      const { queue, message, reason } = dead
      if (this.#moveOn(queue, message, reason)) queue.counters.deadLettered++
      else queue.counters.dropped++
    }
  }

  /** Says whether any queue took it. */
  #moveOn(queue: Queue, message: Message, reason: DeathReason): boolean {
    const { deadLetterExchange: exchange, deadLetterKey: key = message.key } = queue.spec
    if (exchange === undefined) return false
    const packet = withDeath(message.packet, queue.name, reason, message.exchange, message.key)
    const deaths = deathsOf(packet)
    let reached = false
    for (const target of this.#parish.route(exchange, key) ?? []) {
      if (circles(deaths, target.name)) {
        this.#parish.counters.circles++
      } else if (!target.full) {
        target.enter(
          new Message(packet, exchange, key, expiry(packet.expiration, target.spec.messageTtl, this.#parish.now)),
        )
        reached = true
      }
    }
    return reached
  }
}
