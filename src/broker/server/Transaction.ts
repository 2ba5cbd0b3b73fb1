/**
 * What a channel has said since its last commit: publishes and settlements, carried out together or not at all.
 *
 * Below `transactionMethods.ts` and `settlingMethods.ts`. As with RabbitMQ a commit is not atomic over several queues; it is
 * one step of the engine's time all the same, since nothing comes between.
 */
import type { MethodOf } from "../amqp/mod.ts"
import type { Published } from "../operations.ts"
import type { Unacked } from "./Channel.ts"
import type { Content } from "./Content.ts"

/** What is to become of a delivery. */
export interface Settling extends Unacked {
  readonly tag: number
  readonly verdict: "ack" | "requeue" | "reject"
}

/** A publish that waits. */
export interface Publishing {
  readonly method: MethodOf<"basic.publish">
  readonly content: Content
  /** Where it goes was found when it came; this sends it there. */
  readonly send: () => Published
}

/** See the top of the file. */
export class Transaction {
  #publishes: Array<Publishing> = []
  /** As they were told; those of one verdict after another are one, as with RabbitMQ, in the order of their tags. */
  #settlements: Array<ReadonlyArray<Settling>> = []
  #bytes = 0

  /** Notes a publish. */
  publish(method: Publishing["method"], content: Content, send: Publishing["send"]): void {
    this.#publishes.push({ method, content, send })
    this.#bytes += content.body.length
  }

  /** Notes settlements. */
  settle(settlings: ReadonlyArray<Settling>): void {
    const last = this.#settlements.at(-1)
    const [first] = settlings
    if (first === undefined) return
    if (last?.[0]?.verdict !== first.verdict) this.#settlements.push(settlings)
    else this.#settlements[this.#settlements.length - 1] = [...last, ...settlings].sort((a, b) => a.tag - b.tag)
  }

  /** Bytes of bodies that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Settlements that wait, in the order they came. */
  settlements(): ReadonlyArray<Settling> {
    return this.#settlements.flat()
  }

  /** All that waits; from here on nothing does. */
  take(): {
    readonly publishes: ReadonlyArray<Publishing>
    readonly settlements: ReadonlyArray<ReadonlyArray<Settling>>
  } {
    const taken = { publishes: this.#publishes, settlements: this.#settlements }
    this.#publishes = []
    this.#settlements = []
    this.#bytes = 0
    return taken
  }
}
