/**
 * `warren schema`: what apps say to each other as JSON Schema, what a change of it breaks, and whom.
 *
 * Three commands: `dump` writes a document, `diff` compares one or a running system with the modules at hand, `check` is for
 * continuous integration. The flags, the printing and the exit codes; documents come from `schemaSources.ts`.
 */
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import process from "node:process"
import { readAllowed } from "./allowed.ts"
import { defaultFolder } from "./discover.ts"
import { CliFailure, endWith, ExitCode, misuse } from "./Failure.ts"
import { inspectFlags } from "./inspecting.ts"
import { printJson } from "./output.ts"
import { paintFor } from "./paint.ts"

const modules = Argument.String("modules or folders").pipe(
  Argument.withDescription(`Worker modules, or folders of them; ${defaultFolder}/ if none is named`),
  Argument.variadic(),
)

const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

const sources = Effect.promise(() => import("./schemaSources.ts"))
const formats = Effect.promise(() => import("./formatSchema.ts"))

const { json: _, ...running } = inspectFlags

/** What `--url` says, unless it is the variable that says it. */
const isNamed = (url: Option.Option<string>): boolean =>
  Option.isSome(url) && url.value !== process.env["WARREN_URL"]?.replace(/\/+$/, "")

/** Where 1 says that something breaks, it cannot say that nobody could find out. */
const needed = <A>(effect: Effect.Effect<A, CliFailure>): Effect.Effect<A, CliFailure> =>
  Effect.mapError(
    effect,
    ({ problem, remedy, code, from }) => new CliFailure({ problem, remedy, code: code ?? ExitCode.unknown, from }),
  )

const dump = Command.make(
  "dump",
  {
    modules,
    ...running,
    running: flag("running", "Of the process behind the gateway, and all that it knows of, instead of modules"),
    out: Flag.String("out").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("file"),
      Flag.withDescription("Write it there; to standard output otherwise"),
      Flag.optional,
    ),
  },
  Effect.fnUntraced(function* (input) {
    const { ofModules, ofRunning, textOf, writeDocument } = yield* sources
    const isRunning = input.running || Option.isSome(input.broker) || isNamed(input.url)
    if (isRunning && input.modules.length > 0) {
      return yield* misuse(
        `Cannot dump a running system and "${input.modules[0]}" at once`,
        "Name modules, or say where the running system is, not both",
      )
    }
    const document = isRunning
      ? yield* ofRunning(input)
      : yield* ofModules([...input.modules, ...Option.toArray(input.workers)])
    const { formatDumped, formatGaps } = yield* formats
    if (Option.isNone(input.out)) yield* Console.log(textOf(document))
    else {
      yield* writeDocument(input.out.value, document)
      yield* Console.log(formatDumped(input.out.value, document))
    }
    const gaps = document.gaps ?? []
    if (gaps.length > 0) yield* Console.error(formatGaps(gaps, paintFor("stderr")))
    yield* endWith(gaps.length > 0 ? ExitCode.unknown : ExitCode.done)
  }),
).pipe(
  Command.withDescription(
    "Write every event and call as one JSON document: JSON Schemas, fingerprints, and who handles what. Of modules, without " +
      "running them, or of a running system. Exit code 3: not everything could be found out",
  ),
  Command.withShortDescription("Write the contracts as JSON Schema"),
  Command.withExamples([
    { command: "warren schema dump --out contracts.json", description: "Of the modules, to be committed" },
    { command: "warren schema dump --broker amqp://localhost", description: "Of whoever is on a broker" },
    { command: "warren schema dump --running", description: "Of the process behind the gateway, and those it knows" },
  ]),
)

