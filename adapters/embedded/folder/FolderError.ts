/**
 * Why a data folder cannot be used.
 *
 * Made by the files of this folder before anything is started in it. Says which folder, what is wrong, and what to do.
 */
import { Schema } from "effect"

/** Why. */
export type FolderReason = "unusable" | "unwritable" | "shared" | "lockless" | "silent"

/** A folder that is not used. */
export class FolderError extends Schema.TaggedError<FolderError>()("FolderError", {
  folder: Schema.String,
  reason: Schema.Literals(["unusable", "unwritable", "shared", "lockless", "silent"]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot use the folder "${this.folder}" for the embedded broker: ${this.detail}; ${this.remedy}`
  }
  /** What to do. */
  get remedy(): string {
    return remedies[this.reason]
  }
}

const remedies: Record<FolderReason, string> = {
  unusable: "name a folder with --data (WARREN_DATA)",
  unwritable:
    "let this user write there, name another folder with --data (WARREN_DATA), or do without: --broker in-process",
  shared: "keep it to one user (chmod 700), or name another folder with --data (WARREN_DATA)",
  lockless: "name a folder on a disk of this machine with --data (WARREN_DATA), or do without: --broker in-process",
  silent: "end that process, or name another folder with --data (WARREN_DATA)",
}
