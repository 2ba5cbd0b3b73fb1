/**
 * A table whose figures stand on the right, whose cells may have a colour, and which leaves out what does not fit.
 *
 * Beside `table.ts`, for what is wide and looked at often. Columns that are less important go first where the terminal is
 * narrow; what is asked for by name belongs into columns that do not go.
 */
import type { Paint, Style } from "./paint.ts"

/** One column. */
export interface Column<R> {
  readonly title: string
  /** Whether it holds figures. @default false */
  readonly right?: boolean
  /** Where there is too little room, those with the highest number go first. @default they never go */
  readonly drop?: number
  readonly text: (row: R) => string
  readonly style?: (row: R) => Style | undefined
}

/** The lines, an empty one below; `room`: characters of a line, `undefined`: as many as it takes. */
export const columnsOf = <R>(
  paint: Paint,
  columns: ReadonlyArray<Column<R>>,
  rows: ReadonlyArray<R>,
  room: number | undefined,
): ReadonlyArray<string> => {
  let shown = columns.map((column) => {
    const cells = rows.map(column.text)
    return { column, cells, width: Math.max(column.title.length, ...cells.map((cell) => cell.length)) }
  })
  const widthOf = () => shown.reduce((sum, { width }) => sum + width + 2, 0)
  while (room !== undefined && widthOf() > room) {
    const last = Math.max(...shown.map(({ column }) => column.drop ?? 0))
    if (last === 0) break
    shown = shown.filter(({ column }) => column.drop !== last)
  }
  const pad = (text: string, width: number, right: boolean | undefined): string =>
    right === true ? text.padStart(width) : text.padEnd(width)
  const head = shown.map(({ column, width }) => pad(column.title, width, column.right)).join("  ").trimEnd()
  const lines = rows.map((row, i) =>
    shown.map(({ column, cells, width }, at) => {
      const text = at === shown.length - 1 && column.right !== true ? cells[i]! : pad(cells[i]!, width, column.right)
      const style = column.style?.(row)
      return style === undefined ? text : paint(style, text)
    }).join("  ")
  )
  return [paint("dim", `  ${head}`), ...lines.map((line) => `  ${line}`), ""]
}
