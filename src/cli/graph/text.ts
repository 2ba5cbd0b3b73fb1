/**
 * A graph as text for people: each event with who emits and who hears it, each call with who makes and who serves it.
 *
 * Pure. Names come from other processes and are shown as text only.
 */
import type { Graph, GraphMessage, Party } from "../../inspect/mod.ts"
import type { Paint } from "../paint.ts"
import { ago } from "../span.ts"
import { short } from "../table.ts"
import { unhandled } from "./drawing.ts"

/** The text, without a line break at the end. */
export const graphText = (graph: Graph, paint: Paint): string => {
  const { source, messages, schedules, gaps } = graph
  const lines = (kind: GraphMessage["kind"]) => {
    const own = messages.filter((one) => one.kind === kind)
    const wide = Math.max(0, ...own.map(({ type }) => short(type, 80).length))
    return own.flatMap((one) => linesOf(one, wide, graph, paint))
  }
  const section = (title: string, remark: string, own: ReadonlyArray<string>) =>
    own.length === 0
      ? []
      : ["", remark === "" ? paint("bold", title) : `${paint("bold", title)}  ${paint("dim", remark)}`, ...own]
  const when = Math.max(0, ...schedules.map(({ timing }) => short(timing, 80).length))
  return [
    paint("dim", short(source, 200)),
    ...section("events", "who emits -> who hears", lines("event")),
    ...section("calls", "who calls -> who serves", lines("call")),
    ...section(
      "schedules",
      "",
      schedules.map(({ app, handler, timing }) =>
        `  ${short(timing, 80).padEnd(when)}  -> ${paint("bold", short(app, 80))}.${short(handler, 80)}`
      ),
    ),
    ...(messages.length + schedules.length === 0 ? ["", "  nobody sends or handles anything, as far as is known"] : []),
    ...section("not known", "", gaps.map((gap) => `  ${paint("yellow", "?")} ${short(gap, 300)}`)),
  ].join("\n")
}

const linesOf = (
  message: GraphMessage,
  wide: number,
  graph: Graph,
  paint: Paint,
): ReadonlyArray<string> => {
  const { type, senders, handlers, mark, kind } = message
  const from = senders.length > 0
    ? senders.map((one) => partyOf(one, graph, paint, false)).join(", ")
    : paint("dim", graph.isRunning ? `nobody was seen to ${kind === "event" ? "emit" : "call"} it` : "?")
  const to = handlers.map((one) => partyOf(one, graph, paint, kind === "event"))
  const missing = mark === undefined ? [] : [paint("red", unhandled(message, graph.isRunning))]
  return [`  ${short(type, 80).padEnd(wide)}  ${from} -> ${[...missing, ...to].join(", ")}`]
}

const partyOf = ({ app, handler, known, seen }: Party, { at, isRunning }: Graph, paint: Paint, isWhole: boolean) => {
  const name = `${paint("bold", short(app, 80))}${isWhole && handler !== "" ? `.${short(handler, 80)}` : ""}`
  if (known === "once") return `${name} ${paint("dim", `(${seen === undefined ? "once" : ago(at - seen)})`)}`
  return known === "declared" && isRunning ? `${name} ${paint("dim", "(in the modules, not running)")}` : name
}
