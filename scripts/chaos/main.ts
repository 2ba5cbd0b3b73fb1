/**
 * `npm run chaos`: events and calls under load, while the broker and the workers are killed, cut off and stopped by a
 * seeded plan; then what was lost, what happened twice, what hung, and how fast it came back.
 *
 * Prints the plan, the faults as they come, and one report; fails when an aim is missed. `--help` lists the flags.
 */
import process from "node:process"
import { flagsOf, readOptions, usage } from "./options.ts"
import { describePlan, makePlan } from "./plan.ts"
import { describeReport } from "./report.ts"
import { runChaos } from "./run.ts"

const main = async (argv: ReadonlyArray<string>): Promise<number> => {
  if (argv.includes("--help")) {
    console.log(usage)
    return 0
  }
  let options
  try {
    options = readOptions(argv)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 2
  }
  const say = (line: string) => options.json ? console.error(line) : console.log(line)
  say(`npm run chaos -- ${flagsOf(options)}\n\nThe plan`)
  for (const line of describePlan(makePlan(options))) say(line)
  say("")
  const report = await runChaos(options, say)
  for (const line of describeReport(options, report)) say(line)
  if (options.json) console.log(JSON.stringify({ options, plan: makePlan(options), ...report }))
  return report.aims.every(({ met }) => met) ? 0 : 1
}

process.exit(await main(process.argv.slice(2)))
