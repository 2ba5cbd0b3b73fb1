/**
 * `warren run`: the flags of it, and who does the work.
 *
 * The work itself is loaded when it is asked for, so that help, completions and `warren call` start without it.
 */
import { Effect, Option, Redacted, Result } from "effect"
import { Argument, Command, type Flag } from "effect/cli"
import { type Address, defaultAddress, formatAddress, hasSqlite, parseAddress } from "../../adapters/runtime/mod.ts"
import type { EmbeddedOptions } from "../../adapters/embedded/mod.ts"
import type { Settings } from "../runtime/mod.ts"
import { brokerWords, readChoice } from "../transport/mod.ts"
import { defaultFolder } from "./discover.ts"
import { brokerExpected, dataFlag, embeddedOptions, ephemeralFlag } from "./embedded.ts"
import { laneFlag } from "./lane.ts"
import type { Minimum } from "./log.ts"
import { type Management, managementFlag } from "./management.ts"
import { durationExpected, readCount, readDuration, setting, toggle } from "./settings.ts"

/** What `warren run` is asked to do. Times in ms. */
export interface RunOptions {
  /** Modules and folders; none: the default folder. */
  readonly paths: ReadonlyArray<string>
  readonly app: string | undefined
  /** Where the gateway listens; `undefined`: there is none. */
  readonly http: Address | undefined
  /** `undefined`: the embedded one, or one inside the process. */
  readonly broker: Redacted.Redacted<string> | undefined
  /** The project's own broker; `undefined`: another one. */
  readonly embedded: EmbeddedOptions | undefined
  /** Why it is another one although nobody asked for that. */
  readonly notEmbedded: string | undefined
  /** How long to go on trying where no broker answers at the start. */
  readonly wait: number
  /** How calls travel; `undefined`: the runtime's default. */
  readonly lane: Settings["lane"] | undefined
  readonly token: Redacted.Redacted<string> | undefined
  readonly insecure: boolean
  /** Whether the gateway lets people inspect what runs here; `undefined`: where it listens on loopback only. */
  readonly inspect: boolean | undefined
  /** Where the broker's management API is. */
  readonly management: Option.Option<Management>
  /** `undefined`: the runtime's default. */
  readonly concurrency: number | undefined
  readonly grace: number
  readonly watch: boolean
  readonly logLevel: Minimum
  /** Whether lines are JSON; `undefined`: unless it writes to a terminal. */
  readonly json: boolean | undefined
}

/** An address; in a variable people also switch it on (`1`, which no port is meant by) or off (`null`). */
export const readGateway = (text: string): Address | null | undefined => {
  if (/^(1|true|yes|on)$/i.test(text)) return defaultAddress
  if (/^(false|no|off)$/i.test(text)) return null
  return Result.getOrUndefined(parseAddress(text))
}

/** The levels of the log. */
export const levels: ReadonlyArray<Minimum> = ["debug", "info", "warn", "error", "none"]

/** `--log-level`. */
export const logLevelFlag: Flag.Flag<Option.Option<Minimum>> = setting({
  flag: "log-level",
  variable: "WARREN_LOG_LEVEL",
  metavar: levels.join("|"),
  description: "Least grave lines to show; info otherwise",
  expected: levels.join(" | "),
  read: (text) => levels.find((level) => level === text.toLowerCase()),
})

/** `--json`, where lines are written on and on. */
export const jsonFlag: Flag.Flag<Option.Option<boolean>> = toggle({
  flag: "json",
  variable: "WARREN_JSON",
  description: "Write one JSON object a line, as is done anyway when the output is no terminal",
})

