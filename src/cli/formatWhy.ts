/**
 * The way of a message as text: one line a link, then the cause and what mends it.
 */
import type { WhyReport } from "../inspect/mod.ts"
import type { Paint } from "./paint.ts"
import { short } from "./table.ts"

const signs = { ok: "✓", note: "✓", broken: "✗", unknown: "?" } as const
const colours = { ok: "green", note: "yellow", broken: "red", unknown: "yellow" } as const

/** The report as text, without a line break at its end. */
export const formatWhy = (report: WhyReport, paint: Paint): string => {
  const { question, verdict, links, cause, source, note, ms } = report
  const width = Math.max(...links.map(({ link }) => link.length))
  const to = question.handler ?? question.to
  const head = `${question.subject}${to === undefined ? "" : ` to ${to}`}${
    question.from === undefined ? "" : ` from ${question.from}`
  }${question.id === undefined ? "" : `, message ${short(question.id, 80)}`}`
  const lines = links.map(({ link, state, evidence }) =>
    `  ${paint(colours[state], signs[state])} ${link.padEnd(width)}  ${short(evidence, 600)}`
  )
  const dark = links.filter(({ state }) => state === "unknown").map(({ link }) => link)
  const end = cause !== undefined
    ? [
      `${paint("red", "Broken:")} ${short(cause.text, 900)}`,
      `${paint("bold", "Mend:")}   ${short(cause.remedy, 900)}`,
    ]
    : verdict === "whole"
    ? [`${paint("green", "Whole:")} nothing on this way keeps messages from arriving.`]
    : [`${paint("yellow", "Unknown:")} nothing broken was found, and ${dark.join(", ")} could not be looked into.`]
  const below = [`${short(source, 200)}, ${ms} ms`, ...(note === undefined ? [] : [short(note, 400)])]
  return [paint("bold", short(head, 300)), ...lines, "", ...end, ...below.map((line) => paint("dim", line))].join("\n")
}
