/**
 * What the broker or the network said when something failed, and what that means in the port's words.
 *
 * Below it: `Connection.ts`, which makes `BrokerFailure` of whatever the library throws. Above it: everything
 * else here, which turns it into a `TransportError`. Pure; AMQP's reply codes are named here only.
 */
import { Clash, Disconnected, Forbidden, NotFound, type Reason, TransportError } from "../../src/transport/mod.ts"

/** A refusal by the broker (`code` is AMQP's reply code) or a failure of the network (no code). */
export interface BrokerFailure {
  readonly _tag: "BrokerFailure"
  readonly code: number | undefined
  readonly text: string
}

const codes = { accessRefused: 403, notFound: 404, resourceLocked: 405, preconditionFailed: 406 }

/** Makes a failure of anything thrown: the broker's own words when it gave some. */
export const failure = (cause: unknown): BrokerFailure => {
  const error = cause as { readonly message?: unknown; readonly code?: unknown } | null | undefined
  const message = typeof error?.message === "string" && error.message !== "" ? error.message : describe(cause)
  const said = /(\d{3}) \([A-Z-]+\)(?: with message "(.*)")?/s.exec(message)
  const code = typeof error?.code === "number" ? error.code : said === null ? undefined : Number(said[1])
  return { _tag: "BrokerFailure", code, text: (said?.[2] ?? message).replace(/^[A-Z_]+ - /, "") }
}

// Node tries several addresses of a host and throws one error of many.
const describe = (cause: unknown): string => {
  const many = (cause as { readonly errors?: ReadonlyArray<unknown> } | null | undefined)?.errors
  if (Array.isArray(many) && many.length > 0) return failure(many[0]).text
  return String((cause as { readonly code?: unknown } | null | undefined)?.code ?? cause ?? "no reason given")
}

/** What a failure means to whoever asked for `name`. */
export const reason = (failed: BrokerFailure, name: string): Reason => {
  switch (failed.code) {
    case codes.accessRefused:
    case codes.resourceLocked:
      return new Forbidden({ detail: failed.text })
    case codes.notFound:
      return new NotFound({ name: missing(failed) ?? name })
    case codes.preconditionFailed:
      return new Clash({ name, detail: failed.text })
    default:
      return new Disconnected({ detail: failed.text })
  }
}

/** The queue or exchange that the broker says is missing. */
export const missing = (failed: BrokerFailure): string | undefined =>
  /no (?:queue|exchange) '(.*)' in vhost/s.exec(failed.text)?.[1]

/** The port's error for a failed operation on `target`. */
export const transportError =
  (operation: TransportError["operation"], target: string) => (failed: BrokerFailure): TransportError =>
    new TransportError({ operation, target, reason: reason(failed, target) })
