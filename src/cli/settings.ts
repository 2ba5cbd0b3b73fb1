/**
 * Flags that may also come from a variable, the flag winning; both are read by the same function.
 *
 * Below every command. Here is how a value is written and what is said of one that cannot be read; what a value
 * means is the command's business.
 */
import { Config, Duration, Effect, Option } from "effect"
import { CliError, Flag } from "effect/cli"

/** How a setting is called and read. */
export interface Setting<A> {
  readonly flag: string
  /** `WARREN_HTTP`; without one only the flag counts. */
  readonly variable?: string
  /** What stands for the value in help: `host:port`. */
  readonly metavar: string
  readonly description: string
  /** What a value must be, for people. */
  readonly expected: string
  /** The value a text stands for; `undefined`: none. */
  readonly read: (text: string) => A | undefined
  /** What the bare flag means; without it the flag needs a value. */
  readonly bare?: string
}

/** A flag with a value, or its variable. */
export const setting = <A>(options: Setting<A>): Flag.Flag<Option.Option<A>> => {
  const { flag, variable, metavar, description, expected, read, bare } = options
  const text = Flag.String(flag).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(described(description, variable)),
  )
  return (bare === undefined ? text : Flag.withOptionalValue(text, bare)).pipe(
    Flag.optional,
    Flag.mapEffect((given) =>
      Option.match(given, {
        onSome: (value) => {
          const known = read(value)
          return known === undefined
            ? Effect.fail(new CliError.InvalidValue({ option: flag, value, expected, kind: "flag" }))
            : Effect.succeedSome(known)
        },
        onNone: () => fromVariable(variable, expected, read),
      })
    ),
  )
}

/** A flag that is there or not (`--no-…` denies it), or its variable. */
export const toggle = (options: {
  readonly flag: string
  readonly variable: string
  readonly description: string
}): Flag.Flag<Option.Option<boolean>> =>
  Flag.Boolean(options.flag).pipe(
    Flag.withDescription(described(options.description, options.variable)),
    Flag.optional,
    Flag.mapEffect((given) =>
      Option.isSome(given)
        ? Effect.succeed(given)
        : fromVariable(options.variable, "1 or 0, true or false", readBoolean)
    ),
  )

const described = (description: string, variable: string | undefined): string =>
  variable === undefined ? description : `${description} [${variable}]`

const fromVariable = <A>(
  variable: string | undefined,
  expected: string,
  read: (text: string) => A | undefined,
): Effect.Effect<Option.Option<A>, CliError.CliError> =>
  Effect.gen(function* () {
    if (variable === undefined) return Option.none()
    const value = yield* Effect.orDie(Config.option(Config.String(variable)))
    // an empty variable is how shells and compose files leave one out
    if (Option.isNone(value) || value.value === "") return Option.none()
    const known = read(value.value)
    if (known !== undefined) return Option.some(known)
    const message = `Invalid value for the variable ${variable}: "${value.value}". Expected: ${expected}`
    return yield* new CliError.ValidationError({ message })
  })

/** `1` or `0`, `true` or `false`, `yes` or `no`, `on` or `off`. */
export const readBoolean = (text: string): boolean | undefined =>
  ({ "1": true, true: true, yes: true, on: true, "0": false, false: false, no: false, off: false } as const)[
    text.toLowerCase()
  ]

/** Any text. */
export const readText = (text: string): string | undefined => text

/** A whole number from 1. */
export const readCount = (text: string): number | undefined =>
  /^\d{1,9}$/.test(text) && Number(text) >= 1 ? Number(text) : undefined

/** What {@link readDuration} wants. */
export const durationExpected = "a duration with its unit, such as 10s, 500ms or 2m"

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 }

/** A duration in ms: `500ms`, `10s`, `2m`, `1h`, or as Effect writes it (`10 seconds`). A bare number says no unit. */
export const readDuration = (text: string): number | undefined => {
  const found = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)$/.exec(text.trim())
  if (found !== null) return Math.round(Number(found[1]) * units[found[2]!]!)
  // nothing is nothing in every unit
  if (text.trim() === "0") return 0
  if (!/^\d+ [a-z]+$/.test(text.trim())) return undefined
  const duration = Duration.fromInput(text.trim() as Duration.Input)
  return Option.isSome(duration) ? Duration.toMillis(duration.value) : undefined
}
