/**
 * Why a command could not do what it was asked: one error with what happened, the remedy and the exit code.
 *
 * Commands fail with it and `program.ts` prints it, so that every mistake looks alike: the problem, then what to do,
 * and a stack only where somebody asked for one.
 */
import { Data, Effect } from "effect"

/** The exit codes of every command; docs/operations.md lists them. */
export const ExitCode = { done: 0, failed: 1, usage: 2, unknown: 3 } as const

/** A command's failure, as people are told it. */
export class CliFailure extends Data.TaggedError("CliFailure")<{
  /** What happened, with the value; no full stop. */
  readonly problem: string
  /** What to do about it. */
  readonly remedy?: string | undefined
  /** @default 1, the operation failed */
  readonly code?: number
  /** What it came from; its stack is shown at `--log-level debug`. */
  readonly from?: unknown
}> {
  override get message(): string {
    return this.problem
  }
}

/** Wrong usage: exit code 2. */
export const misuse = (problem: string, remedy?: string): CliFailure =>
  new CliFailure({ problem, remedy, code: ExitCode.usage })

/** A command has said all it has to say and ends with a code of its own: nothing more is printed. */
export class CliEnd extends Data.TaggedError("CliEnd")<{ readonly code: number }> {}

/** Ends with a code; goes on where that is 0. */
export const endWith = (code: number): Effect.Effect<void, CliEnd> =>
  code === ExitCode.done ? Effect.void : Effect.fail(new CliEnd({ code }))
