/**
 * `warren dead`: what handlers gave up: look at it, have it handled once more, change it, drop it, or make a test of it.
 *
 * The commands are in `dead/`, one a file; each asks a verb of `src/inspect`, through a gateway or on a broker.
 */
import { Command } from "effect/cli"
import { drop } from "./dead/drop.ts"
import { edit } from "./dead/edit.ts"
import { exportTest } from "./dead/export.ts"
import { ls } from "./dead/ls.ts"
import { retry } from "./dead/retry.ts"
import { show } from "./dead/show.ts"

/** The command. */
export const dead = Command.make("dead").pipe(
  Command.withDescription(
    "Dead letters: messages that a handler gave up after its last attempt, that it could not read, or that the broker buried",
  ),
  Command.withShortDescription("List, retry, mend and drop dead letters"),
  Command.withSubcommands([ls, show, retry, drop, edit, exportTest]),
  Command.withExamples([
    { command: "warren dead ls", description: "By handler and error" },
    { command: "warren dead show g1a2b3c", description: "The first letters of a group" },
    { command: "warren dead retry warranty.register --rate 50/s", description: "All of one handler" },
  ]),
)
