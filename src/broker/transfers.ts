/**
 * Messages that go from one queue to another because somebody says so.
 *
 * Below `Engine`, which finds the queues and ends the operation; above `Queue`. Each is one step: nothing else happens
 * meanwhile, and a message is never in two queues or none.
 */
import type { Refusal } from "./declare.ts"
import type { Message } from "./Message.ts"
import type { Moved, Seen, Sifted } from "./operations.ts"
import { Queue } from "./Queue.ts"

/** What they stand on. */
export interface Ground<P> {
  readonly now: () => number
  /** The queue of that name. */
  readonly find: (name: string) => Queue<P> | Refusal
  /** A new message for a queue, as if it were published to it alone. */
  readonly make: (queue: Queue<P>, packet: P) => Message<P>
}

/** Moves what is ready in a queue to the back of another; where that takes no more, the rest stays. */
export const move = <P>(
  { now, make }: Ground<P>,
  source: Queue<P>,
  target: Queue<P>,
  copy: (packet: P) => P,
): Moved => {
  let moved = 0
  let isFull = false
  for (let left = source === target ? 0 : source.ready; left > 0 && !isFull; left--) {
    source.expire(now())
    const { head } = source
    if (head === undefined) break
    const message = make(target, copy(head.packet))
    isFull = target.refuses(message.size)
    if (isFull) {
      target.counters.refused++
    } else {
      target.enter(message)
      source.pass()
      moved++
    }
  }
  return { _tag: "Moved", moved, isFull }
}

/** Takes chosen ones of the first messages out; ends at the first copy that cannot enter, and after so many copies. */
export const sift = <P>(
  { now, find, make }: Ground<P>,
  source: Queue<P>,
  most: number,
  copies: number,
  choose: (message: Seen<P>) => "keep" | "drop" | { readonly to: string; readonly packet: P },
): Sifted => {
  source.expire(now())
  const through = new Set<Message<P>>()
  let left = copies
  let failure: Sifted["failure"]
  for (const message of source.first(most)) {
    const fate = choose(seen(message))
    if (fate === "keep") continue
    if (fate !== "drop") {
      const target = find(fate.to)
      if (!(target instanceof Queue)) {
        failure = target
        break
      }
      const copied = make(target, fate.packet)
      if (target.refuses(copied.size)) {
        failure = { _tag: "Full", name: fate.to }
        break
      }
      target.enter(copied)
      left--
    }
    through.add(message)
    if (left <= 0) break
  }
  source.passAll(through)
  return { _tag: "Sifted", through: through.size, failure }
}

/** A message as it is. */
export const seen = <P>({ packet, key, redelivered, returns }: Message<P>): Seen<P> => ({
  packet,
  key,
  redelivered,
  deliveryCount: returns,
})
