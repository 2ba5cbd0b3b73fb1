/**
 * `warren why`: why does an app not get an event, or a caller no answer? Link by link, up to the first broken one.
 *
 * Asks the verb of that name, of a running process or on a broker; says the exit code. How it looks is in `formatWhy.ts`.
 */
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { WhyReport } from "../inspect/mod.ts"
import { CliFailure, endWith, ExitCode } from "./Failure.ts"
import { ask, inspectFlags } from "./inspecting.ts"
import { printJson } from "./output.ts"
import { paintFor } from "./paint.ts"
import { readName } from "./reach.ts"

const named = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.optional)

/** The command. */
export const why = Command.make(
  "why",
  {
    name: Argument.String("api.event or api.call").pipe(Argument.withDescription("Such as sales.orderPlaced")),
    to: named("to", "app[.handler]", "Who should get it; everybody who listens if left out"),
    from: named("from", "app", "Who should send it"),
    id: named("id", "message", "What became of this message"),
    canary: Flag.Boolean("canary").pipe(
      Flag.withDescription("Send a canary along the way; --no-canary only looks"),
      Flag.withDefault(true),
    ),
    ...inspectFlags,
  },
  Effect.fnUntraced(function* (input) {
    const name = readName(input.name, "event")
    if (name instanceof CliFailure) return yield* name
    const report = (yield* ask(input, "why", {
      subject: `${name.api}.${name.member}`,
      ...Option.match(input.to, { onNone: () => ({}), onSome: (to) => ({ to }) }),
      ...Option.match(input.from, { onNone: () => ({}), onSome: (from) => ({ from }) }),
      ...Option.match(input.id, { onNone: () => ({}), onSome: (id) => ({ id }) }),
      ...(!input.canary && { canary: false }),
    }).pipe(
      // what cannot be asked is not found out
      Effect.mapError((failure) => {
        const { problem, remedy, from, code = ExitCode.unknown } = failure
        return new CliFailure({ problem, remedy, from, code })
      }),
    )) as WhyReport
    if (input.json) yield* printJson(report)
    else {
      const { formatWhy } = yield* Effect.promise(() => import("./formatWhy.ts"))
      yield* Console.log(formatWhy(report, paintFor("stdout")))
    }
    yield* endWith(
      report.verdict === "whole" ? ExitCode.done : report.verdict === "broken" ? ExitCode.failed : ExitCode.unknown,
    )
  }),
).pipe(
  Command.withDescription(
    "Find out why an app does not get an event, or a caller no answer: every link of the way, with its evidence, up to the first " +
      "broken one. Exit code 0: the way is whole; 1: it is broken; 3: it could not be found out",
  ),
  Command.withShortDescription("Find out why a message does not arrive"),
  Command.withExamples([
    { command: "warren why sales.orderPlaced --to warranty", description: "Why warranty does not hear of orders" },
    { command: "warren why parts.lookup", description: "Why a call gets no answer" },
    {
      command: "warren why sales.orderPlaced --to warranty --broker amqp://localhost",
      description: "On a broker, whoever runs there",
    },
  ]),
)
