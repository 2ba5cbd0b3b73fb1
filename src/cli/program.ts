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
import { ConfigProvider, Effect, Exit, Layer } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import { joinValues } from "./argv.ts"
import { broker } from "./broker.ts"
import { asking } from "./commands.ts"
import { console } from "./console.ts"
import { ExitCode } from "./Failure.ts"
import { presenter, reported } from "./reporting.ts"
import { run } from "./run.ts"
import { version } from "./version.ts"

const warren = Command.make("warren").pipe(
  Command.withDescription(
    "Lets the applications of a small team talk to each other: typed events and calls over RabbitMQ",
  ),
  Command.withSubcommands([run, ...asking, console, broker]),
  Command.withExamples([
    { command: "warren run workers --http", description: "Run the modules in workers/, with the gateway" },
    { command: `warren call parts.lookup '{"sku":"P-100"}'`, description: "Call a running app" },
    { command: "warren console", description: "Calls, events and questions, one line after another" },
    { command: "warren --completions bash", description: "Print completions for a shell" },
  ]),
)

const platform = Layer.mergeAll(
  NodeFileSystem.layer,
  NodePath.layer,
  NodeStdio.layer,
  NodeTerminal.layer,
).pipe((services) => Layer.provideMerge(NodeChildProcessSpawner.layer, services))

/** Runs a command line (without runtime and script); succeeds with the exit code, whatever happens. */
export const program = (words: ReadonlyArray<string>): Effect.Effect<number> =>
  Command.runWith(warren, { version })(joinValues(words)).pipe(
    Effect.provideService(CliConfig.CliConfig, {
      builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions],
    }),
    Effect.provideService(CliOutput.Presenter, presenter),
    // the variables as they are now, not as they were when something first asked
    Effect.provideServiceEffect(ConfigProvider.ConfigProvider, Effect.sync(() => ConfigProvider.fromEnv())),
    Effect.provide(platform),
    Effect.exit,
    Effect.flatMap((exit) => Exit.isSuccess(exit) ? Effect.succeed(ExitCode.done) : reported(exit.cause, words)),
  )
