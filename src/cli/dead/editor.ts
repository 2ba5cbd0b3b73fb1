/**
 * Opens the user's editor on a text, and gives what was made of it to somebody.
 *
 * The file is the user's own, in a folder of its own, and goes when what it holds was taken; else its name is told, so that
 * nothing that was written is lost.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { Effect } from "effect"
import { CliFailure } from "../Failure.ts"

/** Edits; fails where nothing was changed. */
export const inEditor = Effect.fnUntraced(function* <A, R>(
  before: string,
  take: (text: string) => Effect.Effect<A, CliFailure, R>,
): Effect.fn.Return<A, CliFailure, R> {
  const folder = mkdtempSync(join(tmpdir(), "warren-edit-"))
  const file = join(folder, "payload.json")
  writeFileSync(file, `${before}\n`, { mode: 0o600 })
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const editor = process.env["VISUAL"] || process.env["EDITOR"] || "vi"
  // an editor may be given with arguments, as git takes it
  const { status, error } = spawnSync("/bin/sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" })
  if (error !== undefined || status !== 0) {
    remove()
    return yield* new CliFailure({
      problem: `The editor "${editor}" ${
        error === undefined ? `ended with ${status}` : `cannot be run: ${error.message}`
      }`,
      remedy: "Nothing has changed; set EDITOR, or give the payload with --payload",
    })
  }
  const after = readFileSync(file, "utf8")
  if (after.trim() === before.trim()) {
    remove()
    return yield* new CliFailure({ problem: "Nothing was changed", remedy: "`warren dead retry` retries it as it is" })
  }
  const taken = yield* Effect.mapError(take(after), (failure) =>
    new CliFailure({
      ...failure,
      problem: failure.problem,
      remedy: `${failure.remedy === undefined ? "" : `${failure.remedy}; `}what you wrote is in ${file}`,
    }))
  remove()
  return taken
})
