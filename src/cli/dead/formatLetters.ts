/**
 * What `warren dead show` prints: a block for each letter.
 *
 * Pure, over the verb's report. Whatever comes from other processes is shown as text, without control characters.
 */
import type { DeadPayload, Fit, ShownLetter, ShowReport } from "../../inspect/mod.ts"
import type { Paint } from "../paint.ts"
import { ago } from "../span.ts"
import { short } from "../table.ts"
import { many } from "./formatDead.ts"

/** Lines of a payload, and misfits, that are printed. */
const most = { lines: 60, misfits: 10 } as const

/** The report as text. */
export const formatLetters = ({ letters, count, at }: ShowReport, paint: Paint): string =>
  [
    ...letters.map((letter) => formatLetter(letter, at, paint)),
    ...(count > letters.length
      ? [paint("dim", `${many(count - letters.length, "letter")} more; --most shows more of them`)]
      : []),
  ].join("\n\n")

const formatLetter = (letter: ShownLetter, at: number, paint: Paint): string => {
  const { id, type, sender, handler, app, attempts, by, group, reason, error, stack, cause, traceparent, edited } =
    letter
  const when = (time: number | null) =>
    time === null ? "nobody says when" : `${ago(at - time)}, ${new Date(time).toISOString()}`
  const tries = attempts === null ? "" : `, after ${many(attempts, "attempt")}`
  const where = by === null ? "" : `, on host "${short(by.host, 60)}", pid ${by.pid}`
  const row = (name: string, text: string, colour?: "red" | "yellow" | "green") =>
    text === "" ? [] : [`  ${paint("dim", name.padEnd(9))} ${colour === undefined ? text : paint(colour, text)}`]
  return [
    `${paint("bold", short(id || "(no id)", 120))}  ${short(type || "(no type)", 120)}${
      sender === "" ? "" : ` from ${short(sender, 60)}`
    }`,
    ...row(
      "handler",
      `${handler === null ? `nobody says which (app ${short(app, 60)})` : short(handler, 160)}${tries}${where}`,
    ),
    ...row("died", when(letter.at)),
    ...row("sent", when(letter.sent)),
    ...row("edited", edited === null ? "" : when(edited)),
    ...row("group", `${group}, ${short(reason || "no reason", 60)}`),
    ...row("error", short(error, 2_000), "red"),
    ...(stack ?? []).slice(0, 12).flatMap((frame, i) => row(i === 0 ? "stack" : "", short(frame, 300))),
    ...row("trace", traceparent ?? ""),
    ...row("cause", short(cause ?? "", 120)),
    ...row("schema", schemaOf(letter)),
    ...fitOf(letter.fit, row),
    ...payloadLines(letter.payload, paint),
  ].join("\n")
}

const schemaOf = ({ schema: { sent, now, type } }: ShownLetter): string => {
  const name = short(type, 120)
  if (sent === null && now === null) return ""
  if (sent === now) return `${sent}, the one that ${name} has now`
  return `${short(sent ?? "unknown", 40)} when it was sent, ${now === null ? "unknown" : short(now, 40)} of ${name} now`
}

type Row = (name: string, text: string, colour?: "red" | "yellow" | "green") => ReadonlyArray<string>

const fitOf = (fit: Fit, row: Row): ReadonlyArray<string> => {
  if (fit.fits === null) return row("fits", `unknown: ${short(fit.why, 400)}`, "yellow")
  if (fit.fits) return row("fits", short(fit.by, 200), "green")
  return [
    ...row("fits", `not ${short(fit.by, 200)}:`, "red"),
    ...fit.misfits.slice(0, most.misfits).flatMap((one) => row("", misfitText(one))),
    ...(fit.misfits.length > most.misfits ? row("", `and ${fit.misfits.length - most.misfits} more`) : []),
  ]
}

/** What contracts expect of a field that is not there. */
const missing = "a value (it is missing)"

/** One place that does not fit, in words. */
export const misfitText = (
  { field, value, expected }: { readonly field: string; readonly value: string; readonly expected: string },
): string =>
  short(
    value === ""
      ? expected
      : expected === missing
      ? `field "${field}" is missing`
      : `${field === "" ? "the payload" : `field "${field}"`} is ${value}, expected ${expected}`,
    400,
  )

const payloadLines = (payload: DeadPayload, paint: Paint): ReadonlyArray<string> => {
  const head = (what: string) => `  ${paint("dim", "payload".padEnd(9))} ${what}`
  if (payload.kind === "bytes") {
    return [head(`${many(payload.size, "byte")} that are no text: ${payload.hex}${payload.cut ? " …" : ""}`)]
  }
  if (payload.kind === "text") {
    if (payload.size === 0) return [head("empty")]
    return [
      head(`${many(payload.size, "byte")} of text${payload.cut ? ", which begins" : ""}`),
      `    ${short(payload.text, 2_000)}`,
    ]
  }
  const all = JSON.stringify(payload.value, null, 2).split("\n")
  const cut = all.length > most.lines ? [`… ${all.length - most.lines} lines more; --json shows all`] : []
  return [
    head(many(payload.size, "byte")),
    ...[...all.slice(0, most.lines), ...cut].map((line) => `    ${short(line, 400)}`),
  ]
}
