/**
 * `warren dead show`: all that is known of some dead letters.
 */
import { Console, Effect, Option } from "effect"
import { Command } from "effect/cli"
import type { ShowReport } from "../../inspect/mod.ts"
import { ask } from "../inspecting.ts"
import { printJson } from "../output.ts"
import { paintFor } from "../paint.ts"
import { readCount, setting } from "../settings.ts"
import { deadFlags, ofFlag, selectionOf, targetArgument } from "./flags.ts"

/** The command. */
export const show = Command.make(
  "show",
  {
    id: targetArgument,
    of: ofFlag,
    ...deadFlags,
    most: setting({
      flag: "most",
      metavar: "letters",
      description: "Letters that are shown, the oldest first, at most 100; 3 otherwise",
      expected: "a whole number from 1 to 100",
      read: (text) => (readCount(text) ?? 101) <= 100 ? Number(text) : undefined,
    }),
  },
  Effect.fnUntraced(function* (input) {
    const report = (yield* ask(input, "dead.show", {
      ...selectionOf({ ...input, id: Option.some(input.id) }),
      most: Option.getOrElse(input.most, () => 3),
    })) as ShowReport
    if (input.json) return yield* printJson(report)
    const { formatLetters } = yield* Effect.promise(() => import("./formatLetters.ts"))
    return yield* Console.log(formatLetters(report, paintFor("stdout")))
  }),
).pipe(
  Command.withDescription(
    "Show dead letters with payload, error, stack, attempts and trace, and whether they fit the contract as it is now",
  ),
  Command.withShortDescription("Show some with everything that is known"),
  Command.withExamples([
    { command: "warren dead show 5c7b7123", description: "By the beginning or the end of a message's id" },
    { command: "warren dead show g1a2b3c --most 10", description: "The ten oldest of a group" },
  ]),
)