const diff = Command.make(
  "diff",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("What `warren schema dump` wrote before; the running system if left out"),
      Argument.optional,
    ),
    to: Argument.String("other file").pipe(
      Argument.withDescription("What it wrote later; the modules at hand if left out"),
      Argument.optional,
    ),
    ...inspectFlags,
    all: flag("all", "What is the same, too").pipe(Flag.withAlias("a")),
  },
  Effect.fnUntraced(function* (input) {
    const { ofFile, ofModules, ofRunning } = yield* sources
    if (Option.isSome(input.file) && (Option.isSome(input.broker) || isNamed(input.url))) {
      return yield* misuse(
        `Cannot compare the modules with "${input.file.value}" and with a running system at once`,
        "Name the file, or say where the running system is, not both",
      )
    }
    const after = yield* needed(
      Option.isSome(input.to) ? ofFile(input.to.value) : ofModules(Option.toArray(input.workers)),
    )
    const before = yield* needed(Option.isSome(input.file) ? ofFile(input.file.value) : ofRunning(input))
    const { diffDocuments, isBreaking, isUnsure } = yield* Effect.promise(() => import("../inspect/mod.ts"))
    const report = diffDocuments(before, after)
    if (input.json) yield* printJson(report)
    else {
      const { formatDiff } = yield* formats
      const names = {
        before: Option.getOrElse(input.file, () => "the running system"),
        after: Option.getOrElse(input.to, () => "the modules"),
      }
      yield* Console.log(formatDiff(report, paintFor("stdout"), { ...names, all: input.all }))
    }
    yield* endWith(
      report.members.some(isBreaking) ? ExitCode.failed : isUnsure(report) ? ExitCode.unknown : ExitCode.done,
    )
  }),
).pipe(
  Command.withDescription(
    "Compare the contracts of a file or of the running system with those of the modules at hand: what changed, what breaks " +
      "while old and new run side by side, and which apps. Exit code 0: nothing breaks; 1: something does; 3: it could not " +
      "be found out",
  ),
  Command.withShortDescription("Say which apps a change breaks"),
  Command.withExamples([
    { command: "warren schema diff", description: "What runs behind the gateway, and the modules in workers/" },
    { command: "warren schema diff --broker amqp://localhost", description: "Whoever is on a broker, and the modules" },
    { command: "warren schema diff contracts.json", description: "A file, and the modules" },
    { command: "warren schema diff old.json new.json", description: "Two files" },
  ]),
)

const check = Command.make(
  "check",
  {
    modules,
    against: Flag.String("against").pipe(
      Flag.withMetavar("file"),
      Flag.withDescription("What `warren schema dump` wrote: changes that break it are found, too"),
      Flag.optional,
    ),
    allow: Flag.String("allow").pipe(
      Flag.withMetavar("finding:contract"),
      Flag.withDescription("Let a finding pass: unheard:sales.orderPlaced, or unheard:sales.*; may be repeated"),
      Flag.atLeast(0),
    ),
    strict: flag("strict", "Let warnings, and what cannot be told, fail too"),
    json: inspectFlags.json,
  },
  Effect.fnUntraced(function* (input) {
    const allow = yield* Effect.fromResult(readAllowed(input.allow))
    const { ofFile, ofModules } = yield* sources
    const against = Option.isSome(input.against) ? yield* needed(ofFile(input.against.value)) : undefined
    const document = yield* needed(ofModules(input.modules))
    const { checkDocument } = yield* Effect.promise(() => import("../inspect/mod.ts"))
    const report = checkDocument(document, { against, allow })
    if (input.json) yield* printJson(report)
    else yield* Console.log((yield* formats).formatCheck(report, paintFor("stdout")))
    const left = report.findings.filter(({ isAllowed }) => !isAllowed)
    const has = (level: string) => left.some((one) => one.level === level)
    yield* endWith(
      has("error") || input.strict && left.length > 0
        ? ExitCode.failed
        : has("unknown") || report.gaps.length > 0
        ? ExitCode.unknown
        : ExitCode.done,
    )
  }),
).pipe(
  Command.withDescription(
    "Check the contracts of modules, for continuous integration, without a broker: calls nobody serves, events nobody hears, " +
      "listeners to events nobody declares, and changes that break a file. Exit code 0: nothing is wrong; 1: something is; " +
      "3: it cannot be told",
  ),
  Command.withShortDescription("Check contracts, for continuous integration"),
  Command.withExamples([
    { command: "warren schema check", description: "The modules in workers/" },
    { command: "warren schema check --against contracts.json", description: "And what changed since that was written" },
    {
      command: "warren schema check --allow unheard:sales.orderPlaced",
      description: "Nobody here hears it, and that is meant",
    },
  ]),
)

/** The commands. */
export const schema = Command.make("schema").pipe(
  Command.withDescription("Write contracts as JSON Schema, compare them, and check them"),
  Command.withShortDescription("Write, compare and check contracts"),
  Command.withSubcommands([dump, diff, check]),
)
