/**
 * Text that is drawn again in its own place: what is looked at for long scrolls nothing away.
 *
 * For terminals only. What is too long or too wide for the terminal is cut off, since lines that wrap could not be counted.
 */
import { Console, Effect } from "effect"
import process from "node:process"

/** Draws texts, each in place of the one before. */
export interface Screen {
  readonly draw: (text: string) => Effect.Effect<void>
}

/** The terminal's size; a pipe has none. */
export const roomOf = (): { readonly columns: number | undefined; readonly rows: number | undefined } => ({
  columns: process.stdout.isTTY === true ? process.stdout.columns : undefined,
  rows: process.stdout.isTTY === true ? process.stdout.rows : undefined,
})

/** A screen that begins where the cursor is. */
export const makeScreen = (): Screen => {
  let drawn = 0
  return {
    draw: (text) =>
      Effect.suspend(() => {
        const { columns = 80, rows = 24 } = roomOf()
        const all = text.split("\n")
        const lines = all.length < rows ? all : [...all.slice(0, rows - 2), `… and ${all.length - rows + 2} lines more`]
        const up = drawn === 0 ? "" : `\x1b[${drawn}A`
        drawn = lines.length
        return Console.log(`${up}\r\x1b[J${lines.map((line) => cropped(line, columns)).join("\n")}`)
      }),
  }
}

// deno-lint-ignore no-control-regex -- colours begin with one
const pieces = /\x1b\[[\d;]*m|[^\x1b]/gu

/** A line of at most so many characters; colours take no room, and end with it. */
export const cropped = (line: string, columns: number): string => {
  let left = columns
  let text = ""
  for (const [piece] of line.matchAll(pieces)) {
    if (piece.startsWith("\x1b")) text += piece
    else if (left > 0) {
      text += piece
      left--
    }
  }
  return text
}
