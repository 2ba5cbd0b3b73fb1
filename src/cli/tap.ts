/**
 * `warren tap`: live messages as they are sent, one a line, or how many there are.
 *
 * Through the gateway of a running process, or with `--broker` straight over RabbitMQ. Asks the verb of that name, and prints
 * until ctrl-c; what it says of itself goes to standard error.
 */
import { Console, Effect, Option, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import process from "node:process"
import type { TapCountsTold, TapInput, TapTold } from "../inspect/mod.ts"
import { untilEnded } from "./ending.ts"
import { follow, inspectFlags } from "./inspecting.ts"
import { printLine } from "./output.ts"
import { paintFor } from "./paint.ts"
import { makeScreen, roomOf } from "./screen.ts"
import { durationExpected, readCount, readDuration, readText, setting } from "./settings.ts"

/** The command. */
export const tap = Command.make(
  "tap",
  {
    pattern: Argument.String("pattern").pipe(
      Argument.withDescription("Which types: sales.orderPlaced, sales, sales.*; everything if left out"),
      Argument.optional,
    ),
    from: setting({
      flag: "from",
      metavar: "app",
      description: "Only what this app sends",
      expected: "the name of an app",
      read: readText,
    }),
    where: Flag.String("where").pipe(
      Flag.withMetavar("path=value"),
      Flag.withDescription(
        "Only where this is in the payload, such as customer=c1 or lines[0].sku=P-100; all must hold",
      ),
      Flag.atLeast(0),
    ),
    ...inspectFlags,
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print one JSON object a line"), Flag.withDefault(false)),
    count: Flag.Boolean("count").pipe(
      Flag.withDescription("Print how many there are of each type, and from whom, instead of the messages"),
      Flag.withDefault(false),
    ),
    limit: setting({
      flag: "limit",
      metavar: "number",
      description: "End after so many",
      expected: "a whole number from 1",
      read: readCount,
    }).pipe(Flag.withAlias("n")),
    for: setting({
      flag: "for",
      metavar: "duration",
      description: "End after so long; else ctrl-c does",
      expected: durationExpected,
      read: readDuration,
    }),
  },
  Effect.fnUntraced(function* (input) {
    const { json, count } = input
    const { pattern, from, limit, for: lasts } = input
    const asked: TapInput = {
      ...(Option.isSome(pattern) && { pattern: pattern.value }),
      ...(Option.isSome(from) && { from: from.value }),
      ...(Option.isSome(limit) && { limit: limit.value }),
      ...(Option.isSome(lasts) && { for: lasts.value }),
      where: input.where,
      mode: count ? "counts" : "messages",
    }
    const { TapLines, formatCounts, formatOpen } = yield* Effect.promise(() => import("./formatTap.ts"))
    const paint = paintFor("stdout")
    // what is read by a program is not cut
    const view = { room: roomOf().columns }
    const lines = new TapLines(paint, view)
    const screen = count && process.stdout.isTTY === true && !json ? makeScreen() : undefined
    let last: TapCountsTold | undefined
    const print = (told: TapTold): Effect.Effect<void> => {
      if (json) return printLine(JSON.stringify(told))
      switch (told.kind) {
        case "open":
          return Effect.forEach(formatOpen(told, paintFor("stderr")), (line) => Console.error(line), { discard: true })
        case "message":
          return Effect.forEach(lines.message(told), printLine, { discard: true })
        case "missed":
          return printLine(lines.missed(told.count))
        case "paused":
          return Console.error(lines.paused(told.for))
        case "counts":
          last = told
          return screen === undefined ? Effect.void : screen.draw(formatCounts(told, paint, view, true))
        default:
          // what a gateway of a later version tells
          return Effect.void
      }
    }
    yield* Effect.scoped(Effect.gen(function* () {
      const ended = yield* untilEnded
      // what the verb of this very version tells
      const told = Stream.runForEach(follow(input, "tap", asked), (value) => print(value as TapTold))
      // also while it waits for room to write
      yield* Effect.raceFirst(told, ended)
    }))
    if (screen === undefined && last !== undefined) yield* Console.log(formatCounts(last, paint, view, false))
  }),
).pipe(
  Command.withDescription("Show messages as they are sent, live and decoded, without disturbing any queue"),
  Command.withShortDescription("Show messages as they are sent"),
  Command.withExamples([
    { command: "warren tap", description: "Everything that the process behind the gateway, and those around it, send" },
    { command: "warren tap sales.orderPlaced --where customer=c1", description: "One event of one customer" },
    {
      command: "warren tap --count --broker amqp://localhost",
      description: "How many of what there are, and from whom",
    },
    { command: "warren tap sales -n 1 --json | jq .payload", description: "The next message of an api, for programs" },
  ]),
)
