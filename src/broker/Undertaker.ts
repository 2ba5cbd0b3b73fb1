/**
 * The dead on their way: messages that left a queue without an ack, until another queue has them or nobody wants them.
 *
 * Between the queues, which say who died, and `Engine`, which says when to move them. They are moved one after another,
 * since a letter may die again on arrival. What their record says, and when it closes a circle, is `deaths.ts`.
 */
import type { Counters } from "./Counters.ts"
import { circles, type DeathReason } from "./deaths.ts"
import { Deque } from "./Deque.ts"
import { type Common, commonOf, type Message } from "./Message.ts"
import type { Payload } from "./Payload.ts"
import type { Queue } from "./Queue.ts"

/** What an undertaker stands on. */
export interface Parish<P> {
  readonly payload: Payload<P>
  readonly now: () => number
  /** The queues for these keys, each once; `undefined`: the exchange is unknown. */
  readonly route: (exchange: string, keys: ReadonlyArray<string>, packet: P) => ReadonlyArray<Queue<P>> | undefined
  /** A copy for a queue. */
  readonly copy: (
    queue: Queue<P>,
    packet: P,
    exchange: string,
    keys: ReadonlyArray<string>,
    common: Common,
  ) => Message<P>
  /** Where circles are counted. */
  readonly counters: Pick<Counters, "circles">
}

/** See the top of the file. */
export class Undertaker<P> {
  readonly #parish: Parish<P>
  readonly #dead = new Deque<
    { readonly queue: Queue<P>; readonly message: Message<P>; readonly reason: DeathReason }
  >()

  constructor(parish: Parish<P>) {
    this.#parish = parish
  }

  /** Takes a message that died in a queue. */
  take(queue: Queue<P>, message: Message<P>, reason: DeathReason): void {
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
  #moveOn(queue: Queue<P>, message: Message<P>, reason: DeathReason): boolean {
    const { deadLetterExchange: exchange, deadLetterKey } = queue.spec
    if (exchange === undefined) return false
    const { payload, now, route, copy, counters } = this.#parish
    const packet = payload.withDeath(message.packet, {
      queue: queue.name,
      reason,
      time: now(),
      exchange: message.exchange,
      key: message.key,
      isRerouted: deadLetterKey !== undefined,
    })
    const keys = deadLetterKey === undefined ? [message.key, ...message.carbons ?? []] : [deadLetterKey]
    const deaths = payload.deaths(packet)
    const common = commonOf(packet, payload)
    let reached = false
    for (const target of route(exchange, keys, packet) ?? []) {
      if (circles(deaths, target.name)) {
        counters.circles++
        continue
      }
      const letter = copy(target, packet, exchange, keys, common)
      if (target.refusesDead(letter.size)) {
        target.refuse(letter)
      } else {
        target.enter(letter)
        reached = true
      }
    }
    return reached
  }
}
