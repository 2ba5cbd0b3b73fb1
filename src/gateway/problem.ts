/**
 * Failures as problem details (RFC 9457), `application/problem+json`: the one table from errors to HTTP.
 *
 * Above it the routes, below it the errors of the bus. Tells clients what they can act on and nothing of the inside:
 * what a handler threw, what a broker said and where it is stay in the log, under the trace that every problem names.
 */
import { Result } from "effect"
import {
  type CallError,
  type CallSpec,
  type ContractSpec,
  type EmitError,
  isCall,
  isCallError,
  NotConfirmed,
} from "../contract/mod.ts"
import { declaredStatus } from "./declaredStatus.ts"

/** One failure, before it has a place (`instance`) and a trace. */
export interface Problem {
  readonly status: number
  /** The last part of its type: `invalid-payload`. */
  readonly kind: string
  readonly title: string
  readonly detail: string
  /** Further members: `field`, `expected`, `error`, … */
  readonly members?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** Its whole type, where that is not {@link problemType} of its kind. */
  readonly type?: string
}

/** Types of problems are URNs, since they name and do not locate; docs/errors.md lists them. */
export const problemType = (kind: string): string => `urn:warren:problem:${kind}`

/** The type of a declared error. */
export const declaredType = (tag: string): string => `urn:warren:error:${tag}`

/** The media type of problems. */
export const problemMedia = "application/problem+json"

/** The body of a problem's response. */
export const problemBody = (problem: Problem, instance: string, trace: string): Record<string, unknown> => ({
  type: problem.type ?? problemType(problem.kind),
  title: problem.title,
  status: problem.status,
  detail: problem.detail,
  instance,
  trace,
  ...problem.members,
})

/** What a request can get wrong before the bus has a part in it. */
export const problems = {
  invalidJson: (detail: string): Problem => ({
    status: 400,
    kind: "invalid-json",
    title: "The body is not JSON",
    detail: `Cannot read the body as JSON: ${detail}`,
  }),
  invalidHeader: (header: string, value: string, expected: string): Problem => ({
    status: 400,
    kind: "invalid-header",
    title: "A header is not valid",
    detail: `Cannot use "${value.slice(0, 100)}" for the header "${header}": expected ${expected}`,
    members: { header, value: value.slice(0, 100), expected },
  }),
  unauthorized: (given: boolean): Problem => ({
    status: 401,
    kind: "unauthorized",
    title: "A token is needed",
    detail: given ? "The token is not the right one" : "Send the token as `Authorization: Bearer <token>`",
    headers: { "www-authenticate": given ? 'Bearer realm="warren", error="invalid_token"' : 'Bearer realm="warren"' },
  }),
  forbidden: (detail: string): Problem => ({
    status: 403,
    kind: "forbidden",
    title: "Not from here",
    detail,
  }),
  notFound: (detail: string): Problem => ({
    status: 404,
    kind: "not-found",
    title: "Nothing of that name",
    detail,
  }),
  methodNotAllowed: (method: string, allowed: string): Problem => ({
    status: 405,
    kind: "method-not-allowed",
    title: "The method does not fit",
    detail: `Cannot ${method} here; allowed: ${allowed}`,
    headers: { allow: allowed },
  }),
  notInspected: (detail: string, remedy: string): Problem => ({
    status: 403,
    kind: "inspection-off",
    title: "Inspection is off here",
    detail,
    members: { remedy },
  }),
  notAnswered: (detail: string, remedy: string | undefined): Problem => ({
    status: 422,
    kind: "inspection",
    title: "Inspection has no answer",
    detail,
    ...(remedy !== undefined && { members: { remedy } }),
  }),
  bodyTimeout: (ms: number): Problem => ({
    status: 408,
    kind: "request-timeout",
    title: "The body came too slowly",
    detail: `The body was not there within ${ms} ms`,
    headers: { connection: "close" },
  }),
  tooLarge: (limit: number): Problem => ({
    status: 413,
    kind: "too-large",
    title: "The body is too large",
    detail: `The body has more than ${limit} bytes`,
    members: { limit },
    headers: { connection: "close" },
  }),
  notMediaType: (detail: string): Problem => ({
    status: 415,
    kind: "unsupported-media-type",
    title: "The body must be JSON",
    detail,
    headers: { accept: "application/json" },
  }),
  internal: (): Problem => ({
    status: 500,
    kind: "internal",
    title: "The gateway failed",
    detail: "The gateway itself failed; its log has the cause under this trace",
  }),
} as const

