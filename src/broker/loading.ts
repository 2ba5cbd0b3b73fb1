/**
 * Messages as a store gives them back, made into what queues hold.
 *
 * Below `Engine`. Their numbers and places are the recorded ones, so that what happens to them next is recorded of them.
 */
import type { Entry } from "./Journal.ts"
import { type Common, commonOf, Message } from "./Message.ts"
import type { Payload } from "./Payload.ts"

/** The messages of each queue, head first. Those that carry the same object weigh once. */
export const byQueue = <P>(
  entries: ReadonlyArray<Entry<P>>,
  payload: Payload<P>,
): ReadonlyMap<string, ReadonlyArray<Message<P>>> => {
  const commons = new Map<P, Common>()
  const queues = new Map<string, Array<Message<P>>>()
  for (const entry of entries) {
    const { queue, id, place, packet, redelivered, returns, carbons, expiresAt = Infinity } = entry
    const message = new Message(packet, entry.exchange, entry.key, expiresAt, payload.size(packet))
    const common = commons.get(packet) ?? commonOf(packet, payload)
    commons.set(packet, common)
    Object.assign(message, { id, place, redelivered, returns, carbons, common })
    const list = queues.get(queue)
    if (list === undefined) queues.set(queue, [message])
    else list.push(message)
  }
  for (const list of queues.values()) list.sort((a, b) => a.place - b.place || a.id - b.id)
  return queues
}
