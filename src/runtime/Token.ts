/**
 * A schedule's token: whoever holds it makes the schedule's ticks. What it says, and which of two counts.
 *
 * One small message in a queue with a single active consumer. It tells from where due times count: `{"last":…}`, the
 * due time of the last tick made, handed on from holder to holder; or `{"since":…}` on a token with which no tick was
 * made yet, as every process offers one when it starts. Pure; `Schedules.ts` hands it on.
 */
import { Result } from "effect"
import type { Packet } from "../transport/mod.ts"
import { fromBytes, toBytes } from "../wire/mod.ts"

/** A token as it is understood. */
export interface Token {
  /** From where due times count, ms since the epoch. */
  readonly from: number
  /** Whether a tick was made with it: `from` is that tick's due time. */
  readonly isUsed: boolean
}

/** Clocks that are off so far, ms, are believed; a token from later than that would silence the schedule. */
const farAhead = 86_400_000

/** The token as a message. */
export const tokenPacket = (app: string, name: string, { from, isUsed }: Token, now: number): Packet => ({
  id: `token.${app}.${name}.${from}`,
  type: `token.${app}.${name}`,
  app,
  timestamp: now,
  contentType: "application/json",
  persistent: true,
  headers: {},
  body: Result.getOrThrow(toBytes(isUsed ? { last: from } : { since: from })),
})

/** Reads a token, or says why it is none. */
export const readToken = ({ body }: Packet, now: number): Result.Result<Token, string> => {
  const json = fromBytes(body)
  if (Result.isFailure(json)) return Result.fail(json.failure.message)
  const { last, since } = (json.success ?? {}) as { readonly last?: unknown; readonly since?: unknown }
  const isUsed = last !== undefined
  const from = isUsed ? last : since
  if (typeof from !== "number" || !(from >= 0)) return Result.fail('it has neither "last" nor "since" as a time in ms')
  return from <= now + farAhead
    ? Result.succeed({ from, isUsed })
    : Result.fail(`its time ${from} is more than a day ahead of this clock, ${now}`)
}

/**
 * Whether `next` counts and `held` is let go. A used one counts before an offered one; of two used ones that of the newer
 * tick; of two offered ones the older, so that no due time between them is lost; of equals the one that came later.
 */
export const replaces = (next: Token, held: Token): boolean => {
  if (next.isUsed !== held.isUsed) return next.isUsed
  return next.isUsed ? next.from >= held.from : next.from <= held.from
}