/** The problem that a failure of the bus is to an HTTP client. */
export const problemOf = (contract: ContractSpec, error: unknown): Problem => {
  if (isCallError(error) || error instanceof NotConfirmed) return busProblem(error)
  return (isCall(contract) ? declaredProblem(contract, error) : undefined) ?? problems.internal()
}

const declaredProblem = (contract: CallSpec, error: unknown): Problem | undefined => {
  const encoded = contract.failsCodec.encode(error)
  if (Result.isFailure(encoded)) return undefined
  const tag = tagOf(error)
  const message = error instanceof Error ? error.message : ""
  return {
    status: declaredStatus(contract.fails, error),
    kind: "",
    type: declaredType(tag),
    title: tag,
    detail: message === "" || message === tag ? `"${contract.type}" failed with ${tag}` : message,
    members: { error: encoded.success },
  }
}

const tagOf = (error: unknown): string => {
  const tag = typeof error === "object" && error !== null ? (error as { readonly _tag?: unknown })._tag : undefined
  return typeof tag === "string" ? tag : "Error"
}

const later = (seconds: number) => ({ "retry-after": String(seconds) })

const busProblem = (error: CallError | EmitError): Problem => {
  const told = { detail: error.message }
  switch (error._tag) {
    case "InvalidPayload": {
      const { contract, field, value, expected, misfits } = error
      const members = { contract, field, value, expected, misfits }
      return { status: 400, kind: "invalid-payload", title: "The payload does not fit", ...told, members }
    }
    case "Overloaded": {
      const detail = `Cannot call "${error.call}" now: too much is waiting already`
      const members = { call: error.call }
      return { status: 429, kind: "overloaded", title: "Too much is waiting", detail, members, headers: later(1) }
    }
    case "NoHandler": {
      const { call, servers, lane, lastHeartbeat } = error
      const members = { call, servers, lane, lastHeartbeat }
      return { status: 503, kind: "no-handler", title: "Nobody handles it", ...told, members, headers: later(5) }
    }
    case "Disconnected": {
      const detail = `Cannot send "${error.call}": the gateway is not connected to its broker`
      const members = { call: error.call }
      return { status: 503, kind: "disconnected", title: "Not connected", detail, members, headers: later(2) }
    }
    case "NotConfirmed": {
      const detail = `Cannot emit "${error.event}": the broker did not take it`
      const members = { event: error.event }
      return { status: 503, kind: "not-confirmed", title: "Not confirmed", detail, members, headers: later(2) }
    }
    case "DeadlineExceeded": {
      const { call, timeout, stage, servers, lane, lastHeartbeat } = error
      const members = { call, timeout, stage, servers, lane, lastHeartbeat }
      return { status: 504, kind: "deadline-exceeded", title: "The deadline passed", ...told, members }
    }
    case "InvalidReply":
      return inside(
        error.call,
        "invalid-reply",
        "The reply does not fit",
        "answered with something its contract does not allow",
      )
    case "HandlerFailed":
      return inside(error.call, "handler-failed", "The handler failed", "failed")
    case "HandlerDied":
      return inside(error.call, "handler-died", "The worker died", "died while it ran, and the outcome is unknown")
    case "ReplyLost":
      return inside(
        error.call,
        "reply-lost",
        "The reply was lost",
        "may have run, but its reply cannot arrive any more",
      )
  }
}

/** A failure of which the client learns that it happened and where to look, and nothing else. */
const inside = (call: string, kind: string, title: string, what: string): Problem => ({
  status: 500,
  kind,
  title,
  detail: `The handler of "${call}" ${what}; the log has more under this trace`,
  members: { call },
})
