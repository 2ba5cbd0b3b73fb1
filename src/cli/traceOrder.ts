/**
 * Puts what a trace told at about the same time in the order of a tree: a message, whoever has it in hand, what that causes.
 *
 * Between the verb's telling, which is in the order in which hops are heard, and `traceTree.ts`, which prints them. What
 * belongs together stays together, in the order of time; where a parent was told before, its part begins anew. Pure.
 */
import type { HopTold, RoutedTold, TraceTold } from "../inspect/mod.ts"
import { isSender } from "./traceTree.ts"

/** A message or a hand that has it, with what happened there and below. */
interface Block {
  readonly items: Array<HopTold | RoutedTold | Block>
  parent: Block | undefined
}

/** The same things, in the order in which they are printed. */
export const inTree = (told: ReadonlyArray<TraceTold>): ReadonlyArray<TraceTold> => {
  const blocks = new Map<string, Block>()
  const roots: Array<Block> = []
  const rest: Array<TraceTold> = []
  const blockOf = (key: string, parent: () => Block | undefined): Block => {
    const known = blocks.get(key)
    if (known !== undefined) return known
    const block: Block = { items: [], parent: undefined }
    blocks.set(key, block)
    block.parent = parent()
    ;(block.parent?.items ?? roots).push(block)
    return block
  }
  const messageOf = (id: string, cause?: string, handler?: string): Block =>
    blockOf(
      `message ${id}`,
      () =>
        cause === undefined || cause === id
          ? undefined
          : (handler === undefined ? undefined : blocks.get(`hand ${cause} ${handler}`)) ??
            blocks.get(`message ${cause}`),
    )
  // a process may be heard before the one that caused its message
  const byTime = told.toSorted((a, b) => timeOf(a) - timeOf(b))
  for (const one of byTime) {
    if (one.kind === "routed") messageOf(one.id).items.push(one)
    else if (one.kind !== "hop") rest.push(one)
    else if (isSender(one.fact)) messageOf(one.id, one.cause, one.handler).items.push(one)
    else {
      const { id, handler, cause } = one
      const message = messageOf(id, cause)
      ;(handler === undefined ? message : blockOf(`hand ${id} ${handler}`, () => message)).items.push(one)
    }
  }
  return [...roots.flatMap(itemsOf), ...rest]
}

const itemsOf = ({ items }: Block): ReadonlyArray<HopTold | RoutedTold> =>
  items.flatMap((one) => "items" in one ? itemsOf(one) : [one])

/** What is said of a trace as a whole has none, and comes last. */
const timeOf = (told: TraceTold): number =>
  told.kind === "hop" || told.kind === "routed" ? told.at : Number.POSITIVE_INFINITY
