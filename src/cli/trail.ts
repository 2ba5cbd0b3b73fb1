/**
 * What `warren call --trace` prints: every hop of a call, with its time, as a tree; and how a line of such a tree looks.
 *
 * Text for a person, on standard error, so that the answer on standard output stays what it is. A server's times are its own,
 * since the call's arrival; where they stand among the caller's is reckoned from the middle of the way, and marked so.
 */
import { Console, Effect } from "effect"
import type { CallTrail, Hop } from "../runtime/mod.ts"
import { type Paint, paintFor, type Style } from "./paint.ts"
import { short } from "./table.ts"

/** One line of a tree: ms since the first message, whether they are reckoned, and what stands there. */
export interface Line {
  readonly at: number
  readonly isReckoned: boolean
  readonly depth: number
  readonly what: string
  readonly detail: string | undefined
  readonly isHead: boolean
  /** @default as it is */
  readonly style?: Style | undefined
}

/** Characters of what stands on one line, and of why. */
const longestName = 120
const longestDetail = 500

/** Prints it. */
export const printTrail = (trail: CallTrail | undefined): Effect.Effect<void> =>
  Console.error(
    trail === undefined
      ? "No hop is known: it never left, or whoever was asked does not tell"
      : formatTrail(trail, paintFor("stderr")),
  )

/** The tree as text, ending without a line break. */
export const formatTrail = (trail: CallTrail, paint: Paint): string => {
  const lines = linesOf(trail, 0, 0, false)
  const width = Math.max(...lines.map(({ at }) => at.toFixed(2).length)) + 1
  return lines.map((line) => formatLine(line, width, paint)).join("\n")
}

/** One line of a tree, its time that wide. All of it may come from elsewhere. */
export const formatLine = (
  { at, isReckoned, depth, what, detail, isHead, style }: Line,
  width: number,
  paint: Paint,
): string => {
  const time = `${isReckoned ? "~" : ""}${at.toFixed(2)}`.padStart(width)
  const name = short(what, longestName)
  const said = isHead ? paint("bold", name) : style === undefined ? name : paint(style, name)
  const more = detail === undefined ? "" : `  ${paint("dim", short(detail, longestDetail))}`
  return `${paint("dim", `${time} ms`)}  ${"  ".repeat(depth)}${said}${more}`
}

/** A call from `base` on, ms since the first one. */
const linesOf = (trail: CallTrail, base: number, depth: number, isReckoned: boolean): ReadonlyArray<Line> => {
  const line = ({ at, what, detail }: Hop): Line => ({
    at: base + at,
    isReckoned,
    depth: depth + 1,
    what,
    detail,
    isHead: false,
  })
  const head = { at: base, isReckoned, depth, what: trail.call, detail: `from ${trail.app}, ${trail.id}`, isHead: true }
  const { server } = trail
  const back = trail.hops.findIndex(({ what }) => what === "replied")
  if (server === undefined || back < 0) return [head, ...trail.hops.map(line)]
  const left = trail.hops.slice(0, back)
  const arrived = base + arrivalOf(trail)
  const heading: Line = {
    at: arrived,
    isReckoned: true,
    depth: depth + 2,
    what: server.handler,
    detail: `instance ${server.instance}, host ${server.host}, pid ${server.pid}`,
    isHead: true,
  }
  // a call stays together, whatever the handler did at the same time
  const blocks = [
    ...server.hops.map((hop): ReadonlyArray<Line> => [
      { ...line(hop), at: arrived + hop.at, isReckoned: true, depth: depth + 3 },
    ]),
    ...server.calls.map((call) => linesOf(call, arrived + call.from, depth + 3, true)),
  ]
  const inside = [heading, ...blocks.toSorted((a, b) => a[0]!.at - b[0]!.at).flat()]
  return [head, ...left.map(line), ...inside, ...trail.hops.slice(back).map(line)]
}

/** When a call arrived, ms since it was made: what the way there and back took, in halves. */
const arrivalOf = ({ hops, server }: CallTrail): number => {
  const replied = hops.find(({ what }) => what === "replied")?.at ?? 0
  const left =
    hops.findLast(({ at, what }) => at <= replied && (what === "sent straight" || what === "published"))?.at ?? 0
  const inside = server?.hops.at(-1)?.at ?? 0
  return left + Math.max(0, replied - left - inside) / 2
}
