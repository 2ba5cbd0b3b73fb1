/**
 * What a differential run is asked for. Pure.
 */
import { parseArgs } from "node:util"
import type { Without } from "./world.ts"

/** A run. */
export interface DifferentialOptions {
  /** Where they are; `undefined`: one is started. */
  readonly ours: string | undefined
  readonly theirs: string | undefined
  readonly seed: number
  readonly sequences: number
  readonly from: number
  readonly lanes: number
  readonly enough: number
  readonly without: Without
  readonly shrinks: boolean
  /** One sequence alone, and those of its operations that are left. */
  readonly only: number | undefined
  readonly keep: ReadonlyArray<number> | undefined
}

/** How it is called. */
export const usage = `Usage: bun scripts/differential/main.ts [flags]

  --sequences <n>   how many [2000]
  --seed <n>        [1]
  --from <n>        the number of the first one [0]
  --only <n>        this one alone, with everything that is told
  --keep <n,n,…>    and of it these operations alone
  --lanes <n>       so many at a time [16]
  --enough <n>      ends after so many differences [5]
  --without <a,b>   leaves out methods, tx, priorities, cc, quorum, timed
  --no-shrink       leaves what is found as long as it is
  --ours <url>      the embedded broker [one is started]
  --theirs <url>    RabbitMQ [one is started]`

/** Reads the arguments; throws an `Error` with the usage for what cannot be read. */
export const readOptions = (argv: ReadonlyArray<string>): DifferentialOptions => {
  const refuse = (complaint: string): never => {
    throw new Error(`${complaint}\n\n${usage}`)
  }
  const text = { type: "string" } as const
  const parse = () => {
    try {
      return parseArgs({
        args: [...argv],
        options: {
          sequences: text,
          seed: text,
          from: text,
          only: text,
          keep: text,
          lanes: text,
          enough: text,
          without: { type: "string", multiple: true },
          "no-shrink": { type: "boolean", default: false },
          ours: text,
          theirs: text,
        },
      })
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error))
    }
  }
  const { values } = parse()
  const whole = (flag: "sequences" | "seed" | "from" | "lanes" | "enough", fallback: number): number => {
    const value = values[flag]
    if (value === undefined) return fallback
    return /^\d{1,9}$/.test(value) ? Number(value) : refuse(`Cannot read --${flag} "${value}": expected a whole number`)
  }
  const without = (values.without ?? []).flatMap((names) => names.split(","))
  const { only, keep } = values
  if (keep !== undefined && only === undefined) refuse("--keep belongs to --only")
  return {
    ours: values.ours,
    theirs: values.theirs,
    seed: whole("seed", 1),
    sequences: whole("sequences", 2_000),
    from: whole("from", 0),
    lanes: whole("lanes", 16),
    enough: whole("enough", 5),
    shrinks: !values["no-shrink"],
    without: new Set(without),
    only: only === undefined ? undefined : Number(only),
    keep: keep?.split(",").map(Number),
  }
}
