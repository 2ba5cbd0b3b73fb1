/**
 * Follows a verb that moves letters: shows how far it is while a person looks on, and gives what was told last.
 */
import { Effect, Stream } from "effect"
import process from "node:process"
import type { Moving } from "../../inspect/mod.ts"
import { CliFailure } from "../Failure.ts"
import { follow, type InspectInput } from "../inspecting.ts"

/** Runs it to its end; `word`: what is being done, for people. */
export const moving = Effect.fnUntraced(function* <K extends Moving["kind"]>(
  input: InspectInput,
  verb: string,
  args: unknown,
  wanted: K,
  word: string,
): Effect.fn.Return<Extract<Moving, { kind: K }>, CliFailure> {
  const isWatched = process.stderr.isTTY === true
  let last: Moving | undefined
  let isShown = false
  const clear = () => {
    if (isShown) process.stderr.write("\r\x1b[K")
    isShown = false
  }
  yield* Stream.runForEach(follow(input, verb, args), (value) =>
    Effect.sync(() => {
      // what the verb of this very version tells; a gateway of another one may tell more
      const told = value as Moving
      clear()
      if (told.kind === "progress" && isWatched) {
        process.stderr.write(`${told.done} ${word}`)
        isShown = true
      }
      last = told
    })).pipe(Effect.ensuring(Effect.sync(clear)))
  if (last?.kind === wanted) return last as Extract<Moving, { kind: K }>
  return yield* new CliFailure({
    problem: "It broke off before it was through: nothing said how it ended",
    remedy: "Letters are in one place or the other, a few perhaps in both; `warren dead ls` shows what is left",
  })
})
