/**
 * When a failed event is tried again, as plain data.
 *
 * Delays are waited in the broker's retry tiers (they round up to the next tier), or in place for
 * listeners with `orderBy`. Calls are never retried here: their caller decides.
 */
import { Duration, Schema } from "effect"

/** How often and when. */
export interface RetryPolicy {
  /** Tries in all, the first included; at least 1. @default 5 */
  readonly attempts?: number
  /** Before the second, third, … try; the last one repeats. @default ["1 second", "5 seconds", "30 seconds", "2 minutes"] */
  readonly delays?: Duration.Input | ReadonlyArray<Duration.Input>
}

/** A policy, worked out. */
export interface Retry {
  readonly attempts: number
  /** Delay in ms before the try that follows `attempt`. */
  readonly delayAfter: (attempt: number) => number
}

/** A policy that cannot be followed; thrown where the handler is defined. */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  option: Schema.String,
  value: Schema.String,
  expected: Schema.String,
}) {
  override get message(): string {
    return `Cannot use ${this.value} for \`${this.option}\`: expected ${this.expected}`
  }
}

/** What holds unless the handler says otherwise. */
const defaults = { attempts: 5, delays: ["1 second", "5 seconds", "30 seconds", "2 minutes"] } as const

/** Works out a policy; `false` means one try only. */
export const makeRetry = (policy: RetryPolicy | false = {}): Retry => {
  const { attempts = defaults.attempts, delays = defaults.delays } = policy === false ? { attempts: 1 } : policy
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new InvalidOption({ option: "retry.attempts", value: String(attempts), expected: "a whole number from 1" })
  }
  const list = isList(delays) ? delays : [delays]
  const ms = list.map((delay) => millis("retry.delays", delay))
  if (ms.length === 0) {
    throw new InvalidOption({ option: "retry.delays", value: "[]", expected: "at least one duration" })
  }
  return { attempts, delayAfter: (attempt) => ms[Math.min(attempt, ms.length) - 1] ?? 0 }
}

/** A duration in ms; throws `InvalidOption` naming the option for what is none. */
export const millis = (option: string, input: Duration.Input): number => {
  let value: number
  try {
    // Effect takes what is negative, or no number, for zero
    const isTime = typeof input === "number"
      ? input >= 0
      : typeof input === "object"
      ? Object.keys(input).length > 0 || Duration.isDuration(input)
      : typeof input !== "string" || !input.trim().startsWith("-")
    value = isTime ? Duration.toMillis(Duration.fromInputUnsafe(input)) : Number.NaN
  } catch {
    value = Number.NaN
  }
  if (Number.isFinite(value) && value >= 0) return value
  throw new InvalidOption({
    option,
    value: typeof input === "number" ? String(input) : JSON.stringify(input) ?? String(input),
    expected: 'a finite duration such as "5 seconds" or a number of ms',
  })
}

const isList = (
  delays: Duration.Input | ReadonlyArray<Duration.Input>,
): delays is ReadonlyArray<Duration.Input> =>
  // a pair of numbers is Effect's own [seconds, nanos] form, which nobody means here
  Array.isArray(delays)
