/**
 * Does one sequence on two servers at once, step by step, until they differ or it is over.
 *
 * Above `Side.ts`; below `run.ts`. Both go in step: a wait is a wait for both, and where something could expire before it is
 * meant to, both wait at once. What still differs is waited for a little longer before it counts.
 */
import { setTimeout as delay } from "node:timers/promises"
import { allowed, type Moment, tolerated } from "./allowed.ts"
import type { Sequence } from "./draw.ts"
import type { Operation } from "./Operation.ts"
import type { Patience, Side } from "./Side.ts"
import { short } from "./world.ts"

/** Where two servers differ. */
export interface Difference {
  /** The number of the operation among those that were done. */
  readonly step: number
  /** What each tells, and the other one does not. */
  readonly ours: ReadonlyArray<string>
  readonly theirs: ReadonlyArray<string>
}

/** Both servers. */
export interface Pair {
  readonly ours: Side
  readonly theirs: Side
}

/** After this time something that was begun may expire, ms. */
const certain = short / 2

/** How much longer a difference is waited for, ms each time. */
const again = [5, 20, 60, 200, 400]

/** These have no effect beyond their reply. */
const quick = new Set([
  "exchange.declare",
  "exchange.bind",
  "exchange.unbind",
  "queue.bind",
  "queue.unbind",
  "confirm.select",
  "tx.select",
  "channel.flow",
  "access.request",
])

const patience = (operation: Operation, { world }: Sequence): Patience => ({
  rounds: operation.kind === "call" && quick.has(operation.method.name) ? 1 : 2,
  quiet: world.profile === "quorum" ? 8 : 0,
})

const without = (lines: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> => {
  const left = [...others]
  return lines.filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

/** A sequence of lines that both have in common, or where they part. */
const differ = (ours: ReadonlyArray<string>, theirs: ReadonlyArray<string>) =>
  ours.length !== theirs.length || ours.some((line, i) => line !== theirs[i])

/** Whoever is told of a comparison as it goes. */
export interface Audience {
  /** Of each step, with what the first one told. */
  readonly onStep?: (operation: Operation, lines: ReadonlyArray<string>) => void
  /** That a step is equal only since this difference is allowed. */
  readonly onAllowed?: (name: string) => void
}

/** The differences that had to be allowed for these lines to be equal. */
const needed = (ours: ReadonlyArray<string>, theirs: ReadonlyArray<string>, moment: Moment): ReadonlyArray<string> =>
  allowed.flatMap((one) => {
    const [mine, other] = tolerated(ours, theirs, moment, allowed.filter((another) => another !== one))
    return differ(mine, other) ? [one.name] : []
  })

/** See the top of the file; `prefix` is what the names of this run begin with. */
export const compare = async (
  { ours, theirs }: Pair,
  sequence: Sequence,
  operations: ReadonlyArray<Operation>,
  prefix: string,
  audience: Audience = {},
): Promise<Difference | undefined> => {
  const sides = [ours, theirs]
  const { exchanges, queues } = sequence.world
  // two of them may be one server, to see that what is told is certain
  await Promise.all([ours.begin(`${prefix}a.`), theirs.begin(`${prefix}b.`)])
  let began = performance.now()
  const pass = async () => {
    await delay(sequence.wait)
    began = performance.now()
  }
  const step = async (operation: Operation, number: number): Promise<Difference | undefined> => {
    if (operation.kind === "wait") await pass()
    const did = await Promise.all(sides.map((side) => side.perform(operation)))
    if (!did.includes(true)) return undefined
    for (let attempt = 0;; attempt++) {
      await Promise.all(sides.map((side) => side.settled(patience(operation, sequence))))
      const [told, toldThere] = [ours.lines(), theirs.lines()]
      const moment = { operation, queues }
      const [mine, other] = tolerated(told, toldThere, moment)
      if (!differ(mine, other)) {
        if (differ(told, toldThere)) { for (const name of needed(told, toldThere, moment)) audience.onAllowed?.(name) }
        break
      }
      const longer = again[attempt]
      if (longer === undefined) {
        const difference = { step: number, ours: without(mine, other), theirs: without(other, mine) }
        // the same lines in another order
        return difference.ours.length + difference.theirs.length > 0
          ? difference
          : { ...difference, ours: mine, theirs: other }
      }
      await delay(longer)
    }
    audience.onStep?.(operation, ours.lines())
    for (const side of sides) side.next(number + 1)
    return undefined
  }
  try {
    for (const [number, operation] of operations.entries()) {
      if (sequence.world.profile === "timed" && performance.now() - began > certain) {
        const difference = await step({ kind: "wait" }, number)
        if (difference !== undefined) return difference
      }
      const difference = await step(operation, number)
      if (difference !== undefined) return difference
    }
    return undefined
  } finally {
    const names = { exchanges: exchanges.map(({ exchange }) => exchange), queues: queues.map(({ queue }) => queue) }
    await Promise.all(sides.map((side) => side.end(names)))
  }
}
