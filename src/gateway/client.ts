/**
 * Talks to a gateway over HTTP, untyped: names and JSON values in, JSON values and problems out.
 *
 * Below it `fetch`; above it `httpBus`, which gives the types back, and whoever has a name and no contract. Adds the
 * token, the deadline, which holds here too, and the trace of the fiber; interrupting hangs up, which interrupts the handler.
 */
import { Effect, Redacted, Result, Schema } from "effect"
import { DeadlineExceeded, Disconnected, ReplyLost, unseen } from "../contract/mod.ts"
import {
  type CallTrail,
  CurrentDelivery,
  defaultSettings,
  type Emitted,
  InvalidOption,
  readCallTrail,
  traceOf,
} from "../runtime/mod.ts"
import { formatTraceparent, fromBytes } from "../wire/mod.ts"
import { RequestHeader } from "./headers.ts"
import type { TopologyReport } from "./TopologyReport.ts"
import { whyUnreachable } from "./unreachable.ts"

/** A gateway's refusal: its problem details (RFC 9457). */
export class GatewayProblem extends Schema.TaggedError<GatewayProblem>()("GatewayProblem", {
  url: Schema.String,
  status: Schema.Number,
  /** `urn:warren:problem:…`, or `urn:warren:error:…` for a declared error. */
  type: Schema.String,
  title: Schema.String,
  detail: Schema.String,
  /** Everything the gateway said, further members included. */
  members: Schema.Record(Schema.String, Schema.Unknown),
}) {
  override get message(): string {
    return this.detail
  }
}

/** What a request can fail with. */
export type RequestError = GatewayProblem | Disconnected | ReplyLost | DeadlineExceeded

/** Options of a request. */
export interface RequestOptions {
  /** ms for everything. @default 5000 */
  readonly timeout?: number | undefined
  /** With `emit`: the id to emit under again. */
  readonly id?: string | undefined
  /** With `call`: is told its way from the gateway on, before the outcome is known; not where the gateway does not tell. */
  readonly onTrail?: ((trail: CallTrail) => void) | undefined
}

/** A gateway, reached by names. */
export interface GatewayClient {
  /** Calls `sales.quote` with an encoded payload; succeeds with the encoded value. */
  readonly call: (type: string, payload: unknown, options?: RequestOptions) => Effect.Effect<unknown, RequestError>
  /** Emits `sales.orderPlaced` with an encoded payload; succeeds once it is confirmed. */
  readonly emit: (type: string, payload: unknown, options?: RequestOptions) => Effect.Effect<Emitted, RequestError>
  /** What runs there. */
  readonly topology: Effect.Effect<TopologyReport, RequestError>
}

/** Where a gateway is unless told otherwise. */
export const defaultUrl = "http://127.0.0.1:8080"

/** How much longer than its own deadline an answer may be under way, ms; the gateway knows more of a deadline than we do. */
const slack = 250

/** A client of the gateway at a URL. Throws `InvalidOption` for what is no such URL. */
export const request = (
  url: string,
  token?: Redacted.Redacted<string> | string | undefined,
): GatewayClient => {
  const base = readUrl(url)
  const secret = token === undefined || Redacted.isRedacted(token) ? token : Redacted.make(token)
  const authorization = secret === undefined ? {} : { authorization: `Bearer ${Redacted.value(secret).trim()}` }

  const send = (subject: string, path: string, options: RequestOptions, payload?: { readonly json: unknown }) =>
    Effect.withFiber((fiber): Effect.Effect<unknown, RequestError> => {
      const { timeout = defaultSettings.callTimeout, id, onTrail } = options
      const trace = traceOf(fiber, fiber.getRef(CurrentDelivery))
      const headers = {
        ...authorization,
        ...(payload !== undefined &&
          { "content-type": "application/json", [RequestHeader.timeout]: atLeastOne(timeout) }),
        ...(id !== undefined && { [RequestHeader.id]: id }),
        ...(onTrail !== undefined && { [RequestHeader.trail]: "1" }),
        ...(trace !== undefined && { [RequestHeader.traceparent]: formatTraceparent(trace) }),
        ...(trace?.state !== undefined && { [RequestHeader.tracestate]: trace.state }),
      }
      return Effect.tryPromise({
        try: async (signal) => {
          const response = await fetch(base + path, {
            headers,
            signal,
            // a redirect would take the token elsewhere and make a GET of the POST
            redirect: "error",
            ...(payload !== undefined && { method: "POST", body: JSON.stringify(payload.json ?? null) }),
          })
          const bytes = new Uint8Array(await response.arrayBuffer())
          const trail = onTrail === undefined ? undefined : readCallTrail(response.headers.get(RequestHeader.trail))
          if (trail !== undefined) onTrail?.(trail)
          return { status: response.status, bytes }
        },
        catch: (error) => {
          const { detail, sent } = whyUnreachable(base, error)
          return sent && path.startsWith("/calls/")
            ? new ReplyLost({ call: subject, detail, ...unseen })
            : new Disconnected({ call: subject, detail, ...unseen })
        },
      }).pipe(
        Effect.flatMap(({ status, bytes }) => readAnswer(base, subject, status, bytes)),
        Effect.timeoutOrElse({
          duration: timeout + slack,
          orElse: () => Effect.fail(new DeadlineExceeded({ call: subject, timeout, stage: "waiting", ...unseen })),
        }),
      )
    })

  return {
    call: (type, json, options = {}) => send(type, pathOf("calls", type), options, { json }),
    emit: (type, json, options = {}) =>
      Effect.map(send(type, pathOf("events", type), options, { json }), (answer) => answer as Emitted),
    topology: Effect.map(send("topology", "/topology", {}), (answer) => answer as TopologyReport),
  }
}

const atLeastOne = (timeout: number): string => String(Math.max(1, Math.ceil(timeout)))

const pathOf = (kind: string, type: string): string => {
  const dot = type.indexOf(".")
  return `/${kind}/${encodeURIComponent(type.slice(0, dot))}/${encodeURIComponent(type.slice(dot + 1))}`
}

const readUrl = (url: string): string => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const fits = parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.username === "" &&
    parsed.search === "" && parsed.hash === ""
  if (fits) return parsed.href.replace(/\/+$/, "")
  throw new InvalidOption({ option: "url", value: `"${url}"`, expected: `a gateway's address, such as ${defaultUrl}` })
}

/** A value, a problem, or something that no gateway says. */
const readAnswer = (
  url: string,
  subject: string,
  status: number,
  bytes: Uint8Array,
): Effect.Effect<unknown, GatewayProblem | Disconnected> => {
  const body = fromBytes(bytes)
  if (Result.isSuccess(body)) {
    if (status === 200 || status === 202) return Effect.succeed(body.success)
    const { success: members } = body
    if (isProblem(members)) {
      const { type, title, detail } = members
      return Effect.fail(new GatewayProblem({ url, status, type, title, detail, members }))
    }
  }
  const detail = `${url} answered ${status}, but not as a gateway does; say where the gateway is`
  return Effect.fail(new Disconnected({ call: subject, detail, ...unseen }))
}

interface ProblemMembers {
  readonly [member: string]: unknown
  readonly type: string
  readonly title: string
  readonly detail: string
}

const isProblem = (body: unknown): body is ProblemMembers =>
  typeof body === "object" && body !== null &&
  ["type", "title", "detail"].every((name) => typeof (body as Record<string, unknown>)[name] === "string")
