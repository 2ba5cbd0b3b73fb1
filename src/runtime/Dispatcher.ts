/**
 * What a handler's queue is given to: something that turns deliveries into verdicts and can be drained.
 *
 * `Serve` dispatches calls, `Listen` events and ticks; the host starts and drains them alike. How they tell the journal
 * of a message is the same for both, and here too.
 */
import type { Delivery, Packet } from "../transport/mod.ts"
import type { Mishap } from "../wire/mod.ts"
import type { Bound } from "./invoke.ts"
import type { Entry, Fact } from "./Journal.ts"

/** A consumer of deliveries that can be drained. */
export interface Dispatcher {
  readonly deliver: (delivery: Delivery) => void
  /** Starts nothing new and gives back what has not started. */
  readonly drain: () => void
  /** Ends what is still at work and gives it back. */
  readonly force: () => void
  /** Deliveries not settled yet. */
  readonly size: () => number
  /** What is at work now, for who asks. */
  readonly look: () => AtWork
  /** Marks those that are not settled now; says whether any of them still is not. */
  readonly mark: () => () => boolean
}

/** See {@link Dispatcher.look}. */
export interface AtWork {
  readonly running: number
  /** When the one began that began first, ms since the epoch, and which it is. */
  readonly since?: number
  readonly sinceId?: string
  /** Messages whose key stands still since their tries are used up, and the last of them. */
  readonly halted: number
  readonly lastHalted?: Mishap | undefined
}

/** {@link Dispatcher.look} over what is in hand; `startedAt` is 0 for what is not at work. */
export const lookAt = (
  jobs: Iterable<{ readonly startedAt: number; readonly delivery: Delivery }>,
): Omit<AtWork, "halted"> => {
  let running = 0
  let since = Number.POSITIVE_INFINITY
  let sinceId = ""
  for (const { startedAt, delivery } of jobs) {
    if (startedAt === 0) continue
    running++
    if (startedAt >= since) continue
    since = startedAt
    sinceId = delivery.packet.id
  }
  return running === 0 ? { running } : { running, since, sinceId }
}

/** {@link Dispatcher.mark} over what is in hand. */
export const markOf = <A>(jobs: Iterable<A> & { has(job: A): boolean }) => (): () => boolean => {
  const marked = [...jobs]
  return () => marked.some((job) => jobs.has(job))
}

/**
 * Gives a message that came again to the job that still has it in hand since before its connection was lost: it is not
 * run twice at once, and its verdict reaches the broker. Says whether there was such a job.
 */
export const takeBack = (jobs: Iterable<{ delivery: Delivery }>, again: Delivery): boolean => {
  const { id } = again.packet
  // foreign messages may have no id: they are not the same message
  if (id === "") return false
  for (const job of jobs) {
    if (job.delivery.packet.id !== id || !job.delivery.isGone()) continue
    job.delivery = again
    return true
  }
  return false
}

/** What a fact says besides who and what. */
export type Details = Pick<Entry, "attempt" | "cause" | "delay" | "error" | "ms" | "tag">

/** Writes facts about packets in the hands of one handler. */
export const recorderOf =
  ({ core, app, label }: Bound) => (packet: Packet, fact: Fact, details: Details = nothing): void =>
    core.journal.record({
      fact,
      at: core.now(),
      id: packet.id,
      type: packet.type,
      app,
      handler: label,
      attempt: details.attempt,
      cause: details.cause,
      delay: details.delay,
      error: details.error,
      ms: details.ms,
      tag: details.tag,
    })

const nothing: Details = {}
