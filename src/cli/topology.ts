/**
 * `warren topology`: what was derived from the apps, with names nobody wrote: handlers, queues and how they are bound.
 *
 * Asks a running process through its gateway; with `--workers` or `--broker` it derives the same from modules at hand,
 * without running them.
 */
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { printJson } from "./output.ts"
import { paintFor } from "./paint.ts"
import { reachFlags } from "./reach.ts"

/** The command. */
export const topology = Command.make(
  "topology",
  {
    ...reachFlags,
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print it as JSON"), Flag.withDefault(false)),
  },
  Effect.fnUntraced(function* (input) {
    const report = Option.isSome(input.workers) || Option.isSome(input.broker)
      ? yield* (yield* Effect.promise(() => import("./derive.ts"))).deriveTopology(Option.getOrUndefined(input.workers))
      : yield* (yield* Effect.promise(() => import("./remote.ts"))).remotely(input, (gateway) => gateway.topology)
    if (input.json) return yield* printJson(report)
    const { formatTopology } = yield* Effect.promise(() => import("./formatTopology.ts"))
    return yield* Console.log(formatTopology(report, paintFor("stdout")))
  }),
).pipe(
  Command.withDescription("Show apps, handlers and the queues derived from them"),
  Command.withExamples([
    { command: "warren topology", description: "Of the process behind the gateway on this machine" },
    { command: "warren topology --workers workers", description: "Of modules, without running them" },
    { command: "warren topology --json --url http://10.0.0.5:8080", description: "Of a process elsewhere, as JSON" },
  ]),
)
