/**
 * A drawing as a Mermaid flowchart, which GitHub, GitLab and many editors show in a Markdown block.
 *
 * Pure. A label stands in quotes, and whatever could end it, or be read as Markdown or HTML in it, is written as a
 * character's number, as Mermaid wants it (`#34;`).
 */
import type { Arrow, Box, Drawing } from "./drawing.ts"

/** A label's text. What begins like a list or like emphasis of Markdown is neither. */
export const escapeMermaid = (text: string): string =>
  [...text].map((one, i) => plain.test(one) || i > 0 && /[-._]/.test(one) ? one : numbered(one)).join("")
    .replace(/^(\d+)([.)])/, (_, digits: string, sign: string) => `${digits}${numbered(sign)}`)

const plain = /[\p{L}\p{N} ,/:()@]/u

const numbered = (one: string): string => `#${one.codePointAt(0)};`

const shapes: Readonly<Record<Box["shape"], readonly [open: string, close: string]>> = {
  app: ["[", "]"],
  event: ["([", "])"],
  call: ["{{", "}}"],
  nobody: ["[", "]"],
  schedule: [">", "]"],
}

/** The flowchart, without a line break at the end. */
export const mermaidOf = ({ boxes, arrows }: Drawing): string =>
  [
    "flowchart LR",
    ...boxes.map(boxOf),
    ...arrows.map(arrowOf),
    "  classDef app font-weight:bold",
    "  classDef away stroke-dasharray:4 4,opacity:0.6",
    "  classDef nobody stroke:#c00,color:#c00,stroke-width:2px",
    ...classOf("app", boxes.filter(({ shape }) => shape === "app")),
    ...classOf("away", boxes.filter(({ isFaint }) => isFaint)),
    ...classOf("nobody", boxes.filter(({ isMarked }) => isMarked)),
  ].join("\n")

const boxOf = ({ id, label, shape }: Box): string => {
  const [open, close] = shapes[shape]
  return `  ${id}${open}"${escapeMermaid(label)}"${close}`
}

const arrowOf = ({ from, to, label, isFaint, isMarked }: Arrow): string => {
  const line = isFaint || isMarked ? "-.->" : "-->"
  return `  ${from} ${line}${label === "" ? "" : `|"${escapeMermaid(label)}"|`} ${to}`
}

const classOf = (name: string, boxes: ReadonlyArray<Box>): ReadonlyArray<string> =>
  boxes.length === 0 ? [] : [`  class ${boxes.map(({ id }) => id).join(",")} ${name}`]
