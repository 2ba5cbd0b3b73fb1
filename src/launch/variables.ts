/**
 * What the environment says of the broker beside its URL: who asks, with which certificates, and how patient it is.
 *
 * Read when a process is put together, by `launch`, so that `warren run` and `connect()` follow the same variables.
 * An empty variable is how shells leave one out.
 */
import { Config, ConfigProvider, Effect, Option, Redacted } from "effect"
import { InvalidOption, millis } from "../runtime/mod.ts"

/** A variable as it is now, since a program may set its own. */
export const variable = (name: string): Effect.Effect<Redacted.Redacted<string> | undefined> =>
  Effect.suspend(() => Effect.orDie(Config.option(Config.Redacted(name)).parse(ConfigProvider.fromEnv()))).pipe(
    Effect.map((value) => Option.isSome(value) && Redacted.value(value.value) !== "" ? value.value : undefined),
  )

const text = (name: string) =>
  Effect.map(variable(name), (value) => value === undefined ? undefined : Redacted.value(value))

/** `WARREN_BROKER_USER`, `…_PASSWORD`, and the PEM files `…_CA`, `…_CERT`, `…_KEY`; they go before what the URL says. */
export const credentials = Effect.all({
  user: text("WARREN_BROKER_USER"),
  password: variable("WARREN_BROKER_PASSWORD"),
  ca: text("WARREN_BROKER_CA"),
  cert: text("WARREN_BROKER_CERT"),
  key: text("WARREN_BROKER_KEY"),
})

/** `WARREN_DATA`: the data folder of the embedded broker. */
export const dataFolder = text("WARREN_DATA")

/** `WARREN_EPHEMERAL`: whether it keeps nothing. */
export const isEphemeral = Effect.map(
  text("WARREN_EPHEMERAL"),
  (said) => said !== undefined && /^(1|true|yes|on)$/i.test(said),
)

/** `WARREN_VERSION`: the program's own version, which other processes and their warnings call it by. */
export const programVersion = text("WARREN_VERSION")

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** `WARREN_CONSUMER_TIMEOUT`, ms: `45m`, `2h`, or as Effect writes durations. */
export const consumerTimeout: Effect.Effect<number | undefined, InvalidOption> = Effect.flatMap(
  text("WARREN_CONSUMER_TIMEOUT"),
  (value) => {
    if (value === undefined) return Effect.succeed(undefined)
    const short = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(value.trim())
    if (short !== null) return Effect.succeed(Number(short[1]) * units[short[2]!]!)
    return Effect.try({
      try: () => millis("WARREN_CONSUMER_TIMEOUT", value as "1 second"),
      catch: () =>
        new InvalidOption({
          option: "WARREN_CONSUMER_TIMEOUT",
          value: `"${value}"`,
          expected: "a duration with its unit, such as 30m or 2h",
        }),
    })
  },
)
