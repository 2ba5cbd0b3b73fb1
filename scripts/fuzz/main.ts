/**
 * `bun scripts/fuzz/main.ts <target>`: many spoiled inputs, drawn from a seed, to something that must bear them all.
 *
 * Prints how they ended, what was found with the command that repeats it, and one closing line; fails when anything was.
 */
import process from "node:process"
import { readOptions } from "./options.ts"
import { describeEndings, describeFinding, describeReport, isClean } from "./report.ts"
import { fuzz, judge } from "./run.ts"
import { targets } from "./targets.ts"
import { startWatchdog } from "./watchdog.ts"

const main = async (argv: ReadonlyArray<string>): Promise<number> => {
  let options
  try {
    options = readOptions(argv, targets)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 2
  }
  const { target, seed, inputs, from, given } = options
  if (given !== undefined) {
    const outcome = judge(target, { ...given, isValid: false })
    console.log("why" in outcome ? outcome.why : outcome.told)
    return "why" in outcome ? 1 : 0
  }
  const watchdog = startWatchdog(target.name, seed)
  const report = await fuzz(target, { seed, inputs, from, onInput: watchdog.beat })
  watchdog.stop()
  for (const line of describeEndings(report)) console.log(line)
  for (const finding of report.findings) console.log(`\n${describeFinding(target.name, seed, finding)}`)
  console.log(`\n${describeReport(target.name, seed, report)}`)
  return isClean(report) ? 0 : 1
}

process.exit(await main(process.argv.slice(2)))
