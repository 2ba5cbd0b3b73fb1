/**
 * `warren topology`: what was derived from the apps, with names nobody wrote: handlers, queues and how they are bound.
 *
 * Asks a running process through its gateway; with `--workers` it derives the same from modules at hand, without
 * running them, and with `--broker` it compares that with what is in the broker. `--graph` (`graphing.ts`) shows who speaks to
 * whom; `retire.ts` removes what is left over.
 */
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { graphForms } from "./graph/forms.ts"
import { managementFlag } from "./management.ts"
import { printJson } from "./output.ts"
import { paintFor } from "./paint.ts"
import { lookingAt } from "./embedded.ts"
import { reachFlags } from "./reach.ts"
import { retire } from "./retire.ts"
import { setting } from "./settings.ts"

/** The command. */
export const topology = Command.make(
  "topology",
  {
    ...reachFlags,
    management: managementFlag,
    queue: Flag.String("queue").pipe(
      Flag.withMetavar("name"),
      Flag.withDescription("With --broker, a queue to look up although no module derives it; may be repeated"),
      Flag.atLeast(0),
    ),
    graph: setting({
      flag: "graph",
      metavar: graphForms.join("|"),
      description: "Who emits and who listens, who calls and who serves, as text or for a program that draws; text",
      expected: graphForms.join(" | "),
      bare: "text",
      read: (text) => graphForms.find((form) => form === text),
    }),
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print it as JSON"), Flag.withDefault(false)),
  },
  Effect.fnUntraced(function* (input) {
    if (Option.isSome(input.graph)) {
      const { printGraph } = yield* Effect.promise(() => import("./graphing.ts"))
      return yield* printGraph({ ...input, form: input.graph.value })
    }
    const broker = yield* lookingAt(input.broker)
    if (Option.isSome(broker)) {
      const { brokerReport } = yield* Effect.promise(() => import("./brokerReport.ts"))
      const { json, text } = yield* brokerReport({ ...input, broker: broker.value })
      return yield* input.json ? printJson(json) : Console.log(text(paintFor("stdout")))
    }
    const report = Option.isSome(input.workers)
      ? yield* (yield* Effect.promise(() => import("./derive.ts"))).deriveTopology(Option.getOrUndefined(input.workers))
      : yield* (yield* Effect.promise(() => import("./remote.ts"))).remotely(input, (gateway) => gateway.topology)
    if (input.json) return yield* printJson(report)
    const { formatTopology } = yield* Effect.promise(() => import("./formatTopology.ts"))
    return yield* Console.log(formatTopology(report, paintFor("stdout")))
  }),
).pipe(
  Command.withDescription("Show apps, handlers and the queues derived from them, or what is in a broker beside them"),
  Command.withShortDescription("Show apps, handlers and queues"),
  Command.withSubcommands([retire]),
  Command.withExamples([
    { command: "warren topology", description: "Of the process behind the gateway on this machine" },
    { command: "warren topology --workers workers", description: "Of modules, without running them" },
    { command: "warren topology --broker amqp://localhost", description: "Of modules, and what the broker holds" },
    { command: "warren topology --graph", description: "Who speaks to whom, and what nobody hears" },
    { command: "warren topology --graph dot | dot -Tsvg > team.svg", description: "Drawn by Graphviz" },
    { command: "warren topology --json --url http://10.0.0.5:8080", description: "Of a process elsewhere, as JSON" },
  ]),
)
