/**
 * `warren dead export`: writes a dead letter as a test that fails as its handler did.
 *
 * What is imported there is found among the modules at hand (`modules.ts`); the test's text comes from the verb.
 */
import { writeFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import process from "node:process"
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { ExportReport } from "../../inspect/mod.ts"
import { CliFailure } from "../Failure.ts"
import { ask } from "../inspecting.ts"
import { printJson } from "../output.ts"
import { paintFor } from "../paint.ts"
import { short } from "../table.ts"
import { deadFlags, flag, ofFlag, selectionOf, targetArgument } from "./flags.ts"

/** The command. */
export const exportTest = Command.make(
  "export",
  {
    id: targetArgument,
    of: ofFlag,
    out: Flag.String("out").pipe(
      Flag.withMetavar("file"),
      Flag.withDescription("Where to write it, or - for standard output; dead-<handler>-<id>.test.ts otherwise"),
      Flag.optional,
    ),
    force: flag("force", "Also over a file that is there"),
    ...deadFlags,
  },
  Effect.fnUntraced(function* (input) {
    const { force, json, out, workers } = input
    const selection = selectionOf({ ...input, id: Option.some(input.id) })
    // first to learn whose it is, then with the modules that it needs
    const found = (yield* ask(input, "dead.export", selection)) as ExportReport
    const place = Option.getOrElse(out, () => found.file)
    const toPipe = place === "-"
    const { modulesFor } = yield* Effect.promise(() => import("./modules.ts"))
    const modules = yield* modulesFor(found, workers, toPipe ? process.cwd() : dirname(resolve(place)))
    const report = (yield* ask(input, "dead.export", { ...selection, ...modules })) as ExportReport
    if (toPipe) return yield* Console.log(report.text.trimEnd())
    yield* Effect.try({
      try: () => writeFileSync(place, report.text, { flag: force ? "w" : "wx" }),
      catch: (error) =>
        new CliFailure({
          problem: `Cannot write "${place}": ${error instanceof Error ? error.message : String(error)}`,
          remedy: force ? undefined : "Name another file with --out, or write over it with --force",
        }),
    })
    if (json) return yield* printJson({ ...report, file: place })
    return yield* Console.log([
      `${paintFor("stdout")("green", "written")}  ${place}`,
      `         it fails as ${report.handler} did: ${short(report.error, 200)}`,
      `         run it with \`bun test ./${place}\`, \`node --test ${place}\` or \`deno test -A ${place}\``,
    ].join("\n"))
  }),
).pipe(
  Command.withDescription(
    "Write a dead letter as a test with testBus that fails as its handler did, until that is mended",
  ),
  Command.withShortDescription("Write one as a test that fails as its handler did"),
  Command.withExamples([
    { command: "warren dead export 5c7b7123", description: "With the modules in workers/" },
    {
      command: "warren dead export 5c7b7123 --workers src/warranty.ts --out test/warranty.dead.test.ts",
      description: "Elsewhere",
    },
  ]),
)
