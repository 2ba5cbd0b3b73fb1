/**
 * The flags with which `call`, `emit` and `topology` say where the running process is.
 *
 * Through its gateway, or straight over a broker with the contracts of modules at hand. Who does it is in `remote.ts`
 * and `direct.ts`, loaded when chosen.
 */
import { Option, Redacted } from "effect"
import { Argument, Flag } from "effect/cli"
import { defaultUrl } from "./defaultUrl.ts"
import { defaultFolder } from "./discover.ts"
import { brokerExpected, readNamed } from "./embedded.ts"
import { type CliFailure, misuse } from "./Failure.ts"
import { durationExpected, readDuration, readText, setting } from "./settings.ts"

/** Where the running process is. */
export interface Reach {
  readonly url: Option.Option<string>
  readonly token: Option.Option<Redacted.Redacted<string>>
  /** An address, or a word: see `lookingAt`. */
  readonly broker: Option.Option<Redacted.Redacted<string>>
  /** Modules whose contracts are known, for the way over a broker. */
  readonly workers: Option.Option<string>
}

/** The flags of {@link Reach}. */
export const reachFlags = {
  url: setting({
    flag: "url",
    variable: "WARREN_URL",
    metavar: "url",
    description: `Gateway of a running process; ${defaultUrl} otherwise`,
    expected: `an http or https address, such as ${defaultUrl}`,
    read: (text) => /^https?:\/\//.test(text) && URL.canParse(text) ? text.replace(/\/+$/, "") : undefined,
  }),
  token: setting({
    flag: "token",
    variable: "WARREN_TOKEN",
    metavar: "secret",
    description: "Token of that gateway",
    expected: "a text",
    read: Redacted.make<string>,
  }),
  broker: setting({
    flag: "broker",
    metavar: "url",
    description: "Go over this RabbitMQ, or the embedded broker, instead of a gateway",
    expected: brokerExpected,
    read: readNamed,
  }),
  workers: setting({
    flag: "workers",
    metavar: "path",
    description: `With --broker, the modules whose apis are known; ${defaultFolder}/ otherwise`,
    expected: "a module or a folder of modules",
    read: readText,
  }),
}

/** How long to wait. */
export const timeoutFlag: Flag.Flag<Option.Option<number>> = setting({
  flag: "timeout",
  variable: "WARREN_TIMEOUT",
  metavar: "duration",
  description: "Longest wait; 5s otherwise",
  expected: durationExpected,
  read: readDuration,
})

/** The payload's argument. */
export const payloadArgument: Argument.Argument<Option.Option<string>> = Argument.String("payload").pipe(
  Argument.withDescription("The payload as JSON; - reads it from standard input; {} if left out"),
  Argument.optional,
)

/** An api and its member. */
export interface Name {
  readonly api: string
  readonly member: string
}

/** Splits `sales.quote`. */
export const readName = (text: string, what: "call" | "event" | "event or call"): Name | CliFailure => {
  const found = /^([a-zA-Z][\w-]*)\.([a-zA-Z][\w-]*)$/.exec(text)
  if (found !== null) return { api: found[1]!, member: found[2]! }
  const example = what === "call" ? "sales.quote" : "sales.orderPlaced"
  return misuse(
    `Cannot read "${text}" as the name of ${what === "call" ? "a call" : `an ${what}`}`,
    `Name api and ${what}, as in ${example}; \`warren topology\` lists them`,
  )
}
