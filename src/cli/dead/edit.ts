/**
 * `warren dead edit`: retries one dead letter with another payload, given as JSON or written in an editor.
 *
 * Nothing is sent that does not fit the handler's contract. What somebody wrote in an editor and could not be sent is kept.
 */
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { EditReport, ShowReport } from "../../inspect/mod.ts"
import { isAttended } from "../attended.ts"
import { CliFailure, misuse } from "../Failure.ts"
import { ask } from "../inspecting.ts"
import { printJson } from "../output.ts"
import { paintFor } from "../paint.ts"
import { readPayload } from "../payload.ts"
import { deadFlags, flag, ofFlag, selectionOf, targetArgument, toFlag } from "./flags.ts"

/** The command. */
export const edit = Command.make(
  "edit",
  {
    id: targetArgument,
    of: ofFlag,
    to: toFlag,
    payload: Flag.String("payload").pipe(
      Flag.withMetavar("json"),
      Flag.withDescription("The new payload; - reads it from standard input; if left out, $EDITOR is opened"),
      Flag.optional,
    ),
    dryRun: flag("dry-run", "Check it against the contract as it is now, and change nothing"),
    ...deadFlags,
  },
  Effect.fnUntraced(function* (input) {
    const { dryRun, json } = input
    const selection = selectionOf({ ...input, id: Option.some(input.id) })
    const send = (payload: unknown) =>
      ask(input, "dead.edit", {
        ...selection,
        payload,
        ...Option.match(input.to, { onNone: () => ({}), onSome: (to) => ({ to }) }),
        ...(dryRun && { dryRun }),
      })
    const report = Option.isSome(input.payload)
      ? yield* send(yield* readPayload(input.payload))
      : yield* written(yield* ask(input, "dead.show", { ...selection, most: 2 }), send)
    if (json) return yield* printJson(report)
    const { formatEdit } = yield* Effect.promise(() => import("./formatMoving.ts"))
    return yield* Console.log(formatEdit(report as EditReport, paintFor("stdout")))
  }),
).pipe(
  Command.withDescription("Retry one dead letter with another payload, which has to fit the contract of its handler"),
  Command.withShortDescription("Retry one with another payload"),
  Command.withExamples([
    { command: "warren dead edit 5c7b7123", description: "In $EDITOR" },
    { command: `warren dead edit 5c7b7123 --payload '{"orderId":"o1"}'`, description: "With this payload" },
  ]),
)

/** What somebody makes of a letter in an editor, sent. */
const written = Effect.fnUntraced(function* (
  shown: unknown,
  send: (payload: unknown) => Effect.Effect<unknown, CliFailure>,
) {
  const { letters, name } = shown as ShowReport
  const [letter] = letters
  if (letter === undefined) return yield* new CliFailure({ problem: `"${name}" is no dead letter any more` })
  if (new Set(letters.map(({ handler }) => handler)).size > 1) {
    return yield* misuse(
      `"${name}" is a dead letter of several handlers`,
      `Say which: ${letters.map(({ handler }) => `--of ${handler}`).join(" or ")}`,
    )
  }
  if (!(yield* isAttended)) {
    return yield* misuse("Cannot open an editor: this is no terminal of its own", "Give the new payload with --payload")
  }
  const { inEditor } = yield* Effect.promise(() => import("./editor.ts"))
  const { payload } = letter
  const before = payload.kind === "json"
    ? JSON.stringify(payload.value, null, 2)
    : payload.kind === "text"
    ? payload.text
    : "{}"
  return yield* inEditor(before, (text) => Effect.flatMap(readPayload(Option.some(text)), send))
})
