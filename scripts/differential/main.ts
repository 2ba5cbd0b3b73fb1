/**
 * `npm run differential`: the same sequences of operations on the embedded broker and on RabbitMQ, which must tell the same.
 *
 * Prints each difference as a short list of operations, how often each operation was done, and one closing line; fails when
 * there is a difference. Starts the servers it is not given.
 */
import process from "node:process"
import { startRabbit } from "../rabbitmq.ts"
import { compare } from "./compare.ts"
import { describeOperation } from "./describe.ts"
import { drawSequence } from "./draw.ts"
import { startEmbedded } from "./embedded.ts"
import { type DifferentialOptions, readOptions } from "./options.ts"
import { describeAllowances, describeCounts, describeFinding, describeReport } from "./report.ts"
import { run } from "./run.ts"
import { Side } from "./Side.ts"

/** One sequence, with everything that is told. */
const runOne = async (ours: string, theirs: string, options: DifferentialOptions, only: number): Promise<boolean> => {
  const sequence = drawSequence(options.seed, only, options.without)
  const kept = options.keep ?? sequence.operations.map((_, number) => number)
  const operations = kept.map((number) => sequence.operations[number]!)
  const pair = { ours: new Side(ours, new Map()), theirs: new Side(theirs, new Map()) }
  const difference = await compare(pair, sequence, operations, `o${Date.now().toString(36)}`, {
    onStep: (operation, lines) => {
      console.log(describeOperation(operation))
      for (const line of lines) console.log(`    ${line}`)
    },
    onAllowed: (name) => console.log(`    allowed: ${name}`),
  })
  if (difference !== undefined) console.log(`\n${describeFinding({ sequence, kept, operations, difference })}`)
  await Promise.all([pair.ours.close(), pair.theirs.close()])
  return difference === undefined
}

const main = async (argv: ReadonlyArray<string>): Promise<number> => {
  let options: DifferentialOptions
  try {
    options = readOptions(argv)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 2
  }
  const rabbit = options.theirs === undefined ? await startRabbit({ config: ["log.file.level = none"] }) : undefined
  const theirs = options.theirs ?? rabbit!.url
  const defects: Array<unknown> = []
  const embedded = options.ours === undefined
    ? await startEmbedded((defect) => {
      defects.push(defect)
      console.error(defect)
    })
    : undefined
  const ours = options.ours ?? embedded!.url
  try {
    if (options.only !== undefined) return await runOne(ours, theirs, options, options.only) ? 0 : 1
    let done = 0
    const report = await run({
      ...options,
      ours,
      theirs,
      onDone: () => void (++done % 100 === 0 && process.stderr.write(`${done}\n`)),
      onFinding: (finding) => console.log(`\n${describeFinding(finding)}`),
    })
    console.log(`\n${describeCounts(report).join("\n")}`)
    console.log(`\n${describeAllowances(report).join("\n")}`)
    for (const { index, difference } of report.undecided) {
      console.log(`undecided ${index}: ${JSON.stringify(difference)}`)
    }
    console.log(`\n${describeReport(report)}`)
    if (defects.length > 0) console.log(`${defects.length} defects in the embedded broker`)
    return report.findings.length + defects.length === 0 ? 0 : 1
  } finally {
    await embedded?.stop()
    await rabbit?.stop()
  }
}

process.exit(await main(process.argv.slice(2)))
