/**
 * `warren console`: one line after another, over one broker or gateway, with completion and history.
 *
 * The flags, and what a session needs; the lines are read and run in `console/`, loaded when it is asked.
 */
import { Console, Effect, Logger, References } from "effect"
import { Command } from "effect/cli"
import process from "node:process"
import { joinValues } from "./argv.ts"
import { asking } from "./commands.ts"
import { endWith, ExitCode } from "./Failure.ts"
import { managementFlag } from "./management.ts"
import { paintFor } from "./paint.ts"
import { reachFlags } from "./reach.ts"
import { reported } from "./reporting.ts"
import { CurrentSession } from "./Session.ts"
import { version } from "./version.ts"

/** What each line is read by. */
const warren = Command.make("warren").pipe(Command.withSubcommands([...asking]))

/** Commands that find their way themselves are told where the console is. */
const wayfarers: ReadonlySet<string> = new Set(["doctor", "topology"])

const names = asking.map(({ name }) => name)

/** The command. */
export const console = Command.make(
  "console",
  { ...reachFlags, management: managementFlag },
  Effect.fnUntraced(function* (input) {
    const [{ openSession }, { makeKnowledge }, { complete }, { openHistory }, { scriptLines, typedLines }, { repl }] =
      yield* Effect.promise(() =>
        Promise.all([
          import("./console/openSession.ts"),
          import("./console/knowledge.ts"),
          import("./console/completion.ts"),
          import("./console/history.ts"),
          import("./console/lines.ts"),
          import("./console/repl.ts"),
        ])
      )
    const isTyped = process.stdin.isTTY === true && process.stdout.isTTY === true
    const hasFailed = yield* Effect.scoped(Effect.gen(function* () {
      const session = yield* openSession(input)
      const knowledge = makeKnowledge(session)
      const history = isTyped ? openHistory() : { lines: [], add: () => {} }
      const context = yield* Effect.context<never>()
      const lines = yield* isTyped
        ? typedLines({
          history,
          complete: (line) =>
            Effect.runPromiseWith(context)(Effect.map(knowledge, (known) => complete(line, known, names))),
        })
        : scriptLines
      if (isTyped) {
        yield* Console.log(`warren ${version}, at ${session.place}; \`help\` shows what there is`)
        // so that the first completion finds it
        yield* Effect.forkScoped(knowledge)
      }
      const run = (words: ReadonlyArray<string>) => {
        const whole = wayfarers.has(words[0] ?? "") ? [...words, ...session.flags] : words
        return Command.runWith(warren, { version })(joinValues(whole)).pipe(
          Effect.provideService(CurrentSession, session),
          Effect.as<number>(ExitCode.done),
          Effect.catchCause((cause) => reported(cause, words)),
        )
      }
      return yield* repl({
        lines,
        run,
        commands: asking.map((
          { name, shortDescription, description },
        ) => [name, shortDescription ?? description ?? ""]),
        onLine: history.add,
        paint: paintFor("stderr"),
      })
    })).pipe(
      Effect.provideService(References.MinimumLogLevel, "Error"),
      Effect.provideService(Logger.LogToStderr, true),
    )
    yield* endWith(hasFailed && !isTyped ? ExitCode.failed : ExitCode.done)
  }),
).pipe(
  Command.withDescription(
    "Say one line after another to a broker or a gateway, with completion: call, emit, why, trace, ps, tap and the others. " +
      "Lines on standard input are run as a script; exit code 1: one of them failed",
  ),
  Command.withShortDescription("Calls, events and questions, one line after another"),
  Command.withExamples([
    { command: "warren console", description: "At the gateway on this machine" },
    { command: "warren console --broker amqp://localhost", description: "At a broker, with the apis of workers/" },
    { command: "warren console < smoke.txt", description: "As a script" },
  ]),
)
