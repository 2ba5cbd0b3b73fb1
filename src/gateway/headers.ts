/**
 * The request headers that a client steers a call or an emit by, and the trace it takes part in.
 *
 * `warren-timeout` (ms), `warren-id` (repeats an emit), `traceparent` and `tracestate` (W3C). The first two are refused when they make no
 * sense; a malformed `traceparent` starts a new trace, as the standard asks. `warren-trail` asks for the way of a call, which
 * the answer has under the same name.
 */
import { Clock, Effect, Result } from "effect"
import type { CallTrail } from "../runtime/mod.ts"
import { CurrentIds, nextTrace, parseTraceparent, type Trace, withState } from "../wire/mod.ts"
import { type Problem, problems } from "./problem.ts"

/** Names of the request headers. */
export const RequestHeader = {
  timeout: "warren-timeout",
  id: "warren-id",
  trail: "warren-trail",
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

/** The longest header that tells of a call's way, characters; of what is longer the handler's own calls are left out. */
const longestTrail = 8_000

/** A call's way as the value of a header, where only ASCII is safe; `undefined`: it is too long. */
export const writeTrail = (trail: CallTrail): string | undefined => {
  const write = (value: CallTrail): string =>
    JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
  const { server, ...own } = trail
  const all = [trail, ...(server === undefined ? [] : [{ ...own, server: { ...server, calls: [] } }]), own]
  return all.map(write).find((text) => text.length <= longestTrail)
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
