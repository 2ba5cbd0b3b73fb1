/**
 * What is said of a command line that cannot be read, or that failed, and with which code it ends.
 *
 * For `program.ts`, and for each line of the console.
 */
import { Cause, Console, Effect, Option } from "effect"
import { CliOutput } from "effect/cli"
import process from "node:process"
import { CliEnd, CliFailure, ExitCode } from "./Failure.ts"
import { paintFor } from "./paint.ts"
import { describe } from "./stack.ts"

/** Mistakes go to standard error alone, with the way to the help instead of all of it. */
export const presenter: CliOutput.Presenter = {
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

/** Tells why a command line failed, as far as nobody has; succeeds with the exit code. */
export const reported = (cause: Cause.Cause<unknown>, words: ReadonlyArray<string>): Effect.Effect<number> => {
  const error = Option.getOrElse(Cause.findErrorOption(cause), () => Cause.squash(cause))
  if (isShowHelp(error)) return Effect.succeed(error.errors.length > 0 ? ExitCode.usage : ExitCode.done)
  if (error instanceof CliEnd) return Effect.succeed(error.code)
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
