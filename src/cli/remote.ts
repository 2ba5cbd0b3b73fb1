/**
 * Reaches a running process through its gateway, over HTTP.
 *
 * Below `call`, `emit` and `topology`. Problems come back as what they were: the typed error, its message and what
 * follows from it.
 */
import { Effect, Option, Redacted } from "effect"
import { CliFailure } from "./Failure.ts"
import { consequenceOf } from "./consequence.ts"
import { defaultUrl } from "./defaultUrl.ts"
import type { Reach } from "./reach.ts"
import { describe } from "./stack.ts"

/** How much longer than the deadline the answer may be under way, ms. */
const slack = 2_000

/** One request to a gateway; succeeds with the JSON value of its answer. */
export const request = Effect.fnUntraced(function* (
  reach: Reach,
  path: string,
  options: { readonly payload?: unknown; readonly timeout?: number | undefined } = {},
): Effect.fn.Return<unknown, CliFailure> {
  const url = Option.getOrElse(reach.url, () => defaultUrl)
  const { timeout } = options
  const headers: Record<string, string> = {
    ...("payload" in options && { "content-type": "application/json" }),
    ...(Option.isSome(reach.token) && { authorization: `Bearer ${Redacted.value(reach.token.value)}` }),
    ...(timeout !== undefined && { "warren-timeout": String(timeout) }),
  }
  const init = "payload" in options ? { method: "POST", headers, body: JSON.stringify(options.payload) } : { headers }
  const answer = yield* Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(`${url}${path}`, { ...init, signal })
      return { status: response.status, text: await response.text() }
    },
    catch: (error) => unreachable(url, error),
  }).pipe(Effect.timeoutOrElse({
    duration: (timeout ?? 5_000) + slack,
    orElse: () =>
      Effect.fail(
        new CliFailure({ problem: `Cannot get an answer from ${url} within ${(timeout ?? 5_000) + slack} ms` }),
      ),
  }))
  const body = parse(answer.text)
  if (answer.status >= 200 && answer.status < 300 && body !== undefined) return body.value
  return yield* refused(url, path, answer.status, body?.value)
})

const parse = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

const unreachable = (url: string, error: unknown): CliFailure => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const { code } = cause as { readonly code?: unknown }
  const why = code === "ECONNREFUSED" || code === "ConnectionRefused" || /refused/i.test(describe(cause))
    ? "nobody listens there"
    : describe(cause)
  return new CliFailure({
    problem: `Cannot reach ${url}: ${why}`,
    remedy: "Start one, `warren run workers --http`, or say where it is with --url (WARREN_URL)",
    from: error,
  })
}

/** What a gateway answers instead of a value (RFC 9457). */
interface Problem {
  readonly type: string
  readonly title: string
  readonly detail: string
  readonly error?: unknown
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === "object" && body !== null && "type" in body && "detail" in body &&
  typeof body.type === "string" && typeof body.detail === "string"

const refused = (url: string, path: string, status: number, body: unknown): CliFailure => {
  if (!isProblem(body)) {
    return new CliFailure({
      problem: `Cannot use ${url}${path}: it answered ${status}, but not as a gateway does`,
      remedy: "Say with --url (WARREN_URL) where the gateway is",
    })
  }
  const declared = body.type.startsWith("urn:warren:error:") ? body.type.slice("urn:warren:error:".length) : undefined
  if (declared !== undefined) {
    const error = JSON.stringify(body.error)
    return new CliFailure({
      problem: `${declared}: ${body.detail}`,
      remedy: `The handler declares this error: ${error}`,
    })
  }
  const kind = body.type.replace(/^urn:warren:problem:/, "")
  if (kind === "unauthorized") {
    return new CliFailure({ problem: body.detail, remedy: "Give the gateway's token with WARREN_TOKEN (or --token)" })
  }
  const tag = kind.split("-").map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join("")
  const consequence = consequenceOf(tag, body)
  return new CliFailure({
    problem: consequence === undefined ? body.detail : `${tag}: ${body.detail}`,
    remedy: consequence ?? (kind === "not-found" ? "`warren topology` lists what there is, exposed or not" : undefined),
  })
}
