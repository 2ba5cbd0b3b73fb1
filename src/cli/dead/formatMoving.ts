/**
 * What `warren dead retry`, `drop` and `edit` print: what would happen, and what has.
 *
 * Pure, over what the verbs tell.
 */
import type { EditReport, MovedTold, MovingPart, PlanTold } from "../../inspect/mod.ts"
import type { Paint } from "../paint.ts"
import { short, table } from "../table.ts"
import { many } from "./formatDead.ts"
import { misfitText } from "./formatLetters.ts"

/** Groups that are listed. */
const most = 20

/** What would happen. */
export const formatPlan = ({ count, groups, parts, queues }: PlanTold, paint: Paint): string => {
  const unread = queues.reduce((sum, { ready, read }) => sum + ready - read, 0)
  return [
    ...table(
      paint,
      ["group", "handler", "letters", "error"],
      groups.slice(0, most).map(({ group, handler, count, error }) => [
        group,
        short(handler ?? "?", 60),
        String(count),
        short(error, 100),
      ]),
    ),
    ...(groups.length > most ? [`  and ${many(groups.length - most, "group")} more`, ""] : []),
    ...parts.flatMap((part) => partLines(part, paint)),
    `${many(count, "letter")}${
      unread > 0 ? ` so far: ${unread} were not read, which --limit does` : ""
    }; nothing has changed`,
  ].join("\n")
}

const partLines = (part: MovingPart, paint: Paint): ReadonlyArray<string> => {
  const { handler, queue, consumers, why, remedy, count, fits, misfits, unknown, firstMisfit, firstUnknown } = part
  const name = short(handler ?? "?", 100)
  if (queue === null) {
    return [
      `${paint("red", "✗")} ${name}: ${many(count, "letter")} would stay, ${short(why ?? "", 300)}`,
      ...(remedy === null ? [] : [`  ${paint("dim", short(remedy, 300))}`]),
    ]
  }
  const who = consumers === null
    ? "nobody says who consumes it"
    : consumers === 0
    ? "nobody consumes it now"
    : many(consumers, "consumer")
  const known = [
    ...(fits > 0 ? [`${fits} ${fits === 1 ? "fits" : "fit"}`] : []),
    ...(misfits > 0 ? [paint("red", `${misfits} ${misfits === 1 ? "does" : "do"} not fit and would stay`)] : []),
    ...(unknown > 0 ? [paint("yellow", `of ${unknown} it is unknown`)] : []),
  ].join(", ")
  const sign = misfits > 0
    ? paint("red", "✗")
    : unknown > 0 || consumers === 0
    ? paint("yellow", "?")
    : paint("green", "✓")
  return [
    `${sign} ${name}: ${many(count, "letter")} to ${short(queue, 160)} (${who}); ${known}`,
    ...(firstMisfit === null ? [] : [
      `  ${
        paint("dim", `${short(firstMisfit.id, 60)}: ${firstMisfit.misfits.slice(0, 2).map(misfitText).join("; ")}`)
      }`,
    ]),
    ...(firstUnknown === null ? [] : [`  ${paint("dim", short(firstUnknown, 300))}`]),
  ]
}

/** What has happened; `word`: what it is called. */
export const formatMoved = ({ done, by, stayed, left, held, ms }: MovedTold, word: string, paint: Paint): string => {
  const time = ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`
  return [
    ...by.map(({ handler, queue, count }) =>
      `${paint("green", word)}  ${many(count, "letter")} of ${short(handler ?? "an unknown handler", 100)}${
        word === "retried" ? ` to ${short(queue, 160)}` : ""
      }`
    ),
    ...stayed.map(({ handler, why, count, id }) =>
      `${paint("yellow", "stays")}${" ".repeat(word.length - 5)}  ${many(count, "letter")} of ${
        short(handler ?? "an unknown handler", 100)
      }${id === "" ? "" : ` (${short(id, 60)}${count > 1 ? ", …" : ""})`}: ${short(why, 300)}`
    ),
    `${many(done, "letter")} ${word} in ${time}; there ${left === 1 ? "is" : "are"} ${
      left === 0 ? "no dead letters" : many(left, "dead letter")
    } now`,
    ...held.map((queue) =>
      `${paint("yellow", "note")}  somebody else held letters of ${
        short(queue, 160)
      }, which were not seen: look again later`
    ),
  ].join("\n")
}

/** A letter with another payload. */
export const formatEdit = (report: EditReport, paint: Paint): string => {
  const { id, type, handler, queue, changes, by, done, others } = report
  return [
    `${done ? paint("green", "retried") : paint("yellow", "trial")}  ${short(id, 120)} (${short(type, 100)}) ${
      done ? "went" : "would go"
    } to ${short(queue, 160)} for ${short(handler, 100)}`,
    ...(changes.length === 0
      ? ["  its payload is as it was"]
      : changes.slice(0, most).map(({ field, before, after }) =>
        `  ${field === "" ? "payload" : short(field, 100)}  ${before === null ? "(absent)" : short(before, 160)} → ${
          after === null ? "(absent)" : short(after, 160)
        }`
      )),
    ...(changes.length > most ? [`  and ${changes.length - most} more changes`] : []),
    paint("dim", `fits ${short(by, 200)}${done ? "" : "; nothing has changed"}`),
    ...(others > 0
      ? [
        paint(
          "dim",
          `${many(others, "letter")} more of that message ${others === 1 ? "stays" : "stay"} as ${
            others === 1 ? "it is" : "they are"
          }`,
        ),
      ]
      : []),
  ].join("\n")
}
