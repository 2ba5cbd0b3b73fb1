/**
 * `warren dead drop`: throws dead letters away, after showing which.
 *
 * One that is named by its id goes at once; for more somebody has to say yes, here or with `--yes`.
 */
import { Console, Effect } from "effect"
import { Command, Prompt } from "effect/cli"
import { isAttended } from "../attended.ts"
import { CliFailure, ExitCode } from "../Failure.ts"
import { printJson } from "../output.ts"
import { paintFor } from "../paint.ts"
import { deadFlags, flag, ofFlag, selectionOf, someArgument, unnamed } from "./flags.ts"
import { moving } from "./moving.ts"

/** The command. */
export const drop = Command.make(
  "drop",
  {
    id: someArgument,
    all: flag("all", "All dead letters there are"),
    of: ofFlag,
    yes: flag("yes", "Do it without asking"),
    dryRun: flag("dry-run", "Show what would go, and change nothing"),
    ...deadFlags,
  },
  Effect.fnUntraced(function* (input) {
    const wrong = unnamed(input, "drop")
    if (wrong !== undefined) return yield* wrong
    const { dryRun, json, yes } = input
    const selection = selectionOf(input)
    const { formatMoved, formatPlan } = yield* Effect.promise(() => import("./formatMoving.ts"))
    const paint = paintFor("stdout")
    const plan = yield* moving(input, "dead.drop", { ...selection, dryRun: true }, "plan", "")
    const isOne = plan.count === 1 && plan.meant.kind === "message"
    if (!json && (dryRun || !yes && !isOne)) yield* Console.log(formatPlan(plan, paint))
    if (dryRun) return yield* json ? printJson(plan) : Effect.void
    if (!yes && !isOne) {
      const isAsking = !json && (yield* isAttended)
      if (!isAsking) {
        return yield* new CliFailure({
          problem: "Nothing was dropped: nobody was asked",
          remedy: `Say --yes to drop ${plan.count} letters`,
          code: ExitCode.usage,
        })
      }
      const asked = Prompt.run(Prompt.Confirm({ message: `Drop these ${plan.count} letters for good?` }))
      if (!(yield* Effect.orElseSucceed(asked, () => false))) return
    }
    // nothing goes that came after it was shown
    const end = yield* moving(input, "dead.drop", { ...selection, within: plan.within }, "end", "dropped")
    return yield* json ? printJson(end) : Console.log(formatMoved(end, "dropped", paint))
  }),
).pipe(
  Command.withDescription("Throw dead letters away for good, after showing which"),
  Command.withShortDescription("Throw them away"),
  Command.withExamples([
    { command: "warren dead drop 5c7b7123", description: "One message, by an end of its id" },
    { command: "warren dead drop g1a2b3c --yes", description: "A group, without asking" },
  ]),
)
