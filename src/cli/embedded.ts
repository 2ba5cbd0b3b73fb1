/**
 * The project's embedded broker on the command line: its flags, and where it is for commands that only look.
 *
 * Below `run`, `broker` and every command with `--broker`. Who takes part in it is in `src/launch`; here nothing is hosted.
 */
import { Effect, Option, Redacted } from "effect"
import type { Flag } from "effect/cli"
import process from "node:process"
import type { EmbeddedOptions } from "../../adapters/embedded/mod.ts"
import { brokerWords, readChoice } from "../transport/mod.ts"
import { CliFailure } from "./Failure.ts"
import { readText, setting, toggle } from "./settings.ts"

/** `--data`: where the embedded broker keeps what it has. */
export const dataFlag: Flag.Flag<Option.Option<string>> = setting({
  flag: "data",
  variable: "WARREN_DATA",
  metavar: "folder",
  description: "Folder of the embedded broker; .warren/broker at the root of the project otherwise",
  expected: "a folder",
  read: readText,
})

/** `--ephemeral`: nothing is kept. */
export const ephemeralFlag: Flag.Flag<Option.Option<boolean>> = toggle({
  flag: "ephemeral",
  variable: "WARREN_EPHEMERAL",
  description: "The embedded broker keeps nothing when it ends",
})

/** What may follow `--broker`. */
export const brokerExpected =
  `an AMQP address, such as amqp://user:password@host:5672/vhost, or ${brokerWords.embedded} or ${brokerWords.inProcess}`

/** What the flags and the variables say of it. */
export const embeddedOptions = Effect.fnUntraced(function* (
  { data, ephemeral }: { readonly data: Option.Option<string>; readonly ephemeral: Option.Option<boolean> },
): Effect.fn.Return<EmbeddedOptions> {
  const { defaultFolder } = yield* Effect.promise(() => import("../../adapters/embedded/mod.ts"))
  const { credentials } = yield* Effect.promise(() => import("../launch/mod.ts"))
  const { user, password } = yield* credentials
  return {
    folder: Option.getOrElse(data, () => defaultFolder()),
    isEphemeral: Option.getOrElse(ephemeral, () => false),
    ...(user !== undefined && password !== undefined && { credentials: { user, password } }),
  }
})

/** Where the project's embedded broker is; none: nobody hosts it. */
export const findOwn: Effect.Effect<Option.Option<Redacted.Redacted<string>>> = Effect.gen(function* () {
  const { defaultFolder, findEmbedded, urlOf } = yield* Effect.promise(() => import("../../adapters/embedded/mod.ts"))
  const address = yield* findEmbedded(process.env["WARREN_DATA"] || defaultFolder())
  return address === undefined ? Option.none() : Option.some(urlOf(address))
})

/** What may be said where a broker is named: an address, or one of the words. */
export const readNamed = (text: string): Redacted.Redacted<string> | undefined =>
  readChoice(text) === undefined ? undefined : Redacted.make(text)

/** The broker that is named for a command that looks: an address, or where the embedded one is now. */
export const lookingAt = Effect.fnUntraced(function* (
  named: Option.Option<Redacted.Redacted<string>>,
): Effect.fn.Return<Option.Option<Redacted.Redacted<string>>, CliFailure> {
  const choice = Option.isSome(named) ? readChoice(named.value) : undefined
  if (choice === undefined || choice._tag === "InProcess") return Option.none()
  if (choice._tag === "Address") return Option.some(choice.url)
  const own = yield* findOwn
  if (Option.isSome(own)) return own
  return yield* new CliFailure({
    problem: "Nobody hosts the embedded broker of this project",
    remedy: "Start `warren run` or `warren broker` in it; WARREN_DATA names another folder",
  })
})
