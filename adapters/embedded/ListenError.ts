/**
 * Why the embedded broker does not listen.
 */
import { Schema } from "effect"

/** An address that cannot be listened on. */
export class ListenError extends Schema.TaggedError<ListenError>()("ListenError", {
  host: Schema.String,
  port: Schema.Int,
  reason: Schema.Literals(["taken", "refused", "unknown-host", "not-loopback", "other"]),
  detail: Schema.String,
}) {
  override get message(): string {
    const address = `${this.host.includes(":") ? `[${this.host}]` : this.host}:${this.port}`
    return `Cannot listen on ${address} for AMQP: ${this.detail}; ${remedies[this.reason]}`
  }
}

const remedies = {
  "taken": "choose another port, or end the process that has it",
  "refused": "choose a port above 1023",
  "unknown-host": "name an address of this machine",
  "not-loopback": "listen on 127.0.0.1, or say that everyone may reach it",
  "other": "choose another address",
} as const

const reasons: Readonly<Record<string, ListenError["reason"]>> = {
  EADDRINUSE: "taken",
  EACCES: "refused",
  EADDRNOTAVAIL: "unknown-host",
  ENOTFOUND: "unknown-host",
}

/** The error for what a runtime told. */
export const listenFailure = (host: string, port: number, error: unknown): ListenError => {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
  const detail = error instanceof Error ? error.message : String(error)
  return new ListenError({ host, port, reason: reasons[code] ?? "other", detail })
}
