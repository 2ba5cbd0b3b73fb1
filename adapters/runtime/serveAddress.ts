/**
 * Where to listen, as people write it: `8080`, `:8080`, `localhost:8080`, `[::1]:8080`.
 *
 * Pure. What is not said is taken from the defaults; whether the address can be had is found out by `serve`.
 */
import { Result, Schema } from "effect"

/** An address that cannot be meant. */
export class InvalidAddress extends Schema.TaggedError<InvalidAddress>()("InvalidAddress", {
  address: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot read the address "${this.address}": ${this.detail}`
  }
  /** What to do. */
  get remedy(): string {
    return "Write a port, or a host and a port: 8080, localhost:8080, [::1]:8080"
  }
}

/** Where to listen. */
export interface Address {
  readonly hostname: string
  /** 0: one that the system chooses. */
  readonly port: number
}

/** Where the gateway listens unless told otherwise. */
export const defaultAddress: Address = { hostname: "127.0.0.1", port: 8080 }

/** Reads an address; an absent host or port is the default one. */
export const parseAddress = (
  text: string,
  fallback: Address = defaultAddress,
): Result.Result<Address, InvalidAddress> => {
  const address = text.trim()
  const refuse = (detail: string) => Result.fail(new InvalidAddress({ address: text, detail }))
  if (address === "") return Result.succeed(fallback)
  if (address.includes("://")) return refuse("it is a URL; leave out the scheme")
  const { host, port, bracketed = false } = split(address)
  if (host === undefined) return refuse("an IPv6 address stands in brackets")
  if ((host !== "" || bracketed) && !(bracketed ? isIPv6(host) : isName(host))) {
    return refuse(`"${host}" is no host name or IP address`)
  }
  const hostname = host === "" ? fallback.hostname : host
  if (port === undefined) return Result.succeed({ hostname, port: fallback.port })
  if (!/^\d+$/.test(port)) return refuse(port === "" ? "the port is missing after the colon" : `"${port}" is no port`)
  return Number(port) > 65_535
    ? refuse(`the port ${port} is more than 65535`)
    : Result.succeed({ hostname, port: Number(port) })
}

/** An address as it stands in a URL: IPv6 in brackets. */
export const formatAddress = ({ hostname, port }: Address): string =>
  `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`

/** Host and port as written; no host: an IPv6 address without brackets. */
const split = (address: string): {
  readonly host: string | undefined
  readonly port?: string | undefined
  readonly bracketed?: boolean
} => {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(address)
  if (bracketed !== null) return { host: bracketed[1]!, port: bracketed[2], bracketed: true }
  if (/^\d+$/.test(address)) return { host: "", port: address }
  const parts = address.split(":")
  if (parts.length > 2) return { host: undefined }
  return { host: parts[0]!, port: parts[1] }
}

const isIPv6 = (host: string): boolean => host.includes(":") && URL.canParse(`http://[${host}]/`)

const isName = (host: string): boolean =>
  /^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9])?\.?$/.test(host) &&
  // what looks like an IPv4 address must be one
  (!/^[\d.]+$/.test(host) || /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host))
