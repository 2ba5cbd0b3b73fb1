/**
 * `warren ps`: which processes are there, what each is doing, and which are not where one would look for them.
 *
 * The flags and the printing; who knows is the verb `ps`, and how it looks is in `formatPs.ts`, loaded when it is asked.
 */
import { Console, Effect, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import process from "node:process"
import type { PsReport } from "../inspect/mod.ts"
import { untilEnded } from "./ending.ts"
import { ask, follow, inspectFlags } from "./inspecting.ts"
import { printJson, printLine } from "./output.ts"
import { paintFor } from "./paint.ts"
import { makeScreen, roomOf } from "./screen.ts"

const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

/** Between two looks, ms. */
const pause = 2_000

/** The command. */
export const ps = Command.make(
  "ps",
  {
    ...inspectFlags,
    handlers: flag("handlers", "Every handler of each process").pipe(Flag.withAlias("v")),
    all: flag("all", "Those that are gone, and those that have done nothing, too").pipe(Flag.withAlias("a")),
    watch: flag("watch", "Look again every 2 s, until ctrl-c").pipe(Flag.withAlias("w")),
  },
  Effect.fnUntraced(function* (input) {
    const { json, watch, handlers, all } = input
    const { formatPs } = yield* Effect.promise(() => import("./formatPs.ts"))
    const textOf = (report: unknown) =>
      formatPs(report as PsReport, paintFor("stdout"), { handlers, all, room: roomOf().columns })
    if (!watch) {
      const report = yield* ask(input, "ps", {})
      return yield* json ? printJson(report) : Console.log(textOf(report))
    }
    const screen = process.stdout.isTTY === true ? makeScreen() : undefined
    yield* Effect.scoped(Effect.gen(function* () {
      const ended = yield* untilEnded
      const told = Stream.runForEach(follow(input, "ps.watch", { every: pause }), (report) => {
        if (json) return printLine(JSON.stringify(report))
        return screen === undefined ? printLine(`${textOf(report)}\n`) : screen.draw(textOf(report))
      })
      yield* Effect.raceFirst(told, ended)
    }))
  }),
).pipe(
  Command.withDescription("Show the processes: their apps, what each is doing, and what is not as it should be"),
  Command.withShortDescription("Show the processes and what they are doing"),
  Command.withExamples([
    { command: "warren ps", description: "Of the process behind the gateway on this machine, and those it hears" },
    { command: "warren ps --broker amqp://localhost", description: "Of a broker" },
    { command: "warren ps --watch -v", description: "With every handler, again and again" },
    { command: "warren ps --json | jq '.processes[].pid'", description: "For programs" },
  ]),
)
