/**
 * Why the server ended a connection: what its peer did, for whoever reads the log. The peer itself learns less, or nothing.
 *
 * Below `Session.ts`. What a peer says is in it as it was said, and is as long as AMQP lets it be.
 */

/** Where a connection comes from. */
export interface Origin {
  readonly host: string
  readonly port: number
}

/** See the top of the file. */
export interface Complaint {
  readonly origin: Origin
  /** As it called itself; empty: it has not yet. */
  readonly user: string
  /** `login`: wrong user or password; `silence`: nothing came for too long; `protocol`: all else that it may not say. */
  readonly reason: "login" | "silence" | "protocol"
  readonly detail: string
}
