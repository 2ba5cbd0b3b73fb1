/**
 * Why a server could not be started, in the same words on every runtime.
 *
 * Bun, Deno and Node name the same failures differently; here is the table. Starts nothing.
 */
import { Schema } from "effect"
import { type Address, formatAddress } from "./serveAddress.ts"

/** Why an address cannot be had. */
export type ServeReason = "in-use" | "forbidden" | "unresolvable" | "not-local" | "other"

/** A server that could not be started. */
export class ServeError extends Schema.TaggedError<ServeError>()("ServeError", {
  hostname: Schema.String,
  port: Schema.Number,
  reason: Schema.Literals(["in-use", "forbidden", "unresolvable", "not-local", "other"]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot listen on ${formatAddress(this)}: ${this.detail}`
  }
  /** What to do. */
  get remedy(): string {
    return remedies[this.reason]
  }
}

const remedies: Record<ServeReason, string> = {
  "in-use": "choose another with --http, or end the process that uses it",
  forbidden: "choose a port from 1024 with --http, or allow this process to use it",
  unresolvable: "choose an address of this machine with --http, such as 127.0.0.1 or 0.0.0.0",
  "not-local": "choose an address of this machine with --http, such as 127.0.0.1 or 0.0.0.0",
  other: "choose another address with --http",
}

/** The error for what a runtime threw. */
export const listenFailure = ({ hostname, port }: Address, error: unknown): ServeError => {
  const { code = "", name = "" } = error as { readonly code?: string; readonly name?: string }
  const text = error instanceof Error ? error.message : String(error)
  const [reason, detail] = judge(code, name, text, port)
  return new ServeError({ hostname, port, reason, detail })
}

const judge = (code: string, name: string, text: string, port: number): readonly [ServeReason, string] => {
  const is = (...words: ReadonlyArray<string>) =>
    words.some((word) => code === word || name === word || text.includes(word))
  if (is("EADDRINUSE", "AddrInUse")) return ["in-use", "the port is in use"]
  if (is("EACCES", "EPERM", "PermissionDenied", "NotCapable")) {
    return ["forbidden", port < 1024 && port > 0 ? `port ${port} needs special rights` : "permission is missing"]
  }
  if (is("EADDRNOTAVAIL", "AddrNotAvailable")) return ["not-local", "it is no address of this machine"]
  if (is("ENOTFOUND", "EAI_AGAIN", "failed to lookup", "DNSException")) {
    return ["unresolvable", "the host name cannot be resolved"]
  }
  return ["other", text]
}
