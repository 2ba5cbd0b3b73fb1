/**
 * Where a socket binds or connects: `tcp://host:port` or `ipc:///path`, as ZeroMQ writes them. Pure.
 *
 * To bind, the host may be `*` (all interfaces) and the port `*` or `0` (one that the system chooses).
 */
import { Result } from "effect"
import { InvalidEndpoint } from "./SocketError.ts"

/** A place on a network, or in the file system. */
export type Endpoint =
  | { readonly _tag: "Tcp"; readonly host: string; readonly port: number }
  | { readonly _tag: "Ipc"; readonly path: string }

const expected = '"tcp://host:port" or "ipc:///path"'

const tcp = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/]+)):(\*|\d{1,5})$/

/** Reads an endpoint. `use`: only to bind may it leave things to the system. */
export const parseEndpoint = (text: string, use: "bind" | "connect"): Result.Result<Endpoint, InvalidEndpoint> => {
  const refuse = (detail: string) => Result.fail(new InvalidEndpoint({ endpoint: text, detail }))
  if (text.startsWith("ipc://")) {
    const path = text.slice("ipc://".length)
    return path === "" || path.includes("\0") ? refuse("it has no path") : Result.succeed({ _tag: "Ipc", path })
  }
  const parts = tcp.exec(text)
  if (parts === null) return refuse(`expected ${expected}`)
  const host = parts[1] ?? parts[2]!
  const port = parts[3] === "*" ? 0 : Number(parts[3])
  if (port > 65_535) return refuse(`port ${port} is more than 65535`)
  if (use === "connect" && (host === "*" || port === 0)) return refuse("a socket can connect only to one host and port")
  return Result.succeed({ _tag: "Tcp", host, port })
}

/** Writes an endpoint. */
export const formatEndpoint = (endpoint: Endpoint): string => {
  if (endpoint._tag === "Ipc") return `ipc://${endpoint.path}`
  const { host, port } = endpoint
  return `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`
}
