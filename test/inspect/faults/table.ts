/** What the laboratory found, as a person reads it: a line an answer, and what it took. */
import type { Finding } from "./runLab.ts"

/** The lines. */
export const describeFindings = (findings: ReadonlyArray<Finding>): string => {
  const rows = findings.map(({ wrong, name, how, verdict, code, ms }) => [
    wrong === undefined ? "ok" : "WRONG",
    name,
    how,
    verdict,
    code,
    `${Math.round(ms)} ms`,
  ])
  const widths = rows.reduce(
    (most, row) => row.map((cell, i) => Math.max(cell.length, most[i] ?? 0)),
    [] as ReadonlyArray<number>,
  )
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()).join("\n")
}
