/**
 * Who may use the gateway: whoever has the token; without one, whoever is on this machine and is no foreign web page.
 *
 * Above it the gateway and `warren run`. Tokens are compared in constant time. Web pages cannot get past the JSON
 * content type without a preflight, which is never granted; foreign origins, and names that a page had rebound to
 * 127.0.0.1, are refused on top of that. Opens no socket.
 */
import { createHash, timingSafeEqual } from "node:crypto"
import { Effect, Redacted, Schema } from "effect"
import { type Problem, problems } from "./problem.ts"

/** The gateway may not be served as it was asked to. */
export class GatewayRefused extends Schema.TaggedError<GatewayRefused>()("GatewayRefused", {
  hostname: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot serve the gateway on "${this.hostname}": ${this.detail}`
  }
  /** What to do. */
  get remedy(): string {
    return "Set WARREN_TOKEN, or serve it on 127.0.0.1; `--insecure` opens it to everyone who can reach the address"
  }
}

/** Who is let in. */
export interface GuardOptions {
  /** What clients must send as `Authorization: Bearer …`. @default none */
  readonly token?: Redacted.Redacted<string> | string | undefined
  /** Host names that are answered when there is no token; `loopback`: this machine's own. @default "any" */
  readonly hosts?: "any" | "loopback" | undefined
  /** Origins (`https://shop.example`) of web pages that may use it when there is no token, besides its own. @default none */
  readonly origins?: ReadonlyArray<string> | undefined
}

/** What {@link secure} decides. */
export interface Secured {
  readonly token: Redacted.Redacted<string> | undefined
  readonly hosts: "any" | "loopback"
}

/** Decides whether an address may be served, and for whom: beyond loopback only with a token, or when told `insecure`. */
export const secure = (options: {
  readonly hostname: string
  readonly token?: Redacted.Redacted<string> | undefined
  readonly insecure?: boolean | undefined
}): Effect.Effect<Secured, GatewayRefused> => {
  const { hostname, token, insecure = false } = options
  if (token !== undefined && Redacted.value(token).trim() === "") {
    return Effect.fail(new GatewayRefused({ hostname, detail: "the token is empty" }))
  }
  if (token !== undefined) return Effect.succeed({ token, hosts: "any" })
  if (isLoopback(hostname)) return Effect.succeed({ token, hosts: "loopback" })
  return insecure
    ? Effect.succeed({ token, hosts: "any" })
    : Effect.fail(new GatewayRefused({ hostname, detail: "other machines could reach it, and there is no token" }))
}

/** Whether a host name or address means this machine only. */
export const isLoopback = (hostname: string): boolean => {
  const name = hostname.toLowerCase().replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "")
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true
  return /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

/** Says what is wrong with a request's sender; `undefined`: nothing. */
export type Guard = (headers: Headers) => Problem | undefined

/** A guard; throws `GatewayRefused` for a token that protects nothing. */
export const makeGuard = (options: GuardOptions): Guard => {
  const { hosts = "any", origins = [] } = options
  if (options.token !== undefined) {
    const token = Redacted.isRedacted(options.token) ? Redacted.value(options.token) : options.token
    if (token.trim() === "") throw new GatewayRefused({ hostname: "", detail: "the token is empty" })
    // a token read from a file ends with its newline
    return byToken(digest(token.trim()))
  }
  return (headers) => {
    const host = headers.get("host") ?? ""
    if (hosts === "loopback" && !isLoopback(hostnameOf(host))) {
      return problems.forbidden(
        `Cannot answer for "${host.slice(0, 100)}": without a token only this machine's own names are answered`,
      )
    }
    const origin = headers.get("origin")
    if (origin === null || origins.includes(origin) || isOwn(origin, host)) return undefined
    // behind a proxy that rewrites `Host` only the browser knows that the page is its own
    if (headers.get("sec-fetch-site") === "same-origin") return undefined
    return problems.forbidden(
      `Cannot answer pages of "${origin.slice(0, 100)}": without a token only its own pages are answered`,
    )
  }
}

const byToken = (expected: Uint8Array): Guard => (headers) => {
  const header = headers.get("authorization")
  const given = header === null ? undefined : /^bearer +(.+?) *$/i.exec(header)?.[1]
  if (given !== undefined && timingSafeEqual(digest(given), expected)) return undefined
  return problems.unauthorized(header !== null)
}

/** Digests are of one length, which the comparison needs, and hide the token's own. */
const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest()

const hostnameOf = (host: string): string => host.replace(/:\d+$/, "")

const isOwn = (origin: string, host: string): boolean => {
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  return url.host === host || `${url.hostname}:${url.protocol === "https:" ? 443 : 80}` === host
}
