/**
 * `warren doctor`: is this machine, the broker, and what runs on it as it should be?
 *
 * The flags, the printing and the exit code; what is looked at is in `doctor/`, loaded when it is asked.
 */
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { endWith, ExitCode } from "./Failure.ts"
import { inspectFlags } from "./inspecting.ts"
import { printJson } from "./output.ts"
import { paintFor } from "./paint.ts"
import { roomOf } from "./screen.ts"

/** The command. */
export const doctor = Command.make(
  "doctor",
  {
    ...inspectFlags,
    data: Flag.String("data").pipe(
      Flag.withMetavar("path"),
      Flag.withDescription("A file or folder whose disk matters too, such as an inbox's; may be repeated"),
      Flag.atLeast(0),
    ),
  },
  Effect.fnUntraced(function* (input) {
    const { examineAll } = yield* Effect.promise(() => import("./doctor/examination.ts"))
    const report = yield* examineAll(input)
    if (input.json) yield* printJson(report)
    else {
      const { formatDoctor } = yield* Effect.promise(() => import("./formatDoctor.ts"))
      yield* Console.log(formatDoctor(report, paintFor("stdout"), roomOf().columns))
    }
    const codes = { well: ExitCode.done, broken: ExitCode.failed, unknown: ExitCode.unknown }
    yield* endWith(codes[report.verdict])
  }),
).pipe(
  Command.withDescription(
    "Examine this machine, the broker and what runs on it: versions, variables, the way to the broker, permissions, alarms, " +
      "clocks, contracts, lanes, disks. Goes over --broker, else WARREN_BROKER, else through a gateway. Exit code 0: nothing " +
      "is broken; 1: something is; 3: something could not be found out",
  ),
  Command.withShortDescription("Examine this machine, the broker and what runs on it"),
  Command.withExamples([
    { command: "warren doctor", description: "With the broker in WARREN_BROKER, or the gateway on this machine" },
    { command: "warren doctor --broker amqp://localhost", description: "With a broker, and who is on it" },
    { command: "warren doctor --data /var/lib/warren/inbox.sqlite", description: "With the disk of an inbox" },
    { command: `warren doctor --json | jq '.checks[] | select(.state == "broken")'`, description: "For programs" },
  ]),
)
