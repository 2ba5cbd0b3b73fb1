/**
 * Why the file with the broker's queues cannot be used.
 *
 * Made where the file is opened and read, before any of it is believed. What SQLite itself refuses while it runs stays a
 * `SqliteError`, which says the same three things: which file, what is wrong, what to do.
 */
import { Schema } from "effect"

/** Why the file was refused. */
export type StoreReason = "damaged" | "foreign" | "newer"

/** A file that is not used, and not changed. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  path: Schema.String,
  reason: Schema.Literals(["damaged", "foreign", "newer"]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot use "${this.path}" for the queues of the embedded broker: ${this.detail}; ${this.remedy}`
  }
  /** What to do. */
  get remedy(): string {
    return remedies[this.reason]
  }
}

const remedies: Record<StoreReason, string> = {
  damaged:
    "restore it from a backup, or move it away together with its -wal file to begin with empty queues; nothing in it was changed",
  foreign: "choose another folder (--data), or move that file away",
  newer: "start the newer version again, or choose another folder (--data)",
}
