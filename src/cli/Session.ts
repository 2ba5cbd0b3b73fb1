/**
 * Where the lines of a console are said: one broker that was joined, or one gateway, for as long as the console is open.
 *
 * `call`, `emit` and all commands of inspection look here before they go anywhere themselves. Elsewhere than in a console there
 * is none.
 */
import { Context, type Effect, type Stream } from "effect"
import type { ContractSpec } from "../contract/mod.ts"
import type { Saying } from "./direct.ts"
import type { CliFailure } from "./Failure.ts"

/** See the top of the file. */
export interface Session {
  /** Asks a verb; `timeout`: ms that a gateway may take. */
  readonly ask: (verb: string, args: unknown, timeout?: number) => Effect.Effect<unknown, CliFailure>
  /** Follows a verb that goes on telling. */
  readonly follow: (verb: string, args: unknown) => Stream.Stream<unknown, CliFailure>
  /** Calls; succeeds with the value, encoded. */
  readonly call: (saying: Saying) => Effect.Effect<unknown, CliFailure>
  /** Emits; succeeds with what the command prints. */
  readonly emit: (saying: Saying) => Effect.Effect<unknown, CliFailure>
  /** Contracts of the modules at hand; of a gateway, none. */
  readonly contracts: ReadonlyMap<string, ContractSpec>
  /** Where it is, for people. */
  readonly place: string
  /** The words by which a command that goes there itself finds it. */
  readonly flags: ReadonlyArray<string>
}

/** The session of the console that a command runs in. */
export const CurrentSession = Context.Reference<Session | undefined>("warren/cli/Session", {
  defaultValue: () => undefined,
})
