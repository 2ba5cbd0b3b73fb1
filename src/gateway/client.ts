/**
 * Talks to a gateway over HTTP, untyped: names and JSON values in, JSON values and problems out.
 *
 * Below it `fetch`; above it `httpBus`, which gives the types back, and whoever has a name and no contract. Adds the
 * token, the deadline, which holds here too, and the trace of the fiber; interrupting hangs up, which interrupts the handler.
 */
import { Effect, Redacted, type Stream } from "effect"
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
import { formatTraceparent } from "../wire/mod.ts"
import { type GatewayProblem, readAnswer } from "./answer.ts"
import { followLines } from "./followLines.ts"
import { RequestHeader } from "./headers.ts"
import type { TopologyReport } from "./TopologyReport.ts"
import { whyUnreachable } from "./unreachable.ts"

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
  /** Asks a verb of inspection; it may take long, 30 s unless said otherwise. */
  readonly inspect: (verb: string, input: unknown, options?: RequestOptions) => Effect.Effect<unknown, RequestError>
  /** What a verb goes on telling, until nobody listens any more or the process there ends. */
  readonly follow: (verb: string, input: unknown) => Stream.Stream<unknown, RequestError>
}

/** Where a gateway is unless told otherwise. */
export const defaultUrl = "http://127.0.0.1:8080"

/** How much longer than its own deadline an answer may be under way, ms; the gateway knows more of a deadline than we do. */
const slack = 250

/** How long a question of inspection may take, ms: it may wait for what does not answer. */
const patience = 30_000

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
    inspect: (verb, json, options) =>
      send(verb, `/inspect/${encodeURIComponent(verb)}`, { timeout: patience, ...options }, { json: json ?? {} }),
    follow: (verb, json) => followLines(base, authorization, verb, json ?? {}),
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
