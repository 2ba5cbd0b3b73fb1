/**
 * What a queue's name says of it: the inverse of the names in `src/wire/topology.ts`.
 *
 * Pure. An app's name has no dot, so the first one ends it; a name that fits nothing is somebody else's.
 */

import { QueueName as names } from "../wire/mod.ts"

/** What a queue is for. `foreign`: its name is none of Warren's. */
export type Role =
  | "listener"
  | "schedule"
  | "token"
  | "dead"
  | "call"
  | "retry"
  | "replies"
  | "control"
  | "tap"
  | "ledger"
  | "directory"
  | "foreign"

/** A name, read. */
export interface QueueName {
  readonly role: Role
  /** The app it belongs to; `""`: to none. */
  readonly app: string
  /** The handler, or what else the name ends with; `""`: nothing. */
  readonly rest: string
}

const handlers: Readonly<Record<string, Role>> = { on: "listener", every: "schedule", token: "token" }
const others: Readonly<Record<string, Role>> = {
  calls: "call",
  retry: "retry",
  replies: "replies",
  control: "control",
  tap: "tap",
}

/** Reads the name of a queue. */
export const readQueueName = (name: string): QueueName => {
  const [, kind = "", rest = ""] = /^warren\.([a-z]+)\.(.+)$/s.exec(name) ?? []
  if (name === names.ledger || name === names.contracts) return { role: "ledger", app: "", rest: "" }
  if (name === names.directory) return { role: "directory", app: "", rest: "" }
  if (kind === "dead") return { role: "dead", app: rest, rest: "" }
  const role = handlers[kind]
  const dot = rest.indexOf(".")
  if (role !== undefined && dot > 0 && dot < rest.length - 1) {
    return { role, app: rest.slice(0, dot), rest: rest.slice(dot + 1) }
  }
  const other = others[kind]
  return other === undefined ? { role: "foreign", app: "", rest: name } : { role: other, app: "", rest }
}
