/**
 * Which acks one channel owes the broker, and how to say them in few words.
 *
 * Between `Consumer.ts`, which says when, and the channel. An ack is 21 bytes, yet writing it costs as much as writing a
 * hundred of them, and a quorum queue takes each as an entry of its log: so they wait for each other, and one that is
 * "up to and including" stands for all before it. Pure. Tags are the channel's own: 1, 2, 3 in the order of delivery.
 */

/** One ack to write; `upTo`: it stands for every earlier delivery that is not settled yet. */
export interface Ack {
  readonly tag: number
  readonly upTo: boolean
}

/** The acks of one channel. */
export class Acks {
  /** Every delivery up to this tag is settled, or its ack is owed. */
  #through = 0
  /** Tags above it of which the same is true. */
  readonly #beyond = new Set<number>()
  #owed: Array<number> = []

  /** How many are owed. */
  get size(): number {
    return this.#owed.length
  }

  /** Owes one more. */
  owe(tag: number): void {
    this.#owed.push(tag)
    this.#count(tag)
  }

  /** This delivery was settled otherwise. */
  passOver(tag: number): void {
    this.#count(tag)
  }

  /** What to write now; nothing is owed then. */
  take(): ReadonlyArray<Ack> {
    const owed = this.#owed
    if (owed.length === 0) return none
    this.#owed = []
    // the broker takes no tag twice: the one that stands for others must be owed itself
    let last = 0
    let count = 0
    for (const tag of owed) {
      if (tag > this.#through) continue
      count++
      if (tag > last) last = tag
    }
    const acks: Array<Ack> = count === 0 ? [] : [{ tag: last, upTo: count > 1 }]
    for (const tag of owed) if (tag > this.#through) acks.push({ tag, upTo: false })
    return acks
  }

  #count(tag: number): void {
    if (tag !== this.#through + 1) return void this.#beyond.add(tag)
    this.#through = tag
    while (this.#beyond.delete(this.#through + 1)) this.#through++
  }
}

const none: ReadonlyArray<Ack> = []
