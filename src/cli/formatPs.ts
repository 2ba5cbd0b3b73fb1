/**
 * What `warren ps` prints: a row for each app of each process, then whatever is not as it should be, in plain words.
 *
 * Pure, over the verb's report. Names, versions and errors come from other processes and are shown as text only.
 */
import type { Elsewhere, Failure, Once, PsApp, PsProcess, PsReport } from "../inspect/mod.ts"
import type { HandlerStats } from "../wire/mod.ts"
import { type Column, columnsOf } from "./columns.ts"
import type { Paint } from "./paint.ts"
import { ago, figureOf, span } from "./span.ts"
import { known, short } from "./table.ts"

/** How it is shown. */
export interface PsView {
  /** Every handler, and instances in full. */
  readonly handlers: boolean
  /** Those that are gone, and those that have done nothing. */
  readonly all: boolean
  /** Characters of a line; `undefined`: as many as it takes. */
  readonly room: number | undefined
}

/** A process and, where it has some, one of its apps. */
interface Row {
  readonly process: PsProcess
  readonly app: PsApp | undefined
}

/** The text, without a line break at the end. */
export const formatPs = (report: PsReport, paint: Paint, view: PsView): string => {
  const shown = report.processes.filter((one) => view.all || isOfInterest(one, report.processes))
  const hosts = shown.filter(({ apps }) => apps.length > 0)
  const callers = shown.filter(({ apps }) => apps.length === 0)
  const rows = hosts.flatMap((process) => process.apps.map((app) => ({ process, app }))).toSorted(byApp)
  const section = (title: string, remark: string, lines: ReadonlyArray<string>) =>
    lines.length === 0
      ? []
      : [remark === "" ? paint("bold", title) : `${paint("bold", title)}  ${paint("dim", remark)}`, ...lines]
  return [
    ...section(
      "processes",
      short(placeOf(report), 160),
      rows.length === 0
        ? [`  ${paint("yellow", "nobody handles anything here")}`, ""]
        : columnsOf(paint, [...processColumns(rows, view), ...workColumns], rows, view.room),
    ),
    ...(view.handlers ? hosts.flatMap((one) => handlersOf(one, paint, view)) : []),
    ...section(
      "callers",
      "handle nothing; what they emitted and called",
      callers.length === 0 ? [] : columnsOf(
        paint,
        [...processColumns(callers.map((process) => ({ process, app: undefined })), view), ...callerColumns],
        callers.map((process): Row => ({ process, app: undefined })),
        view.room,
      ),
    ),
    ...section("to be looked at", "", troubles(shown, report, paint)),
    ...section(
      `on machine "${short(report.host, 60)}", and not here`,
      "",
      (report.elsewhere ?? []).length === 0 ? [] : columnsOf(
        paint,
        elsewhereColumns(report.at),
        report.elsewhere ?? [],
        view.room,
      ),
    ),
    ...section(
      "were here once",
      "",
      (report.once ?? []).length === 0 ? [] : columnsOf(paint, onceColumns(report.at), report.once ?? [], view.room),
    ),
  ].join("\n").trimEnd()
}

const byApp = (a: Required<Row>, b: Required<Row>): number =>
  a.app!.app < b.app!.app ? -1 : a.app!.app > b.app!.app ? 1 : a.process.startedAt - b.process.startedAt

/** Who is gone matters only as long as nobody took over; who has done nothing yet, to nobody. */
const isOfInterest = (one: PsProcess, all: ReadonlyArray<PsProcess>): boolean => {
  if (one.life !== "gone") return one.apps.length > 0 || one.sent.length > 0 || !one.answers
  const isCovered = (app: string) =>
    all.some((other) => other.life !== "gone" && other.apps.some((its) => its.app === app) || isLater(other, one, app))
  return one.apps.some(({ app }) => !isCovered(app))
}

const isLater = (other: PsProcess, one: PsProcess, app: string): boolean =>
  other !== one && other.lastHeard > one.lastHeard && other.apps.some((its) => its.app === app)

const placeOf = ({ place }: PsReport): string =>
  place.kind === "in-process" ? "the broker inside the process" : `${place.server} at ${place.label}`

