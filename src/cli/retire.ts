/**
 * `warren topology retire`: removes queues of handlers that do not exist any more, after showing what they hold.
 *
 * The flags, the question and the exit code; who does the work is in `retiring.ts`, loaded when it is asked for.
 */
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag, Prompt } from "effect/cli"
import type { Policy } from "../inspect/mod.ts"
import { isAttended } from "./attended.ts"
import { managementFlag } from "./management.ts"
import { CliFailure, ExitCode, misuse } from "./Failure.ts"
import { printJson } from "./output.ts"
import { paintFor } from "./paint.ts"
import { lookingAt } from "./embedded.ts"
import { reachFlags } from "./reach.ts"
import { short } from "./table.ts"

const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

/** The command. */
export const retire = Command.make(
  "retire",
  {
    queues: Argument.String("queue").pipe(
      Argument.withDescription("Queues to retire; every orphan and every stale binding if none is named"),
      Argument.variadic(),
    ),
    broker: reachFlags.broker,
    workers: reachFlags.workers,
    management: managementFlag,
    toDead: flag("to-dead", "Move the messages of a queue to its app's dead letters first"),
    discard: flag("discard", "Drop the messages of a queue with it"),
    yes: flag("yes", "Do it without asking"),
    json: flag("json", "Print it as JSON"),
  },
  Effect.fnUntraced(function* ({ queues, broker: named, workers, management, toDead, discard, yes, json }) {
    const broker = yield* lookingAt(named)
    if (Option.isNone(broker)) {
      return yield* misuse("Cannot retire queues: no broker is named", "Name it: --broker amqp://user:password@host")
    }
    if (toDead && discard) {
      return yield* misuse("Cannot both move messages and drop them", "Leave --to-dead or --discard out")
    }
    const policy: Policy = toDead ? "to-dead" : discard ? "discard" : "keep"
    const paint = paintFor("stdout")
    const { retiring } = yield* Effect.promise(() => import("./retiring.ts"))
    const { formatPlan, formatResult } = yield* Effect.promise(() => import("./formatRetire.ts"))
    const isAsking = !yes && !json && (yield* isAttended)
    const { plan, result } = yield* retiring(
      { queues, broker: broker.value, workers, management, policy },
      (plan) =>
        Effect.gen(function* () {
          if (!json) yield* Console.log(formatPlan(plan, paint))
          if (plan.isEmpty || yes) return true
          if (!isAsking) return false
          const asked = Prompt.run(Prompt.Confirm({ message: "Retire what is listed above?" }))
          return yield* Effect.orElseSucceed(asked, () => false)
        }),
    )
    if (json) yield* printJson({ ...plan, done: result !== undefined, ...result })
    if (result === undefined) {
      if (isAsking) return
      return yield* new CliFailure({
        problem: "Nothing was removed: nobody was asked",
        remedy: "Say --yes to retire what is listed",
        code: ExitCode.usage,
      })
    }
    if (!json && !plan.isEmpty) yield* Console.log(formatResult(result, paint))
    const kept = result.queues.filter((one) => one._tag === "Kept")
    if (kept.length > 0) {
      return yield* new CliFailure({
        problem: short(
          `${kept.length} of ${result.queues.length} queues were kept: "${kept[0]!.queue}", ${kept[0]!.why}`,
          600,
        ),
      })
    }
  }),
).pipe(
  Command.withDescription("Remove queues of handlers that do not exist any more, after showing what they hold"),
  Command.withExamples([
    { command: "warren topology retire --broker amqp://localhost", description: "Show every orphan, and ask" },
    {
      command: "warren topology retire warren.on.warranty.register --to-dead --yes --broker amqp://localhost",
      description: "One queue, its messages to the dead letters",
    },
  ]),
)
