/**
 * Colours, or none: how text looks on the terminal at hand.
 *
 * Below banner, log and errors. Follows NO_COLOR, FORCE_COLOR and TERM=dumb; changes nothing but the looks, so that
 * whatever is said in colour can be read without.
 */
import process from "node:process"

/** Ways to set a word apart. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan"

/** Paints a text. */
export type Paint = (style: Style, text: string) => string

const codes: Record<Style, readonly [on: number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
}

/** Leaves every text as it is. */
export const plain: Paint = (_, text) => text

/** Paints with the terminal's own colours. */
export const coloured: Paint = (style, text) => {
  const [on, off] = codes[style]
  return `\x1b[${on}m${text}\x1b[${off}m`
}

/** The paint for a stream of this process. */
export const paintFor = (stream: "stdout" | "stderr"): Paint =>
  wantsColour(process[stream].isTTY === true, process.env) ? coloured : plain

/** Whether colours are wanted: NO_COLOR beats FORCE_COLOR, which beats what the stream is. */
export const wantsColour = (
  isTerminal: boolean,
  { NO_COLOR, FORCE_COLOR, TERM }: { readonly [variable: string]: string | undefined },
): boolean => {
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false"
  return isTerminal && TERM !== "dumb"
}
