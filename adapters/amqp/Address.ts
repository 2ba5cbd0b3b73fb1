/**
 * Where the broker is and who asks, taken from an `amqp://` or `amqps://` URL.
 *
 * Above it: `Connection.ts`, which dials. Pure. The password leaves this file only inside `password`: everything
 * that may be printed (`label`) is without it.
 */
import { Option, Redacted } from "effect"

/** A broker's address, taken apart. */
export interface Address {
  /** For people and logs: scheme, user, host, port and virtual host; no password. */
  readonly label: string
  /** The URL to dial, without credentials, heartbeat (s) and frame size filled in. */
  readonly url: string
  readonly user: string
  readonly password: Redacted.Redacted<string>
  readonly vhost: string
}

/** Seconds between heartbeats; a silent broker is noticed after two to three of them. */
const heartbeat = 10
/** RabbitMQ 4.x needs at least 8192 bytes a frame; this is its default. */
const frameMax = { least: 8192, usual: 131072 }

/** Reads a URL; none when it is not one of a broker. Missing parts are RabbitMQ's defaults (guest, 5672, `/`). */
export const parse = (input: string | Redacted.Redacted<string>): Option.Option<Address> => {
  const text = Redacted.isRedacted(input) ? Redacted.value(input) : input
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === "" || (url.protocol !== "amqp:" && url.protocol !== "amqps:")) {
    return Option.none()
  }
  const anonymous = url.username === "" && url.password === ""
  const user = anonymous ? "guest" : decode(url.username)
  const password = Redacted.make(anonymous ? "guest" : decode(url.password))
  const vhost = url.pathname.length > 1 ? decode(url.pathname.slice(1)) : "/"
  const port = url.port === "" ? (url.protocol === "amqp:" ? "5672" : "5671") : url.port
  const label = `${url.protocol}//${user}@${url.hostname}:${port}${vhost === "/" ? "" : `/${vhost}`}`
  url.username = ""
  url.password = ""
  if (!url.searchParams.has("heartbeat")) url.searchParams.set("heartbeat", String(heartbeat))
  const frame = Number(url.searchParams.get("frameMax") ?? frameMax.usual)
  url.searchParams.set("frameMax", String(Number.isInteger(frame) ? Math.max(frame, frameMax.least) : frameMax.usual))
  return Option.some({ label, url: url.href, user, password, vhost })
}

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
