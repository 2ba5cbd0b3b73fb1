/**
 * Where a broker is, who asks, and how the line is secured: one node's URL taken apart.
 *
 * Above it: `Connection.ts`, which dials. Pure. Secrets leave this file only as `Redacted`; what may be printed
 * (`label`) is without them. The query speaks RabbitMQ's own URI parameters: `heartbeat` (s), `connection_timeout`
 * (ms), `cacertfile`, `certfile`, `keyfile`, `verify` (`verify_peer`, `verify_none`), `server_name_indication`.
 */
import { Effect, Redacted } from "effect"
import { brokerUrls } from "../../src/transport/mod.ts"

/** A broker's address, taken apart. */
export interface Address {
  /** For people and logs: scheme, user, host, port and virtual host; no password. */
  readonly label: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Redacted.Redacted<string>
  readonly vhost: string
  /** Seconds between heartbeats; 0: none. */
  readonly heartbeat: number
  /** Bytes of a frame at most. */
  readonly frameMax: number
  /** ms until an attempt to connect is given up. */
  readonly patience: number
  /** `undefined`: the line is not encrypted. */
  readonly tls: Tls | undefined
}

/** How an `amqps://` line is secured; the files are PEM and are read when it connects. */
export interface Tls {
  /** Certificates to trust; without one, those of the system. */
  readonly ca: string | undefined
  /** This client's certificate and key, where the broker asks for one. */
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Whether the broker's certificate is checked. */
  readonly verify: boolean
  /** The name its certificate must have, where it is not the host's. */
  readonly serverName: string | undefined
}

/** What a program may say beside the URL, which goes before what the URL says: secrets and files come from elsewhere. */
export interface Credentials {
  readonly user?: string | undefined
  readonly password?: Redacted.Redacted<string> | undefined
  /** PEM files, as the query's `cacertfile`, `certfile` and `keyfile`. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** RabbitMQ's defaults; a silent broker is noticed after two to three heartbeats; 4.x needs 8192 bytes a frame. */
const usual = { amqp: 5672, amqps: 5671, heartbeat: 10, patience: 10_000, frameMax: 131_072, leastFrame: 8192 }

/** Reads one URL or several (see `BrokerUrl.ts`); `undefined` when it is not one of a broker. */
export const parse = (
  input: string | Redacted.Redacted<string>,
  credentials: Credentials = {},
): ReadonlyArray<Address> | undefined => {
  const text = Redacted.isRedacted(input) ? Redacted.value(input) : input
  return brokerUrls(text)?.map((url) => read(new URL(url), credentials))
}

/** Where a broker is now, of a URL or of whoever knows it. */
export const placesOf = (
  { url, ...credentials }: Credentials & {
    readonly url: string | Redacted.Redacted<string> | Effect.Effect<Redacted.Redacted<string>>
  },
): Effect.Effect<ReadonlyArray<Address> | undefined> =>
  Effect.map(Effect.isEffect(url) ? url : Effect.succeed(url), (known) => parse(known, credentials))

const read = (url: URL, credentials: Credentials): Address => {
  const anonymous = url.username === "" && url.password === ""
  const user = credentials.user ?? (anonymous ? "guest" : decode(url.username))
  const password = credentials.password ?? Redacted.make(anonymous ? "guest" : decode(url.password))
  const vhost = url.pathname.length > 1 ? decode(url.pathname.slice(1)) : "/"
  const secure = url.protocol === "amqps:"
  const port = url.port === "" ? (secure ? usual.amqps : usual.amqp) : Number(url.port)
  const host = url.hostname.replace(/^\[|\]$/g, "")
  const query = url.searchParams
  const number = (name: string, otherwise: number) => {
    const value = Number(query.get(name) ?? Number.NaN)
    return Number.isInteger(value) && value >= 0 ? value : otherwise
  }
  return {
    label: `${url.protocol}//${user}@${url.hostname}:${port}${vhost === "/" ? "" : `/${vhost}`}`,
    host,
    port,
    user,
    password,
    vhost,
    heartbeat: number("heartbeat", usual.heartbeat),
    frameMax: Math.max(number("frameMax", usual.frameMax), usual.leastFrame),
    patience: Math.max(1, number("connection_timeout", usual.patience)),
    tls: secure
      ? {
        ca: credentials.ca ?? query.get("cacertfile") ?? undefined,
        cert: credentials.cert ?? query.get("certfile") ?? undefined,
        key: credentials.key ?? query.get("keyfile") ?? undefined,
        verify: query.get("verify") !== "verify_none",
        serverName: query.get("server_name_indication") ?? undefined,
      }
      : undefined,
  }
}

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
