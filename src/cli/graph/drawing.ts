/**
 * A graph as boxes and arrows, for whatever draws it: an app at either end, the event or call between.
 *
 * Pure, above `mermaid.ts` and `dot.ts`, which write it in their own language. Identifiers are made here, so that no name of
 * a peer is ever taken for a word of such a language.
 */
import type { Graph, GraphMessage, KnownBy } from "../../inspect/mod.ts"
import { short } from "../table.ts"

/** A box. */
export interface Box {
  readonly id: string
  readonly label: string
  readonly shape: "app" | "event" | "call" | "nobody" | "schedule"
  /** Whether it is not there now. */
  readonly isFaint: boolean
  /** Whether nobody handles it. */
  readonly isMarked: boolean
}

/** An arrow. */
export interface Arrow {
  readonly from: string
  readonly to: string
  /** `""`: none. */
  readonly label: string
  /** Whether nothing goes that way now. */
  readonly isFaint: boolean
  readonly isMarked: boolean
}

/** See the top of the file. */
export interface Drawing {
  readonly boxes: ReadonlyArray<Box>
  readonly arrows: ReadonlyArray<Arrow>
}

/** Characters of a name that are drawn. */
const longest = 80

/** Draws it. */
export const drawingOf = ({ apps, messages, schedules, isRunning }: Graph): Drawing => {
  const ids = new Map(apps.map(({ app }, i) => [app, `a${i}`]))
  const away = { now: "", declared: isRunning ? " (not running)" : "", once: " (past)" }
  const boxes: Array<Box> = apps.map(({ app, known }, i) => ({
    id: `a${i}`,
    label: `${short(app, longest)}${away[known]}`,
    shape: "app",
    isFaint: away[known] !== "",
    isMarked: false,
  }))
  const isFaint = (known: KnownBy) => away[known] !== ""
  const arrows: Array<Arrow> = []
  for (const [i, message] of messages.entries()) {
    const { type, kind, senders, handlers, mark } = message
    const id = `m${i}`
    const isMarked = mark !== undefined
    boxes.push({ id, label: short(type, longest), shape: kind, isFaint: false, isMarked })
    for (const { app, known } of senders) {
      arrows.push({ from: ids.get(app) ?? "", to: id, label: "", isFaint: isFaint(known), isMarked: false })
    }
    for (const { app, handler, known } of handlers) {
      // a call's handler is nearly always called as the call
      const label = kind === "call" ? "" : short(handler, longest)
      arrows.push({ from: id, to: ids.get(app) ?? "", label, isFaint: isFaint(known), isMarked: false })
    }
    if (isMarked) {
      boxes.push({ id: `n${i}`, label: unhandled(message, isRunning), shape: "nobody", isFaint: false, isMarked })
      arrows.push({ from: id, to: `n${i}`, label: "", isFaint: false, isMarked })
    }
  }
  for (const [i, { app, handler, timing, known }] of schedules.entries()) {
    const id = `s${i}`
    boxes.push({ id, label: short(timing, longest), shape: "schedule", isFaint: isFaint(known), isMarked: false })
    arrows.push({
      from: id,
      to: ids.get(app) ?? "",
      label: short(handler, longest),
      isFaint: isFaint(known),
      isMarked: false,
    })
  }
  return { boxes, arrows: arrows.filter(({ from, to }) => from !== "" && to !== "") }
}

/** That nobody handles a message, in words. */
export const unhandled = ({ kind, mark }: Pick<GraphMessage, "kind" | "mark">, isRunning: boolean): string =>
  `nobody ${kind === "event" ? "hears" : "serves"} it${mark === "nobody-now" && isRunning ? " now" : ""}`
