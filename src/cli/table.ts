/**
 * Tables for people: rows under a heading, columns as wide as their longest cell.
 */
import type { Paint } from "./paint.ts"

/** The lines of a table, and an empty one below. */
export const table = (
  paint: Paint,
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
): ReadonlyArray<string> => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  const line = (cells: ReadonlyArray<string>) =>
    `  ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()}`
  return [paint("dim", line(head)), ...rows.map(line), ""]
}

/** A figure, or `?` where nobody said it. */
export const known = (figure: number | null): string => figure === null ? "?" : String(figure)

/** Foreign text on one line, without control characters, at most so long. */
export const short = (text: string, most: number): string => {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ")
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}
