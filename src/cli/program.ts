/**
 * The command line as a whole: its commands, what it says of mistakes, and with which code it ends.
 *
 * Above it only `main.ts`. effect/cli reads the words, prints help and completions and knows nearly right names; it stays
 * behind this room, so that no other part of Warren depends on it.
 */
import * as NodeChildProcessSpawner from "@effect/platform-node-shared/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem"
import * as NodePath from "@effect/platform-node-shared/NodePath"
import * as NodeStdio from "@effect/platform-node-shared/NodeStdio"
import * as NodeTerminal from "@effect/platform-node-shared/NodeTerminal"
import { Cause, ConfigProvider, Console, Effect, Exit, Layer, Option } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import process from "node:process"
import { joinAddress } from "./argv.ts"
import { call } from "./call.ts"
import { emit } from "./emit.ts"
import { CliFailure, ExitCode } from "./Failure.ts"
import { paintFor } from "./paint.ts"
import { run } from "./run.ts"
import { describe } from "./stack.ts"
import { topology } from "./topology.ts"
import { version } from "./version.ts"

const warren = Command.make("warren").pipe(
  Command.withDescription(
    "Lets the applications of a small team talk to each other: typed events and calls over RabbitMQ",
  ),
  Command.withSubcommands([run, call, emit, topology]),
  Command.withExamples([
    { command: "warren run workers --http", description: "Run the modules in workers/, with the gateway" },
    { command: `warren call parts.lookup '{"sku":"P-100"}'`, description: "Call a running app" },
    { command: "warren --completions bash", description: "Print completions for a shell" },
  ]),
)

/** Mistakes go to standard error alone, with the way to the help instead of all of it. */
const presenter: CliOutput.Presenter = {
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event)
    const paint = paintFor("stderr")
    return Console.error([
      ...event.errors.map(({ message }) => `${paint("red", "error")}  ${inOneLine(message)}`),
      paint("dim", `       \`${event.commandPath.join(" ")} --help\` shows what there is`),
    ].join("\n"))
  },
}

/** effect/cli puts its suggestions on lines of their own. */
const inOneLine = (message: string): string =>
  message.trim().replace(/\s*\n\s*Did you mean this\?\s*\n\s*/, "; did you mean ").replaceAll(/\s*\n\s*/g, " or ")

const platform = Layer.mergeAll(
  NodeFileSystem.layer,
  NodePath.layer,
  NodeStdio.layer,
  NodeTerminal.layer,
).pipe((services) => Layer.provideMerge(NodeChildProcessSpawner.layer, services))

/** Runs a command line (without runtime and script); succeeds with the exit code, whatever happens. */
export const program = (words: ReadonlyArray<string>): Effect.Effect<number> =>
  Command.runWith(warren, { version })(joinAddress(words)).pipe(
    Effect.provideService(CliConfig.CliConfig, {
      builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions],
    }),
    Effect.provideService(CliOutput.Presenter, presenter),
    // the variables as they are now, not as they were when something first asked
    Effect.provideServiceEffect(ConfigProvider.ConfigProvider, Effect.sync(() => ConfigProvider.fromEnv())),
    Effect.provide(platform),
    Effect.exit,
    Effect.flatMap((exit) => Exit.isSuccess(exit) ? Effect.succeed(ExitCode.done) : failed(exit.cause, words)),
  )

const failed = (cause: Cause.Cause<unknown>, words: ReadonlyArray<string>): Effect.Effect<number> => {
  const error = Option.getOrElse(Cause.findErrorOption(cause), () => Cause.squash(cause))
  if (isShowHelp(error)) return Effect.succeed(error.errors.length > 0 ? ExitCode.usage : ExitCode.done)
  if (!(error instanceof CliFailure)) {
    return Effect.as(tell({ problem: `Warren itself failed: ${describe(error)}`, from: error }, true), ExitCode.failed)
  }
  const asked = words.includes("debug") || words.includes("--log-level=debug") ||
    process.env["WARREN_LOG_LEVEL"] === "debug"
  return Effect.as(tell(error, asked), error.code ?? ExitCode.failed)
}

/** One clear error: the problem, the remedy, and the stack where it was asked for. */
const tell = (
  { problem, remedy, from }: {
    readonly problem: string
    readonly remedy?: string | undefined
    readonly from?: unknown
  },
  withStack: boolean,
): Effect.Effect<void> => {
  const paint = paintFor("stderr")
  const stack = withStack && from instanceof Error && from.stack !== undefined ? from.stack : undefined
  return Console.error([
    `${paint("red", "error")}  ${problem}`,
    ...(remedy === undefined ? [] : [`       ${paint("dim", remedy)}`]),
    ...(stack === undefined ? [] : [paint("dim", stack)]),
  ].join("\n"))
}

const isShowHelp = (error: unknown): error is { readonly errors: ReadonlyArray<unknown> } =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp" && "errors" in error
