/**
 * How the commands of `warren dead` are told which letters are meant.
 */
import { Option } from "effect"
import { Argument, Flag } from "effect/cli"
import type { Selection } from "../../inspect/mod.ts"
import { type CliFailure, misuse } from "../Failure.ts"
import { inspectFlags } from "../inspecting.ts"
import { readCount, setting } from "../settings.ts"

/** A flag without a value. */
export const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

const limit = setting({
  flag: "limit",
  metavar: "letters",
  description: "Letters of each queue that are looked through, from the oldest on; 20000 otherwise",
  expected: "a whole number from 1",
  read: readCount,
})

/** `app.handler`, an `app`, or what the command says. */
export const ofFlag = Flag.String("of").pipe(
  Flag.withMetavar("app[.handler]"),
  Flag.withDescription("Of these, only those of this app or handler"),
  Flag.optional,
)

/** Another handler to go to. */
export const toFlag = Flag.String("to").pipe(
  Flag.withMetavar("app.handler"),
  Flag.withDescription("The handler that is to have it; the one that it comes from otherwise"),
  Flag.optional,
)

/** Flags of every command. */
export const deadFlags = { ...inspectFlags, limit }

/** One message. */
export const targetArgument = Argument.String("id").pipe(
  Argument.withDescription("A message's id, or an end of it; a group; app.handler or app"),
)

/** Some, or all of them. */
export const someArgument = targetArgument.pipe(Argument.optional)

/** What was said, as verbs take it. */
export const selectionOf = (
  input: {
    readonly id: Option.Option<string>
    readonly of: Option.Option<string>
    readonly limit: Option.Option<number>
    readonly all?: boolean
  },
): Selection => ({
  ...Option.match(input.id, { onNone: () => ({}), onSome: (target) => ({ target }) }),
  ...Option.match(input.of, { onNone: () => ({}), onSome: (of) => ({ of }) }),
  ...Option.match(input.limit, { onNone: () => ({}), onSome: (limit) => ({ limit }) }),
  ...(input.all === true && { all: true }),
})

/** What is wrong with it where nobody says which letters are meant. */
export const unnamed = (
  { id, all }: { readonly id: Option.Option<string>; readonly all: boolean },
  what: string,
): CliFailure | undefined => {
  if (Option.isNone(id) && !all) {
    return misuse(
      `Cannot ${what}: no dead letters are named`,
      "Name a message's id, a group, app.handler or app, or say --all",
    )
  }
  return Option.isSome(id) && all
    ? misuse(`Cannot ${what} both "${id.value}" and all`, "Leave one of them out")
    : undefined
}