const processColumns = (rows: ReadonlyArray<Row>, { handlers }: PsView): ReadonlyArray<Column<Row>> => [
  { title: "app", text: ({ process, app }) => short(app?.app ?? process.caller ?? "-", 60), style: () => "bold" },
  {
    title: "instance",
    drop: handlers ? 1 : 5,
    text: ({ process }) => short(handlers ? process.instance : brief(process), 60),
  },
  { title: "pid", right: true, text: ({ process }) => String(process.pid) },
  { title: "host", drop: 4, text: ({ process }) => short(process.host, 24) },
  { title: "runtime", drop: 6, text: ({ process }) => short(process.runtime, 20) },
  // nobody has to say it
  ...(rows.some(({ process }) => process.version !== "")
    ? [{ title: "version", drop: 3, text: ({ process }: Row) => short(process.version || "-", 16) }]
    : []),
  { title: "up", right: true, drop: 2, text: ({ process }) => span(process.uptime) },
  { title: "state", text: ({ process }) => stateOf(process), style: ({ process }) => colourOf(process) },
]

/** The end of an id: its beginning is the time, and the same for all that were started together. */
const brief = ({ instance }: PsProcess): string => instance.length > 8 ? `…${instance.slice(-8)}` : instance

const stateOf = ({ life, answers, connection, isSelf }: PsProcess): string => {
  if (life !== "running") return life
  if (!answers && !isSelf) return "silent"
  return connection === null || connection.state === "ready" ? "running" : connection.state
}

const colourOf = (process: PsProcess) => {
  const state = stateOf(process)
  return state === "running" ? "green" : state === "gone" ? "dim" : state === "missing" ? "red" : "yellow"
}

const workColumns: ReadonlyArray<Column<Row>> = [
  { title: "in hand", right: true, text: ({ app }) => known(app?.inHand ?? null) },
  { title: "/s", right: true, text: ({ app }) => known(app?.perSecond ?? null) },
  { title: "p50 ms", right: true, text: ({ app }) => figureOf(app?.p50 ?? null) },
  { title: "p99 ms", right: true, text: ({ app }) => figureOf(app?.p99 ?? null) },
  { title: "handled", right: true, drop: 1, text: ({ app }) => known(app?.handled ?? null) },
  {
    title: "failed",
    right: true,
    text: ({ app }) => known(app?.failed ?? null),
    style: ({ app }) => warns(app?.failed),
  },
  {
    title: "dead",
    right: true,
    drop: 1,
    text: ({ app }) => known(app?.dead ?? null),
    style: ({ app }) => warns(app?.dead),
  },
]

const warns = (count: number | null | undefined) => (count ?? 0) > 0 ? "yellow" : undefined

const total = ({ sent }: PsProcess, of: "done" | "unheard" | "failed"): number =>
  sent.reduce((sum, one) => sum + one[of], 0)

const callerColumns: ReadonlyArray<Column<Row>> = [
  {
    title: "/s",
    right: true,
    text: ({ process: { answers, sent } }) =>
      answers ? String(Math.round(sent.reduce((sum, { recent }) => sum + recent.perSecond, 0) * 10) / 10) : "?",
  },
  { title: "sent", right: true, text: ({ process }) => process.answers ? String(total(process, "done")) : "?" },
  {
    title: "unheard",
    right: true,
    drop: 1,
    text: ({ process }) => process.answers ? String(total(process, "unheard")) : "?",
  },
  {
    title: "failed",
    right: true,
    text: ({ process }) => process.answers ? String(total(process, "failed")) : "?",
    style: ({ process }) => warns(total(process, "failed")),
  },
]

const handlersOf = (
  { apps, handlers, pid, answers }: PsProcess,
  paint: Paint,
  { room }: PsView,
): ReadonlyArray<string> =>
  handlers.length === 0 ? [] : [
    `${paint("bold", `handlers of ${short(apps.map(({ app }) => app).join(", "), 100)}`)}  ${
      paint("dim", `pid ${pid}${answers ? "" : ", which did not answer"}`)
    }`,
    ...columnsOf(paint, handlerColumns, handlers, room),
  ]

const handlerColumns: ReadonlyArray<Column<HandlerStats>> = [
  { title: "handler", text: ({ app, name }) => short(`${app}.${name}`, 80), style: () => "bold" },
  { title: "kind", drop: 4, text: ({ kind }) => kind },
  { title: "of", drop: 5, text: ({ subject }) => short(subject, 60) },
  { title: "held", text: ({ held }) => held ? "yes" : "no", style: ({ held }) => held ? undefined : "red" },
  { title: "at work", right: true, text: ({ running, concurrency }) => `${running}/${concurrency}` },
  { title: "in hand", right: true, drop: 2, text: ({ inHand }) => String(inHand) },
  { title: "oldest", right: true, text: ({ oldest }) => oldest === undefined ? "-" : span(oldest) },
  { title: "/s", right: true, text: ({ recent }) => String(recent.perSecond) },
  { title: "p50 ms", right: true, drop: 1, text: ({ recent }) => figureOf(recent.count === 0 ? null : recent.p50) },
  { title: "p99 ms", right: true, drop: 1, text: ({ recent }) => figureOf(recent.count === 0 ? null : recent.p99) },
  { title: "handled", right: true, text: ({ handled }) => String(handled) },
  { title: "failed", right: true, text: ({ failed }) => String(failed), style: ({ failed }) => warns(failed) },
  { title: "retried", right: true, drop: 3, text: ({ retried }) => String(retried) },
  { title: "dead", right: true, text: ({ dead }) => String(dead), style: ({ dead }) => warns(dead) },
  { title: "skipped", right: true, drop: 6, text: ({ skipped }) => String(skipped) },
]

