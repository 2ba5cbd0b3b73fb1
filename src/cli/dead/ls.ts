/**
 * `warren dead ls`: dead letters by handler and error.
 */
import { Console, Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import type { DeadReport } from "../../inspect/mod.ts"
import { ask } from "../inspecting.ts"
import { printJson } from "../output.ts"
import { paintFor } from "../paint.ts"
import { roomOf } from "../screen.ts"
import { deadFlags } from "./flags.ts"

/** The command. */
export const ls = Command.make(
  "ls",
  {
    of: Argument.String("app[.handler]").pipe(
      Argument.withDescription("Those of one app or handler; of all if left out"),
      Argument.optional,
    ),
    ...deadFlags,
  },
  Effect.fnUntraced(function* (input) {
    const report = (yield* ask(input, "dead.ls", {
      ...Option.match(input.of, { onNone: () => ({}), onSome: (of) => ({ of }) }),
      ...Option.match(input.limit, { onNone: () => ({}), onSome: (limit) => ({ limit }) }),
    })) as DeadReport
    if (input.json) return yield* printJson(report)
    const { formatDead } = yield* Effect.promise(() => import("./formatDead.ts"))
    return yield* Console.log(formatDead(report, paintFor("stdout"), roomOf().columns))
  }),
).pipe(
  Command.withDescription(
    "List dead letters by handler and error; a group's id stands for all of it in the other commands",
  ),
  Command.withShortDescription("List them by handler and error"),
  Command.withExamples([
    { command: "warren dead ls", description: "Of the broker that the process behind the gateway is on" },
    { command: "warren dead ls warranty --broker amqp://localhost", description: "Of one app, on a broker" },
  ]),
)
