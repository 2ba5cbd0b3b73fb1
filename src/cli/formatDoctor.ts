/**
 * What `warren doctor` prints: a line each with its sign, by what it belongs to; below whatever is not well, what mends it.
 *
 * Pure, over the report. What comes from the broker and from other processes is shown as text only.
 */
import type { Check, DoctorReport } from "../inspect/mod.ts"
import type { Paint, Style } from "./paint.ts"
import { short } from "./table.ts"

const signs = { ok: "✓", warning: "!", broken: "✗", unknown: "?", skipped: "-" } as const
const colours: Readonly<Record<Check["state"], Style>> = {
  ok: "green",
  warning: "yellow",
  broken: "red",
  unknown: "yellow",
  skipped: "dim",
}

/** The text, without a line break at the end. `room`: characters of a line; `undefined`: as many as it takes. */
export const formatDoctor = (
  { verdict, checks }: DoctorReport,
  paint: Paint,
  room: number | undefined = undefined,
): string => {
  const width = Math.max(...checks.map(({ name }) => short(name, 40).length))
  const areas = Map.groupBy(checks, ({ area }) => area)
  const lines = [...areas].flatMap(([area, own]) => [
    paint("bold", short(area, 40)),
    ...own.flatMap((check) => linesOf(check, width, paint, room)),
    "",
  ])
  return [...lines, endOf(verdict, checks, paint)].join("\n")
}

const linesOf = (
  { name, state, evidence, remedy }: Check,
  width: number,
  paint: Paint,
  room: number | undefined,
): ReadonlyArray<string> => {
  const indent = " ".repeat(width + 6)
  const most = room === undefined ? undefined : Math.max(30, room - indent.length)
  const [first = "", ...rest] = wrap(short(evidence, 1_200), most)
  const dim = (line: string) => state === "skipped" ? paint("dim", line) : line
  const mend = state === "ok" || remedy === undefined ? [] : wrap(`-> ${short(remedy, 600)}`, most)
  return [
    `  ${paint(colours[state], signs[state])} ${short(name, 40).padEnd(width)}  ${dim(first)}`,
    ...rest.map((line) => `${indent}${dim(line)}`),
    ...mend.map((line, i) => `${indent}${i === 0 ? "" : "   "}${paint("cyan", line)}`),
  ]
}

/** Breaks a line between words; a word that is too long stays whole, to be copied. */
const wrap = (text: string, most: number | undefined): ReadonlyArray<string> => {
  if (most === undefined) return [text]
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > most) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line]
}

const endOf = (verdict: DoctorReport["verdict"], checks: ReadonlyArray<Check>, paint: Paint): string => {
  const of = (state: Check["state"]) => checks.filter((check) => check.state === state)
  const names = (some: ReadonlyArray<Check>) => some.map(({ area, name }) => `${area}: ${short(name, 40)}`).join(", ")
  const warned = of("warning").length
  const also = warned === 0 ? "" : ` ${warned} ${warned === 1 ? "warning" : "warnings"}.`
  switch (verdict) {
    case "broken":
      return `${paint("red", "Broken:")} ${names(of("broken"))}.${also}`
    case "unknown":
      return `${paint("yellow", "Unknown:")} nothing broken was found, and this could not be looked into: ${
        names(of("unknown"))
      }.${also}`
    case "well":
      return `${paint("green", "Well:")} nothing broken was found${
        of("skipped").length === 0 ? "" : `; ${of("skipped").length} left out`
      }.${also}`
  }
}
