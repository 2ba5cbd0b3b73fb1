/**
 * Notices edits: compares what the file system says of a set of files now with what it said before.
 *
 * Looks again and again rather than waiting to be told: that means the same on every runtime, and holds for editors that
 * rename, for files that come and go, and for mounted folders that tell nobody. A look at a hundred files takes about a
 * millisecond; the pause between two grows with it.
 */
import { statSync } from "node:fs"
import { Clock, Effect } from "effect"

/** Shortest pause between two looks, ms. */
const pause = 150

/** How long nothing must have changed before an edit counts as finished, ms. */
const quiet = 50

/** Waits until files differ from the look at them before; `files` is asked anew for each look. Succeeds with which. */
export const nextChange = Effect.fnUntraced(function* (
  files: () => Iterable<string>,
  before: ReadonlyMap<string, string>,
): Effect.fn.Return<ReadonlyArray<string>> {
  for (;;) {
    const began = yield* Clock.currentTimeMillis
    const seen = look(files())
    if (differences(before, seen).length > 0) return yield* settled(files, before, seen)
    const took = (yield* Clock.currentTimeMillis) - began
    yield* Effect.sleep(Math.max(pause, took * 20))
  }
})

/** Waits until two looks in a row are alike; an edit often takes several steps. */
const settled = Effect.fnUntraced(function* (
  files: () => Iterable<string>,
  before: ReadonlyMap<string, string>,
  first: ReadonlyMap<string, string>,
) {
  for (let last = first;;) {
    yield* Effect.sleep(quiet)
    const now = look(files())
    if (differences(last, now).length === 0) return differences(before, now)
    last = now
  }
})

/** What the file system says of files: size, times and identity, or that there is none. */
export const look = (files: Iterable<string>): ReadonlyMap<string, string> => {
  const seen = new Map<string, string>()
  for (const file of files) {
    const stats = statSync(file, { throwIfNoEntry: false })
    seen.set(file, stats === undefined ? "" : `${stats.size} ${stats.mtimeMs} ${stats.ino}`)
  }
  return seen
}

const differences = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): ReadonlyArray<string> =>
  [...new Set([...a.keys(), ...b.keys()])].filter((file) => a.get(file) !== b.get(file))