/** Everything that is not as it should be, a line each. */
const troubles = (shown: ReadonlyArray<PsProcess>, { at }: PsReport, paint: Paint): ReadonlyArray<string> => {
  const line = (process: PsProcess, colour: "red" | "yellow", text: string) =>
    `  ${paint(colour, short(whoOf(process), 80))}  ${short(text, 400)}`
  const failure = (process: PsProcess, { what, at: when, error }: Failure) =>
    `  ${paint("yellow", short(what || whoOf(process), 100))}  ${
      paint("dim", `${when === null ? "" : `${ago(at - when)}, `}pid ${process.pid}`)
    }  ${short(error, 300)}`
  const lines = shown.flatMap((process) => {
    const { life, lastHeard, answers, isSelf, connection, waiting, apps, handlers, lastFailure } = process
    return [
      ...(life === "missing"
        ? [line(process, "red", `was not heard for ${span(at - lastHeard)}: it may be gone, frozen or cut off`)]
        : []),
      ...(life === "gone" ? [line(process, "red", `ended ${ago(at - lastHeard)}, and no other process hosts it`)] : []),
      ...(life === "running" && !answers && !isSelf
        ? [
          line(
            process,
            "yellow",
            "is heard, and did not answer in time: it is busy, or runs another version of Warren",
          ),
        ]
        : []),
      ...(connection !== null && connection.state !== "ready"
        ? [
          line(
            process,
            "red",
            `connection ${connection.state}${connection.reason === undefined ? "" : `: ${connection.reason}`}`,
          ),
        ]
        : []),
      ...((waiting ?? 0) > 0
        ? [line(process, "yellow", `${waiting} messages wait in it for the broker to take them`)]
        : []),
      ...handlers.filter(({ held }) => !held).map(({ app, name, heldError }) =>
        line(
          process,
          "red",
          `the broker holds no consumer for ${app}.${name}${heldError === undefined ? "" : `: ${heldError}`}`,
        )
      ),
      ...handlers.filter(({ halted }) => halted > 0).map(({ app, name, halted }) =>
        line(
          process,
          "yellow",
          `${halted} ${
            halted === 1 ? "key of" : "keys of"
          } ${app}.${name} stand still: their message used up its tries`,
        )
      ),
      ...apps.flatMap((app) => app.lastFailure === null ? [] : [failure(process, app.lastFailure)]),
      ...(lastFailure === null ? [] : [failure(process, lastFailure)]),
    ]
  })
  return lines.length === 0 ? [] : [...lines, ""]
}

const whoOf = ({ apps, caller, pid, host }: PsProcess): string =>
  `${apps.map(({ app }) => app).join(", ") || caller || "a caller"} (host "${host}", pid ${pid})`

const reasons: Readonly<Record<Elsewhere["why"], string>> = {
  "other-broker": "on another broker",
  "other-vhost": "in another virtual host",
  "in-process": "with a broker inside its own process",
  unheard: "on this broker, but silent (frozen, or cut off)",
}

const elsewhereColumns = (at: number): ReadonlyArray<Column<Elsewhere>> => [
  { title: "app", text: ({ apps }) => short(apps.join(", ") || "-", 60), style: () => "bold" },
  { title: "pid", right: true, text: ({ pid }) => String(pid) },
  { title: "runtime", drop: 1, text: ({ runtime }) => short(runtime, 20) },
  { title: "up", right: true, drop: 2, text: ({ startedAt }) => span(at - startedAt) },
  {
    title: "where",
    text: ({ why, broker }) => short(why === "in-process" ? reasons[why] : `${reasons[why]}: ${broker}`, 120),
    style: () => "yellow",
  },
]

const onceColumns = (at: number): ReadonlyArray<Column<Once>> => [
  { title: "app", text: ({ app }) => short(app, 60), style: () => "bold" },
  { title: "host", drop: 1, text: ({ host }) => short(host, 24) },
  { title: "pid", right: true, text: ({ pid }) => String(pid) },
  { title: "last seen", text: ({ lastSeen, ended }) => `${ago(at - lastSeen)}${ended ? ", when it ended" : ""}` },
]
