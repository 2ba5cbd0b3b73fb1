/**
 * A drawing in DOT, for Graphviz: `warren topology --graph dot | dot -Tsvg > team.svg`.
 *
 * Pure. A label stands in quotes; quotes and backslashes in it, which begin DOT's own escapes, are escaped.
 */
import type { Arrow, Box, Drawing } from "./drawing.ts"

/** A label in quotes. */
export const quoteDot = (text: string): string => `"${text.replaceAll(/["\\]/g, "\\$&")}"`

const shapes: Readonly<Record<Box["shape"], string>> = {
  app: "box",
  event: "ellipse",
  call: "hexagon",
  nobody: "plaintext",
  schedule: "cds",
}

/** The digraph, without a line break at the end. */
export const dotOf = ({ boxes, arrows }: Drawing): string =>
  [
    "digraph warren {",
    "  rankdir=LR",
    '  node [fontname="sans-serif", fontsize=11]',
    '  edge [fontname="sans-serif", fontsize=9]',
    ...boxes.map(boxOf),
    ...arrows.map(arrowOf),
    "}",
  ].join("\n")

const boxOf = ({ id, label, shape, isFaint, isMarked }: Box): string =>
  `  ${id} [label=${quoteDot(label)}, shape=${shapes[shape]}${shape === "app" ? ", penwidth=2" : ""}${
    isFaint ? `, style=dashed, ${grey}` : isMarked ? `, ${red}` : ""
  }]`

const arrowOf = ({ from, to, label, isFaint, isMarked }: Arrow): string => {
  const said = [
    ...(label === "" ? [] : [`label=${quoteDot(label)}`]),
    ...(isFaint || isMarked ? ["style=dashed"] : []),
    ...(isMarked ? [red] : isFaint ? [grey] : []),
  ]
  return `  ${from} -> ${to}${said.length === 0 ? "" : ` [${said.join(", ")}]`}`
}

const red = "color=firebrick, fontcolor=firebrick"
const grey = "color=grey50, fontcolor=grey50"
