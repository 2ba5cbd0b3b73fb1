/**
 * Where the links of a process listen, where others reach them, whom it may reach itself, and whether they are encrypted.
 *
 * Pure. A process listens on the very address that reaches the broker. On loopback anyone on this machine may connect, as to
 * the broker; beyond it links are encrypted with a key from the team's secret, unless the user says that the network is
 * safe. A process on loopback reaches only loopback, and one beyond it nothing on loopback: an address from another machine
 * would mean a stranger's process here.
 */
import { Data, type Redacted, Result } from "effect"

/** What is known of a process and what its user says. */
export interface LinkOptions {
  /** This side's address of the connection to the broker; `undefined`: unknown. */
  readonly local: string | undefined
  /** `WARREN_SECRET`, the same in all processes of the team. @default no encryption, which only loopback allows */
  readonly secret?: Redacted.Redacted<string> | undefined
  /** Links may leave the machine without encryption. @default false */
  readonly insecure?: boolean | undefined
  /** `WARREN_ADVERTISE`: `host` or `host:port` by which others reach this process. @default where it listens */
  readonly advertise?: string | undefined
  /** `WARREN_LINKS`: `host`, `host:port` or `:port` to listen at. @default the address that reaches the broker, any port */
  readonly listen?: string | undefined
  /** The most bytes of a message. */
  readonly maxMessageBytes: number
  /** Who speaks ZMTP: our own code, or libzmq (Node only). @default "zmtp" */
  readonly driver?: "zmtp" | "libzmq" | undefined
}

/** Why a process has no links. */
export class NoLinks extends Data.TaggedError("NoLinks")<{
  /** What keeps them away and what to do about it. */
  readonly reason: string
  /** What the user has said makes no sense; otherwise there is merely a part missing. */
  readonly isMistake: boolean
}> {
  override get message(): string {
    return `Cannot open links past the broker: ${this.reason}`
  }
}

/** Where to listen, and as whom. */
export interface Plan {
  /** `tcp://127.0.0.1:*`. */
  readonly bind: string
  /** The host that others are told, and the port where it is another than the one that is bound. */
  readonly host: string
  readonly port: number | undefined
  readonly isEncrypted: boolean
  /** Whether it may open a link to a host. */
  readonly mayReach: (host: string) => boolean
}

/** The shortest secret, characters. */
const shortestSecret = 16

/** `host`, `host:port`, `[v6]:port` or `:port`. */
const place = /^(?:\[([^[\]/\s]+)\]|([^:[\]/\s]*))(?::(\d{1,5}|\*))?$/

interface Place {
  readonly host: string | undefined
  readonly port: number | undefined
}

const readPlace = (text: string): Place | undefined => {
  // an IPv6 address alone needs no brackets
  if (isIpv6(text)) return { host: text, port: undefined }
  const parts = place.exec(text)
  if (parts === null || parts[1] !== undefined && !isIpv6(parts[1])) return undefined
  const port = parts[3] === undefined || parts[3] === "*" ? undefined : Number(parts[3])
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined
  const host = parts[1] ?? (parts[2] === "" ? undefined : parts[2])
  return host === undefined && port === undefined ? undefined : { host, port }
}

/** A host as it is meant: `127.1`, `0x7f.1` and `2130706433` are all 127.0.0.1 to whoever connects. */
const meant = (host: string): string => {
  const bare = host.replace(/%.*$/, "").replace(/\.$/, "")
  const url = `http://${written(bare)}/`
  return URL.canParse(url) ? new URL(url).hostname : bare.toLowerCase()
}

const isIpv6 = (text: string): boolean =>
  text.includes(":") && URL.canParse(`http://[${text.replace(/%[\w.-]+$/, "")}]/`)

/** Whether a host is this machine alone. */
export const isLoopback = (host: string): boolean =>
  /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|(.*\.)?localhost|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])$/.test(meant(host))

/** Whether a host means all addresses of a machine, and to whoever connects this very machine. */
const isAnywhere = (host: string): boolean => /^(\*|0\.0\.0\.0|\[::(ffff:0:0)?\])$/.test(meant(host))

/** A host in an endpoint. */
const written = (host: string): string => host.includes(":") ? `[${host}]` : host

const refuse = (reason: string, isMistake: boolean) => Result.fail(new NoLinks({ reason, isMistake }))

/** Makes the plan. `length`: characters of the secret; `undefined`: there is none. */
export const plan = (options: LinkOptions, length: number | undefined): Result.Result<Plan, NoLinks> => {
  const listen = readOption("WARREN_LINKS", options.listen)
  if (Result.isFailure(listen)) return Result.fail(listen.failure)
  const advertise = readOption("WARREN_ADVERTISE", options.advertise)
  if (Result.isFailure(advertise)) return Result.fail(advertise.failure)
  if (length !== undefined && length < shortestSecret) {
    const expected = `at least ${shortestSecret}, random ones (openssl rand -base64 32)`
    return refuse(`WARREN_SECRET has ${length} characters; expected ${expected}`, true)
  }
  const local = options.local?.replace(/^::ffff:(?=\d+\.)/i, "")
  const bound = listen.success?.host ?? local
  if (bound === undefined) {
    return refuse("the address that reaches the broker is unknown; say where to listen with WARREN_LINKS", false)
  }
  const host = advertise.success?.host ?? bound
  const isInside = isLoopback(bound) && isLoopback(host)
  const isEncrypted = length !== undefined
  if (!isInside && !isEncrypted && options.insecure !== true) {
    const why = isLoopback(bound) ? `others reach it at ${host}` : `it would listen at ${bound}`
    const remedy = "set WARREN_SECRET to the same secret in all processes, or use --insecure where the network is safe"
    return refuse(`${why}, beyond this machine, without encryption; ${remedy}`, false)
  }
  if (isAnywhere(host)) {
    return refuse(`nobody can connect to ${host}; name this machine with WARREN_ADVERTISE`, true)
  }
  return Result.succeed({
    bind: `tcp://${written(bound)}:${listen.success?.port ?? advertise.success?.port ?? "*"}`,
    host: written(host),
    port: advertise.success?.port,
    isEncrypted,
    mayReach: (other) => isLoopback(other) === isLoopback(host) && !isAnywhere(other),
  })
}

const readOption = (name: string, text: string | undefined): Result.Result<Place | undefined, NoLinks> => {
  if (text === undefined || text === "") return Result.succeed(undefined)
  const found = readPlace(text)
  return found === undefined
    ? refuse(`${name} is ${JSON.stringify(text)}; expected a host, or host:port`, true)
    : Result.succeed(found)
}
