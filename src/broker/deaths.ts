/**
 * What a message carries once it has died in a queue, and the rule that stops it from going in circles.
 *
 * Below `Engine`, which moves the dead. The record is RabbitMQ's `x-death` (one entry a queue and reason, latest
 * first, counted) in flat headers, since the port's headers are flat: `x-death` is that list as JSON, and
 * `x-first-death-queue`, `x-first-death-reason`, `x-first-death-exchange`, `x-last-death-queue`,
 * `x-last-death-reason`, `x-last-death-exchange`, `x-death-count` say the same in plain words. A publisher that
 * copies a message and drops these headers starts a new life. Pure.
 */
import type { HeaderValue, Packet } from "../transport/mod.ts"

/** Why a message left a queue other than by an ack. */
export type DeathReason = "expired" | "rejected" | "maxlen" | "delivery_limit"

/** One entry of the record: so often, for this reason, in this queue. */
export interface Death {
  readonly queue: string
  readonly reason: DeathReason
  readonly count: number
  /** Where it had been published to before it reached that queue. */
  readonly exchange: string
  readonly key: string
}

/** The deaths of a packet, latest first; a record that cannot be read counts as none. */
export const deathsOf = (packet: Packet): ReadonlyArray<Death> => {
  const text = packet.headers["x-death"]
  if (typeof text !== "string") return []
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.filter(isDeath) : []
  } catch {
    return []
  }
}

/** The packet with one more death on its record and without its own expiration. */
export const withDeath = (
  packet: Packet,
  queue: string,
  reason: DeathReason,
  exchange: string,
  key: string,
): Packet => {
  const earlier = deathsOf(packet)
  const same = earlier.find((death) => death.queue === queue && death.reason === reason)
  const latest: Death = { queue, reason, count: (same?.count ?? 0) + 1, exchange, key }
  const deaths = [latest, ...earlier.filter((death) => death !== same)]
  const first = packet.headers["x-first-death-queue"] === undefined
    ? { "x-first-death-queue": queue, "x-first-death-reason": reason, "x-first-death-exchange": exchange }
    : {}
  const headers: Record<string, HeaderValue> = {
    ...packet.headers,
    ...first,
    "x-last-death-queue": queue,
    "x-last-death-reason": reason,
    "x-last-death-exchange": exchange,
    "x-death-count": deaths.reduce((sum, death) => sum + death.count, 0),
    "x-death": JSON.stringify(deaths),
  }
  const { expiration: _, ...rest } = packet
  return { ...rest, headers }
}

/**
 * Whether entering `queue` would close a circle that nobody chose: it died there before, and no consumer has
 * rejected it since (the death that brings it there included).
 */
export const circles = (
  deaths: ReadonlyArray<Pick<Death, "queue"> & { readonly reason: string }>,
  queue: string,
): boolean => {
  const last = deaths.findIndex((death) => death.queue === queue)
  return last >= 0 && deaths.slice(0, last + 1).every((death) => death.reason !== "rejected")
}

const isDeath = (value: unknown): value is Death =>
  typeof value === "object" && value !== null && "queue" in value && "reason" in value && "count" in value &&
  typeof value.count === "number"
