/**
 * The request headers that a client steers a call or an emit by, and the trace it takes part in.
 *
 * `warren-timeout` (ms), `warren-id` (repeats an emit), `traceparent` and `tracestate` (W3C). The first two are refused when they make no
 * sense; a malformed `traceparent` starts a new trace, as the standard asks.
 */
import { Clock, Effect, Result } from "effect"
import { CurrentIds, nextTrace, parseTraceparent, type Trace, withState } from "../wire/mod.ts"
import { type Problem, problems } from "./problem.ts"

/** Names of the request headers. */
export const RequestHeader = {
  timeout: "warren-timeout",
  id: "warren-id",
  traceparent: "traceparent",
  tracestate: "tracestate",
} as const

/** The wanted deadline, ms; `undefined`: the bus's own. */
export const readTimeout = (headers: Headers, most: number): Result.Result<number | undefined, Problem> => {
  const text = headers.get(RequestHeader.timeout)
  if (text === null) return Result.succeed(undefined)
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : 0
  return ms >= 1 ? Result.succeed(Math.min(ms, most)) : Result.fail(
    problems.invalidHeader(RequestHeader.timeout, text, "milliseconds as a whole number from 1, such as 500"),
  )
}

/** The id under which an event is emitted again; `undefined`: a fresh one. */
export const readId = (headers: Headers): Result.Result<string | undefined, Problem> => {
  const text = headers.get(RequestHeader.id)
  if (text === null) return Result.succeed(undefined)
  return /^[\w.:-]{1,100}$/.test(text) ? Result.succeed(text) : Result.fail(
    problems.invalidHeader(RequestHeader.id, text, 'at most 100 letters, digits and "-", "_", ".", ":"'),
  )
}

/** The client's step, if it says where it stands. */
export const parentIn = (headers: Headers): Trace | undefined =>
  withState(
    parseTraceparent(headers.get(RequestHeader.traceparent)),
    headers.get(RequestHeader.tracestate) ?? undefined,
  )

/** The gateway's own step in the client's trace, or in a new one. */
export const readTrace = (headers: Headers): Effect.Effect<Trace> =>
  Effect.gen(function* () {
    const ids = yield* CurrentIds
    return nextTrace(parentIn(headers), ids.next(yield* Clock.currentTimeMillis))
  })
