/**
 * What a run of the fuzzer is asked for. Pure.
 */
import { parseArgs } from "node:util"
import type { Target } from "./Target.ts"

/** A run, or one input that is given. */
export interface FuzzOptions {
  readonly target: Target
  readonly seed: number
  readonly inputs: number
  readonly from: number
  /** One input instead of a run. */
  readonly given: { readonly setup: string; readonly bytes: Uint8Array } | undefined
}

/** How it is called. */
export const usage = (names: Iterable<string>): string =>
  `Usage: bun scripts/fuzz/main.ts <${[...names].join("|")}> [flags]

  --inputs <n>    how many [1000000]
  --seed <n>      [1]
  --from <n>      the number of the first one [0]
  --setup <name> --hex <bytes>    this one input alone`

/** Reads the arguments; throws an `Error` with the usage for what cannot be read. */
export const readOptions = (argv: ReadonlyArray<string>, targets: ReadonlyMap<string, Target>): FuzzOptions => {
  const refuse = (complaint: string): never => {
    throw new Error(`${complaint}\n\n${usage(targets.keys())}`)
  }
  const text = { type: "string" } as const
  const parse = () => {
    try {
      const options = { inputs: text, seed: text, from: text, setup: text, hex: text }
      return parseArgs({ args: [...argv], allowPositionals: true, options })
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error))
    }
  }
  const { values, positionals: [name, ...more] } = parse()
  const target = targets.get(name ?? "") ?? refuse(name === undefined ? "Name a target" : `Unknown target "${name}"`)
  if (more.length > 0) refuse(`Unexpected "${more.join(" ")}"`)
  const whole = (flag: "inputs" | "seed" | "from", fallback: number): number => {
    const value = values[flag]
    if (value === undefined) return fallback
    return /^\d{1,9}$/.test(value) ? Number(value) : refuse(`Cannot read --${flag} "${value}": expected a whole number`)
  }
  const { setup, hex } = values
  if ((setup === undefined) !== (hex === undefined)) refuse("--setup and --hex belong together")
  if (hex !== undefined && !/^(?:[0-9a-f]{2})*$/.test(hex)) refuse("Cannot read --hex: expected pairs of 0-9 and a-f")
  return {
    target,
    seed: whole("seed", 1),
    inputs: whole("inputs", 1_000_000),
    from: whole("from", 0),
    given: setup === undefined || hex === undefined
      ? undefined
      : { setup, bytes: Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)) },
  }
}
