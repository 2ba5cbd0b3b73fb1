/**
 * `warren dead retry`: has dead letters handled once more, by the handlers that they come from.
 */
import { Console, Effect, Option } from "effect"
import { Command } from "effect/cli"
import { CliFailure, endWith, ExitCode } from "../Failure.ts"
import { printJson } from "../output.ts"
import { paintFor } from "../paint.ts"
import { setting } from "../settings.ts"
import { deadFlags, flag, ofFlag, selectionOf, someArgument, toFlag, unnamed } from "./flags.ts"
import { moving } from "./moving.ts"

/** Letters a second: `50`, `50/s`, `100/min`. */
const readRate = (text: string): number | undefined => {
  const found = /^(\d+(?:\.\d+)?)(?:\/(s|min|m|h))?$/.exec(text.trim())
  const rate = found === null ? 0 : Number(found[1]) / ({ s: 1, m: 60, min: 60, h: 3_600 }[found[2] ?? "s"] ?? 1)
  return rate > 0 ? rate : undefined
}

/** The command. */
export const retry = Command.make(
  "retry",
  {
    id: someArgument,
    all: flag("all", "All dead letters there are"),
    of: ofFlag,
    to: toFlag,
    rate: setting({
      flag: "rate",
      metavar: "n/s",
      description: "Letters a second at most; as fast as the broker takes them otherwise",
      expected: "a number of letters a second, such as 50/s, or 100/min",
      read: readRate,
    }),
    force: flag("force", "Also those whose payload does not fit the contract as it is now"),
    dryRun: flag("dry-run", "Check them against the contract as it is now, and change nothing"),
    ...deadFlags,
  },
  Effect.fnUntraced(function* (input) {
    const wrong = unnamed(input, "retry")
    if (wrong !== undefined) return yield* wrong
    const { dryRun, force, json } = input
    const args = {
      ...selectionOf(input),
      ...Option.match(input.to, { onNone: () => ({}), onSome: (to) => ({ to }) }),
      ...Option.match(input.rate, { onNone: () => ({}), onSome: (rate) => ({ rate }) }),
      ...(force && { force }),
    }
    const { formatMoved, formatPlan } = yield* Effect.promise(() => import("./formatMoving.ts"))
    const paint = paintFor("stdout")
    if (dryRun) {
      const plan = yield* moving(input, "dead.retry", { ...args, dryRun }, "plan", "")
      yield* json ? printJson(plan) : Console.log(formatPlan(plan, paint))
      const stays = plan.parts.some(({ queue, misfits }) => queue === null || misfits > 0 && !force)
      return yield* endWith(stays ? ExitCode.failed : ExitCode.done)
    }
    const end = yield* moving(input, "dead.retry", args, "end", "retried")
    yield* json ? printJson(end) : Console.log(formatMoved(end, "retried", paint))
    if (end.stayed.length === 0) return
    const [{ why, remedy }] = end.stayed as readonly [typeof end.stayed[number]]
    const stayed = end.stayed.reduce((sum, { count }) => sum + count, 0)
    if (json) return yield* endWith(ExitCode.failed)
    return yield* new CliFailure({
      problem: `${stayed} ${stayed === 1 ? "letter stays" : "letters stay"} among the dead: ${why}`,
      remedy: remedy ?? undefined,
    })
  }),
).pipe(
  Command.withDescription(
    "Put dead letters back into the queues of the handlers that they come from, as first attempts of the same messages",
  ),
  Command.withShortDescription("Have them handled once more"),
  Command.withExamples([
    { command: "warren dead retry 5c7b7123", description: "One message, by an end of its id" },
    { command: "warren dead retry g1a2b3c --dry-run", description: "Would a group fit now, and is anybody there?" },
    { command: "warren dead retry --all --rate 50/s", description: "All, at a pace that the handlers can bear" },
    { command: "warren dead retry sales.order --to sales.orderPlaced", description: "Of a handler that was renamed" },
  ]),
)
