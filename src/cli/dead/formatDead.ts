/**
 * What `warren dead ls` prints: a row for each group, then what was not read or could not be seen.
 *
 * Pure, over the verb's report. Errors and names come from other processes and are shown as text only.
 */
import type { DeadReport, LetterGroup } from "../../inspect/mod.ts"
import { type Column, columnsOf } from "../columns.ts"
import type { Paint } from "../paint.ts"
import { span } from "../span.ts"
import { short } from "../table.ts"

/** Room that an error takes at least, however narrow the terminal is. */
const leastOfError = 24

/** The report as text; `room`: characters of a line, `undefined`: as many as it takes. */
export const formatDead = (report: DeadReport, paint: Paint, room: number | undefined): string => {
  const { groups, more, count, queues } = report
  const handlers = new Set(groups.map(({ handler }) => handler)).size
  const head = count === 0
    ? `${paint("green", "no dead letters")}${queues.length === 0 ? ", and no queue of any" : ""}`
    : `${paint("bold", "dead letters")}  ${
      paint("dim", `${many(count, "letter")} of ${many(handlers, "handler")} in ${many(groups.length + more, "group")}`)
    }`
  return [
    head,
    ...(count === 0 ? [] : columnsOf(paint, columns(report, room), groups, room)),
    ...notes(report, paint),
    ...(count === 0 ? [] : [
      paint(
        "dim",
        `\`warren dead show ${groups[0]!.group}\` shows the first of a group, \`warren dead retry ${
          groups[0]!.group
        }\` retries it`,
      ),
    ]),
  ].join("\n").trimEnd()
}

const columns = ({ at, groups }: DeadReport, room: number | undefined): ReadonlyArray<Column<LetterGroup>> => {
  const handler = (one: LetterGroup) => short(one.handler ?? `? (${one.app})`, 60)
  const width = Math.max(7, ...groups.map((one) => handler(one).length))
  // what the columns that never go leave of a line
  const left = (room ?? 200) - width - 36
  return [
    { title: "group", text: ({ group }) => group },
    { title: "handler", text: handler, style: () => "bold" },
    { title: "letters", right: true, text: ({ count }) => String(count) },
    { title: "tries", right: true, drop: 2, text: ({ attempts }) => triesOf(attempts) },
    { title: "first", right: true, drop: 3, text: (one) => timeOf(one, one.oldest, at) },
    { title: "last", right: true, drop: 1, text: (one) => timeOf(one, one.newest, at) },
    {
      title: "error",
      text: ({ buried, error, reason }) =>
        short(
          reason === "failed" || buried !== "handler" ? error : `${reason}: ${error}`,
          Math.max(leastOfError, left - 28),
        ),
      style: ({ buried }) => buried === "handler" ? undefined : "yellow",
    },
  ]
}

const triesOf = (attempts: LetterGroup["attempts"]): string =>
  attempts === null ? "?" : attempts[0] === attempts[1] ? String(attempts[0]) : `${attempts[0]}-${attempts[1]}`

/** When it died is one thing, and when it was sent another. */
const timeOf = ({ undated }: LetterGroup, time: number | null, at: number): string =>
  time === null ? "?" : `${undated ? "sent " : ""}${span(at - time)}`

const notes = ({ queues, note, complete, more }: DeadReport, paint: Paint): ReadonlyArray<string> => {
  const say = (text: string) => `${paint("yellow", "note")}  ${short(text, 400)}`
  return [
    ...(more === 0 ? [] : [say(`${many(more, "group")} more; --json lists 500, and one app or handler has fewer`)]),
    ...queues.flatMap(({ queue, read, ready, consumers }) => [
      ...(read < ready
        ? [say(`${read} of the ${many(ready, "letter")} in ${queue} were read, the oldest; --limit reads more`)]
        : []),
      ...(consumers > 0
        ? [say(`${many(consumers, "consumer")} of ${queue}, which nobody should be: what they hold was not seen`)]
        : []),
    ]),
    ...(complete ? [] : [say(note ?? "not all queues can be seen")]),
  ]
}

/** `1 letter`, `3 letters`. */
export const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`
