/**
 * Why SQLite could not do something, in the same words on every runtime.
 *
 * Bun, Deno and Node name the same failures differently (Deno's `exec` gives no code at all); here is the table. Every
 * error says which file, what was tried and what to do. Opens nothing.
 */
import { Schema } from "effect"

/** Why it failed. */
export type SqliteReason =
  | "busy"
  | "damaged"
  | "unreachable"
  | "unwritable"
  | "full"
  | "constraint"
  | "closed"
  | "unavailable"
  | "other"

/** A file or a statement that SQLite refused. */
export class SqliteError extends Schema.TaggedError<SqliteError>()("SqliteError", {
  path: Schema.String,
  operation: Schema.String,
  reason: Schema.Literals([
    "busy",
    "damaged",
    "unreachable",
    "unwritable",
    "full",
    "constraint",
    "closed",
    "unavailable",
    "other",
  ]),
  detail: Schema.String,
}) {
  override get message(): string {
    const remedy = this.remedy
    const said = `Cannot ${this.operation} the SQLite file "${this.path}": ${this.detail}`
    return remedy === "" ? said : `${said}; ${remedy}`
  }
  /** What to do; empty where the statement itself is wrong. */
  get remedy(): string {
    return remedies[this.reason]
  }
}

const remedies: Record<SqliteReason, string> = {
  busy: "try again, or end the process that holds it",
  damaged: "restore it from a backup, or move it away together with its -wal and -shm files and a new one is made",
  unreachable: "make its folder, or choose another path",
  unwritable: "let this user write to the file and to its folder, or choose another path",
  full: "make room on the disk, then try again",
  constraint: "",
  closed: "",
  unavailable: "run on Bun, on Deno 2.2 or on Node 22.13, or a later one of these",
  other: "",
}

/** The table: SQLite's primary result codes, and the words of those that come without one. */
const table: ReadonlyArray<readonly [codes: ReadonlyArray<number>, words: RegExp, SqliteReason]> = [
  [[5, 6], /is locked/, "busy"],
  [[11, 26], /not a database|malformed/, "damaged"],
  [[14], /unable to open/, "unreachable"],
  [[3, 8, 10, 23], /readonly|permission|PermissionDenied|NotCapable|disk I\/O/i, "unwritable"],
  [[13], /is full/, "full"],
  [[19], /constraint failed/, "constraint"],
  [[], /not open|has closed|finalized/i, "closed"],
]

/** The error for what a runtime threw; `operation` begins with a verb: `open`, `run "insert …" on`. */
export const sqliteFailure = (path: string, operation: string, error: unknown): SqliteError => {
  if (error instanceof SqliteError) return error
  const { errno, errcode } = error as { readonly errno?: unknown; readonly errcode?: unknown }
  const code = typeof errcode === "number" ? errcode : typeof errno === "number" ? errno : undefined
  const detail = error instanceof Error ? error.message : String(error)
  const row = table.find(([codes, words]) => code === undefined ? words.test(detail) : codes.includes(code & 0xff))
  return new SqliteError({ path, operation, reason: row?.[2] ?? "other", detail })
}
