/**
 * When which queue needs attention, soonest first.
 *
 * Below `Engine`, which does what is due. Tells the engine's owner of an earlier time once, so that one timer is
 * enough; a later time is found when that timer ends. Holds no timer itself.
 */
import { Heap } from "./Heap.ts"
import type { Queue } from "./Queue.ts"

/** The queues that are due some time. */
export class Timetable<P> {
  readonly #queues = new Heap<Queue<P>>({ before: (a, b) => a.due < b.due, placed: (queue, slot) => queue.slot = slot })
  readonly #onDue: (due: number) => void
  #announced = Infinity

  constructor(onDue: (due: number) => void) {
    this.#onDue = onDue
  }

  /** The queue due soonest. */
  get first(): Queue<P> | undefined {
    return this.#queues.peek()
  }

  /** Notes that the due time of a queue has changed. */
  changed(queue: Queue<P>): void {
    if (queue.due === Infinity) {
      if (queue.slot >= 0) this.#queues.remove(queue.slot)
    } else if (queue.slot < 0) {
      this.#queues.push(queue)
    } else {
      this.#queues.moved(queue.slot)
    }
  }

  /** When something is due, ms; the owner then knows. */
  next(): number | undefined {
    this.#announced = this.first?.due ?? Infinity
    return this.#announced === Infinity ? undefined : this.#announced
  }

  /** Tells the owner if something is due before what it knows. */
  announce(): void {
    const due = this.first?.due
    if (due === undefined || due >= this.#announced) return
    this.#announced = due
    this.#onDue(due)
  }
}