const settings = {
  app: setting({
    flag: "app",
    variable: "WARREN_APP",
    metavar: "name",
    description: "Name of the app, when one module is run; the file's name otherwise",
    expected: 'letters, digits, "-" and "_", starting with a letter, at most 60',
    read: (text) => /^[a-zA-Z][a-zA-Z0-9_-]{0,59}$/.test(text) ? text : undefined,
  }),
  http: setting({
    flag: "http",
    variable: "WARREN_HTTP",
    metavar: "host:port",
    description: `Start the HTTP gateway; ${formatAddress(defaultAddress)} unless said otherwise`,
    expected: "a port or host:port, such as 9000, 127.0.0.1:9000 or [::1]:9000",
    bare: formatAddress(defaultAddress),
    read: readGateway,
  }),
  broker: setting({
    flag: "broker",
    variable: "WARREN_BROKER",
    metavar: "url",
    description:
      `RabbitMQ to use, a cluster's hosts with commas; without it the project's ${brokerWords.embedded} broker; ` +
      `${brokerWords.inProcess} is one for this process alone`,
    expected: brokerExpected,
    read: readChoice,
  }),
  data: dataFlag,
  ephemeral: ephemeralFlag,
  wait: setting({
    flag: "wait",
    variable: "WARREN_WAIT",
    metavar: "duration",
    description: "How long to go on trying at the start when the broker does not answer; 1m otherwise",
    expected: durationExpected,
    read: readDuration,
  }),
  lane: laneFlag,
  token: setting({
    flag: "token",
    variable: "WARREN_TOKEN",
    metavar: "secret",
    description: "Token that requests to the gateway must carry; the variable keeps it out of process lists",
    expected: "a text",
    read: Redacted.make<string>,
  }),
  insecure: toggle({
    flag: "insecure",
    variable: "WARREN_INSECURE",
    description: "Let the gateway listen beyond this machine without a token, and calls leave it unencrypted",
  }),
  inspect: toggle({
    flag: "inspect",
    variable: "WARREN_INSPECT",
    description:
      "Let whoever reaches the gateway look into messages and queues and change them; only on loopback otherwise",
  }),
  management: managementFlag,
  concurrency: setting({
    flag: "concurrency",
    variable: "WARREN_CONCURRENCY",
    metavar: "n",
    description: "Messages each handler works on at a time, unless it says itself; 16 otherwise",
    expected: "a whole number from 1",
    read: readCount,
  }),
  grace: setting({
    flag: "grace",
    variable: "WARREN_GRACE",
    metavar: "duration",
    description: "Longest wait for work in hand at the end; 10s otherwise",
    expected: durationExpected,
    read: readDuration,
  }),
  watch: toggle({
    flag: "watch",
    variable: "WARREN_WATCH",
    description: "Take over edits of the modules and of what they import, losing no message",
  }),
  logLevel: logLevelFlag,
  json: jsonFlag,
}

const withoutSqlite =
  "This runtime brings no SQLite, so the broker is inside this process and other processes do not find it; " +
  "the embedded one needs Bun, Deno or Node 22.13"

/** The command. */
export const run = Command.make(
  "run",
  {
    paths: Argument.String("modules or folders").pipe(
      Argument.withDescription(`Worker modules, or folders of them; ${defaultFolder}/ if none is named`),
      Argument.variadic(),
    ),
    ...settings,
  },
  Effect.fnUntraced(function* (input) {
    const choice = Option.getOrUndefined(input.broker)
    const can = choice !== undefined || (yield* hasSqlite)
    const options: RunOptions = {
      paths: input.paths,
      app: Option.getOrUndefined(input.app),
      http: Option.getOrUndefined(input.http) ?? undefined,
      broker: choice?._tag === "Address" ? choice.url : undefined,
      embedded: can && (choice === undefined || choice._tag === "Embedded") ? yield* embeddedOptions(input) : undefined,
      notEmbedded: can ? undefined : withoutSqlite,
      wait: Option.getOrElse(input.wait, () => 60_000),
      lane: Option.getOrUndefined(input.lane),
      token: Option.getOrUndefined(input.token),
      insecure: Option.getOrElse(input.insecure, () => false),
      inspect: Option.getOrUndefined(input.inspect),
      management: input.management,
      concurrency: Option.getOrUndefined(input.concurrency),
      grace: Option.getOrElse(input.grace, () => 10_000),
      watch: Option.getOrElse(input.watch, () => false),
      logLevel: Option.getOrElse(input.logLevel, () => "info" as const),
      json: Option.getOrUndefined(input.json),
    }
    const { work } = yield* Effect.promise(() => import("./work.ts"))
    return yield* work(options)
  }),
).pipe(
  Command.withDescription(
    "Run worker modules: their calls, listeners and schedules, and the HTTP gateway if asked for",
  ),
  Command.withShortDescription("Run worker modules"),
  Command.withExamples([
    { command: "warren run", description: `Every module in ${defaultFolder}/, with the project's embedded broker` },
    {
      command: "warren run workers --http --watch",
      description: "With the gateway on 127.0.0.1:8080, taking over edits",
    },
    { command: "warren run sales.ts parts.ts --http 9000", description: "Two modules, the gateway on another port" },
    { command: "warren run workers --broker amqp://localhost", description: "On RabbitMQ" },
    { command: "WARREN_TOKEN=… warren run --http 0.0.0.0:8080", description: "Open to other machines, with a token" },
  ]),
)
