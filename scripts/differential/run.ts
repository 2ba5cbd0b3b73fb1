/**
 * Runs many sequences against two servers, several at a time, and makes those short over which they differ.
 *
 * Above `compare.ts`; below `main.ts` and the tests. RabbitMQ itself does some things in any order: a sequence counts as a
 * difference when it differs again and again in the same way, and as undecided when it does so only sometimes.
 */
import { allowed } from "./allowed.ts"
import { compare, type Difference } from "./compare.ts"
import { drawSequence, type Sequence } from "./draw.ts"
import type { Operation } from "./Operation.ts"
import { shrink } from "./shrink.ts"
import { type Counts, Side } from "./Side.ts"
import type { Without } from "./world.ts"

/** What is run. */
export interface RunOptions {
  /** The servers, as `amqp://user:password@host:port`. */
  readonly ours: string
  readonly theirs: string
  readonly seed: number
  readonly sequences: number
  /** The number of the first one. @default 0 */
  readonly from?: number
  /** How many at a time. */
  readonly lanes: number
  readonly without: Without
  /** Begins no other sequence after so long. @default it begins all */
  readonly seconds?: number
  /** Makes what is found short. @default true */
  readonly shrinks?: boolean
  /** How many differences end a run. @default 5 */
  readonly enough?: number
  /** Told of each sequence when it is through. */
  readonly onDone?: (index: number) => void
  /** Told of each finding at once. */
  readonly onFinding?: (finding: Finding) => void
}

/** A sequence over which the servers differ. */
export interface Finding {
  readonly sequence: Sequence
  /** The numbers of those operations that are needed. */
  readonly kept: ReadonlyArray<number>
  readonly operations: ReadonlyArray<Operation>
  readonly difference: Difference
}

/** What came of a run. */
export interface Report {
  readonly sequences: number
  readonly operations: number
  readonly counts: Counts
  readonly findings: ReadonlyArray<Finding>
  /** Sequences that differed once and not again. */
  readonly undecided: ReadonlyArray<{ readonly index: number; readonly difference: Difference }>
  /** In how many steps each difference that is allowed was there, by name. */
  readonly allowances: Counts
  readonly seconds: number
}

/** So often in a row a sequence must differ in order to count. */
const times = 3

let runs = 0

/** A prefix that no other run has. */
const fresh = (): string => `d${Date.now().toString(36)}${(runs++).toString(36)}`

/** See the top of the file. */
export const run = async (options: RunOptions): Promise<Report> => {
  const { ours, theirs, seed, from = 0, sequences, without, enough = 5 } = options
  const counts: Counts = new Map()
  const allowances: Counts = new Map(allowed.map(({ name }) => [name, 0]))
  const onAllowed = (name: string) => void allowances.set(name, (allowances.get(name) ?? 0) + 1)
  const findings: Array<Finding> = []
  const undecided: Array<{ readonly index: number; readonly difference: Difference }> = []
  let [next, done, operations] = [from, 0, 0]
  const start = performance.now()
  const { seconds = Infinity } = options
  const isLate = () => performance.now() - start > seconds * 1_000
  const isOver = () => next >= from + sequences || findings.length >= enough || isLate()
  const lane = async () => {
    const pair = { ours: new Side(ours, counts), theirs: new Side(theirs, new Map()) }
    const again = { ours: new Side(ours, new Map()), theirs: new Side(theirs, new Map()) }
    const confirm = async (sequence: Sequence, some: ReadonlyArray<Operation>, attempts: number) => {
      let difference: Difference | undefined
      for (let i = 0; i < attempts; i++) {
        difference = await compare(again, sequence, some, fresh())
        if (difference === undefined) return undefined
      }
      return difference
    }
    while (!isOver()) {
      const index = next++
      const sequence = drawSequence(seed, index, without)
      const difference = await compare(pair, sequence, sequence.operations, fresh(), { onAllowed })
      done++
      operations += sequence.operations.length
      if (difference !== undefined) {
        const whole = sequence.operations.slice(0, difference.step + 1)
        const isSure = JSON.stringify(await confirm(sequence, whole, times - 1)) === JSON.stringify(difference)
        if (!isSure) undecided.push({ index, difference })
        else {
          const at = (numbers: ReadonlyArray<number>) => numbers.map((number) => sequence.operations[number]!)
          const all = whole.map((_, number) => number)
          const fails = async (numbers: ReadonlyArray<number>) => await confirm(sequence, at(numbers), 2) !== undefined
          const kept = options.shrinks === false ? all : await shrink(all, fails)
          const last = await compare(again, sequence, at(kept), fresh()) ?? difference
          const finding = { sequence, kept, operations: at(kept), difference: last }
          findings.push(finding)
          options.onFinding?.(finding)
        }
      }
      options.onDone?.(index)
    }
    await Promise.all([pair, again].flatMap((one) => [one.ours.close(), one.theirs.close()]))
  }
  await Promise.all(Array.from({ length: options.lanes }, lane))
  const took = (performance.now() - start) / 1_000
  return { sequences: done, operations, counts, findings, undecided, allowances, seconds: took }
}
