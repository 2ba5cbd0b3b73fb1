/**
 * What `warren tap` prints: a line a message, or a table of how many there were.
 *
 * Pure, over what the verb tells. Everything in it may come from elsewhere: what would steer a terminal is written out.
 */
import type { TapCountsTold, TapMessageTold, TapOpenTold } from "../inspect/mod.ts"
import { type Column, columnsOf } from "./columns.ts"
import type { Paint } from "./paint.ts"
import { span } from "./span.ts"
import { short } from "./table.ts"

/** How it is shown. */
export interface TapView {
  /** Characters of a line; `undefined`: as many as it takes. */
  readonly room: number | undefined
}

/** Characters of a name. */
const longestName = 80
/** A payload has at least so much room on the line of its message; else it has a line of its own. */
const least = 40
/** So wide a column of types grows. */
const widest = 36

/** The lines of messages, which stand below each other although none knows of the next. */
export class TapLines {
  readonly #paint: Paint
  readonly #view: TapView
  #type = 20
  #app = 8

  constructor(paint: Paint, view: TapView) {
    this.#paint = paint
    this.#view = view
  }

  /** One message. */
  message(told: TapMessageTold): ReadonlyArray<string> {
    const { at, type, app, what, heard, foreign, fits, problem } = told
    const paint = this.#paint
    const [name, sender] = [short(type, longestName), short(app === "" ? "-" : app, longestName)]
    this.#type = Math.max(this.#type, Math.min(widest, name.length))
    this.#app = Math.max(this.#app, Math.min(widest, sender.length))
    const notes = [
      ...(heard === false ? ["nobody listens"] : []),
      ...(foreign ? ["foreign"] : []),
      ...(fits === false || problem !== undefined ? [`${fits === false ? "does not fit: " : ""}${problem ?? ""}`] : []),
    ].map((note) => short(note, 300))
    const head = `${clock(at)}  ${what.padEnd(5)}  ${name.padEnd(this.#type)}  ${sender.padEnd(this.#app)}`
    const painted = `${paint("dim", `${clock(at)}  ${what.padEnd(5)}`)}  ${paint("bold", name.padEnd(this.#type))}  ${
      sender.padEnd(this.#app)
    }`
    const noted = notes.length === 0 ? "" : paint(fits === false ? "red" : "yellow", `(${notes.join(", ")})`)
    const { room } = this.#view
    const body = bodyOf(told)
    const noteRoom = notes.length === 0 ? 0 : notes.join(", ").length + 4
    const left = room === undefined ? Number.POSITIVE_INFINITY : room - head.length - 2 - noteRoom
    if (left >= Math.min(least, body.length)) {
      return [[painted, cut(body, left), ...(noted === "" ? [] : [noted])].join("  ").trimEnd()]
    }
    const own = cut(body, (room ?? 0) - 4)
    return [`${painted.trimEnd()}${noted === "" ? "" : `  ${noted}`}`, ...(own === "" ? [] : [`    ${own}`])]
  }

  /** A time of which nothing is known. */
  paused(ms: number): string {
    return this.#paint("yellow", `… this process stood still: what was sent in ${span(ms)} is not seen`)
  }

  /** Messages that are not shown. */
  missed(count: number): string {
    return this.#paint(
      "yellow",
      `… ${count.toLocaleString("en")} more ${count === 1 ? "is" : "are"} not shown: too many at once`,
    )
  }
}

/** What is listened to, for standard error. */
export const formatOpen = ({ pattern, processes, silent, near }: TapOpenTold, paint: Paint): ReadonlyArray<string> => {
  const what = pattern === "#" ? "all messages" : `"${short(pattern, longestName)}"`
  const who = `${processes} ${processes === 1 ? "process tells" : "processes tell"}`
  const lines = [paint("dim", `tapping ${what}; ${who}, ctrl-c ends`)]
  if (processes === 0) lines.push(paint("yellow", "nobody is there who sends anything; who comes is seen"))
  if (near.length > 0) {
    const names = near.map((name) => `"${short(name, longestName)}"`).join(" or ")
    lines.push(paint("yellow", `nobody knows "${short(pattern, longestName)}"; did you mean ${names}?`))
  }
  for (const { apps, host, pid } of silent.slice(0, 10)) {
    const name = apps.length === 0 ? "a caller" : apps.map((app) => `"${short(app, 40)}"`).join(", ")
    lines.push(
      paint("yellow", `${name} (host ${short(host, 40)}, pid ${pid}) does not tell; what it sends is not seen`),
    )
  }
  if (silent.length > 10) lines.push(paint("yellow", `${silent.length - 10} more processes do not tell`))
  return lines
}

interface Row {
  readonly what: string
  readonly type: string
  readonly app: string
  readonly count: number
  readonly perSecond: number | undefined
}

/** How many there were. */
export const formatCounts = (
  { elapsed, total, counts }: TapCountsTold,
  paint: Paint,
  { room }: TapView,
  isLive: boolean,
): string => {
  const said = `${total.toLocaleString("en")} ${total === 1 ? "message" : "messages"} in ${span(elapsed)}`
  if (counts.length === 0) return said
  const columns: ReadonlyArray<Column<Row>> = [
    { title: "", text: ({ what }) => what, style: () => "dim" },
    { title: "type", text: ({ type }) => short(type, longestName), style: () => "bold" },
    { title: "from", text: ({ app }) => short(app === "" ? "-" : app, 40) },
    { title: "count", right: true, text: ({ count }) => String(count) },
    ...(isLive
      ? [{ title: "/s", right: true, text: ({ perSecond = 0 }: Row) => perSecond.toFixed(perSecond < 10 ? 1 : 0) }]
      : [{ title: "/s", right: true, text: ({ count }: Row) => rate(count, elapsed) }]),
  ]
  return [...columnsOf(paint, columns, counts, room), said].join("\n")
}

const rate = (count: number, elapsed: number): string => {
  const perSecond = count * 1_000 / Math.max(1, elapsed)
  return perSecond.toFixed(perSecond < 10 ? 1 : 0)
}

const bodyOf = ({ payload, raw, encoding }: TapMessageTold): string =>
  raw !== undefined
    ? encoding === "base64" ? `base64 ${raw}` : visible(raw)
    : payload === undefined
    ? ""
    : visible(JSON.stringify(payload))

const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** What would steer a terminal, written out as JSON does. */
export const visible = (text: string): string =>
  text.replaceAll(
    steering,
    (one) => [...Array(one.length).keys()].map((i) => `\\u${one.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
  )

/** At most so many characters, none of them halved. */
const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1)).replace(/[\ud800-\udbff]$/, "")}…`

/** The time of day, as it is here. */
const clock = (at: number): string => {
  const time = new Date(at)
  // nobody has to say when
  if (at <= 0 || Number.isNaN(time.getTime())) return "--:--:--.---"
  const two = (figure: number) => String(figure).padStart(2, "0")
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${
    String(time.getMilliseconds()).padStart(3, "0")
  }`
}
