/**
 * What is counted in a queue, and in the engine as a whole.
 *
 * Below `Queue` and `Engine`, read through the view. Together with what is ready and in hand the counts of a queue
 * always add up: `entered = ready + unacked + acked + expired + rejected + maxlen + delivery_limit + purged`.
 */

/** Counts of one queue since it was declared, in messages. */
export interface QueueCounters {
  /** Copies that came in: published, dead-lettered or restored. */
  entered: number
  /** Hand-overs to consumers, repeated ones included. */
  delivered: number
  /** Hand-overs of messages that may have been delivered before. */
  redelivered: number
  /** Done. */
  acked: number
  /** Put back by a consumer. */
  requeued: number
  /** Put back because their consumer was lost. */
  returned: number
  /** Left because their time was up. */
  expired: number
  /** Left because a consumer rejected them. */
  rejected: number
  /** Left because the queue was full (`drop-head`). */
  maxlen: number
  /** Left because they came back too often. */
  delivery_limit: number
  /** Of those four, the ones that reached another queue. */
  deadLettered: number
  /** Of those four, the ones that reached none: no dead-letter exchange, nothing bound, a circle, all full. */
  dropped: number
  /** Publishes refused because the queue was full. */
  refused: number
  /** Taken out by `purge`, or deleted with the queue. */
  purged: number
}

/** Counts of the engine; those of deleted queues stay in the sums. */
export interface Counters extends QueueCounters {
  /** Publishes that reached an exchange. */
  published: number
  /** Publishes that no queue got. */
  unroutable: number
  /** Dead letters dropped because they went in circles. */
  circles: number
  /** Settlements ignored: not the first, or of a message no longer in hand. */
  late: number
  /** Exceptions thrown by consumers. */
  defects: number
}

/** Counts that start at zero. */
export const queueCounters = (): QueueCounters => ({
  entered: 0,
  delivered: 0,
  redelivered: 0,
  acked: 0,
  requeued: 0,
  returned: 0,
  expired: 0,
  rejected: 0,
  maxlen: 0,
  delivery_limit: 0,
  deadLettered: 0,
  dropped: 0,
  refused: 0,
  purged: 0,
})

/** Adds the counts of `from` to `to`. */
export const add = (to: QueueCounters, from: QueueCounters): void => {
  for (const name of Object.keys(from) as Array<keyof QueueCounters>) to[name] += from[name]
}
