/**
 * What `warren schema` prints: contracts that changed, whom that breaks and how; and findings, a line each.
 *
 * Pure, over the engine's reports. Names and examples come from other processes and from files, and are shown as text only.
 */
import type { Clash, MemberDiff, SchemaCheck, SchemaDiff, SchemaDocument, SchemaFinding } from "../inspect/mod.ts"
import { isBreaking } from "../inspect/mod.ts"
import type { Paint, Style } from "./paint.ts"
import { short } from "./table.ts"

/** How a comparison is shown. */
export interface DiffView {
  /** What the two sides are called. */
  readonly before: string
  readonly after: string
  /** What is the same, too. */
  readonly all: boolean
}

/** Clashes and changes that are shown of a contract. */
const shown = 8

const signs: Readonly<Record<MemberDiff["verdict"], readonly [sign: string, style: Style]>> = {
  added: ["+", "green"],
  removed: ["-", "yellow"],
  same: ["=", "dim"],
  compatible: ["~", "green"],
  breaking: ["✗", "red"],
  unknown: ["?", "yellow"],
}

/** A comparison as text, without a line break at its end. */
export const formatDiff = (report: SchemaDiff, paint: Paint, { before, after, all }: DiffView): string => {
  const members = report.members.filter(({ verdict }) => all || verdict !== "same")
  return [
    `${paint("bold", "before")}  ${short(before, 200)}`,
    `${paint("bold", "after")}   ${short(after, 200)}`,
    "",
    ...spaced(members.map((member) => memberLines(member, report, paint))),
    ...gapLines(report.gaps, paint),
    ...(report.notCompared.length === 0 ? [] : [
      paint("dim", short(`not compared, their apis are on one side alone: ${report.notCompared.join(", ")}`, 600)),
    ]),
    summary(report, paint),
  ].join("\n")
}

/** Blocks of lines; those of one line stand together. */
const spaced = (blocks: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  blocks.flatMap((lines, i) => {
    const next = blocks[i + 1]
    return next === undefined || lines.length > 1 || next.length > 1 ? [...lines, ""] : lines
  })

const memberLines = (member: MemberDiff, report: SchemaDiff, paint: Paint): ReadonlyArray<string> => {
  const { type, kind, verdict, changes, clashes } = member
  const [sign, style] = verdict === "removed" && isBreaking(member) ? ["-", "red"] as const : signs[verdict]
  const real = clashes.filter((one) => one.verdict !== "harmless")
  const harmless = clashes.length - real.length
  return [
    `${paint(style, sign)} ${paint("bold", short(type, 200))}  ${kind}${versionsOf(member)}  ${
      paint(style, verdictWords(member, report))
    }`,
    ...changes.slice(0, shown).map(({ part, path, was, is }) =>
      `    ${short(placeOf(part, path, kind), 120)}: ${short(was, 160)} → ${short(is, 160)}`
    ),
    ...(changes.length > shown ? [`    and ${changes.length - shown} more`] : []),
    ...real.slice(0, shown).flatMap((clash) => clashLines(clash, kind, paint)),
    ...(real.length > shown ? [`  and ${real.length - shown} more`] : []),
    ...(harmless > 0 ? [paint("dim", `  ${harmless} more would break somebody, if anybody were there`)] : []),
  ]
}

const versionsOf = ({ before, after }: MemberDiff): string => {
  const [was, is] = [before.join(", "), after.join(", ")]
  return was === is || was === "" || is === "" ? "" : `  version ${short(was, 40)} → ${short(is, 40)}`
}

const verdictWords = ({ kind, verdict, breaks }: MemberDiff, report: SchemaDiff): string => {
  switch (verdict) {
    case "added":
      return report.before === "running" ? "not spoken there yet" : "added"
    case "same":
      return "the same"
    case "compatible":
      return "changed, and both read each other"
    case "unknown":
      return "changed; whether it breaks cannot be told"
    case "removed": {
      if (breaks?.length === 0) return "removed; nobody is known to use it"
      const what = kind === "call" ? "call gets NoHandler" : "listener hears nothing any more"
      return breaks === null ? `removed; a ${what}` : `removed; breaks ${names(breaks)}: a ${what}`
    }
    case "breaking":
      return breaks === null ? `breaks ${kind === "call" ? "callers" : "listeners"}` : `breaks ${names(breaks)}`
  }
}

/** A clash in three lines at most: where and which way, an example, who. `isTimed`: one side is older. */
const clashLines = (
  clash: Clash,
  kind: MemberDiff["kind"],
  paint: Paint,
  isTimed = true,
): ReadonlyArray<string> => {
  const { verdict, path, part, why, example } = clash
  const [sign, style] = verdict === "unknown" ? ["?", "yellow"] as const : ["✗", "red"] as const
  const place = part === "kind" ? "" : `${placeOf(part, path, kind)} `
  return [
    `  ${paint(style, sign)} ${wayOf(clash, kind, isTimed)}: ${short(place, 120)}${short(what(clash), 400)}${
      why === undefined ? "" : `; it cannot be told: ${short(why, 200)}`
    }`,
    ...(example === undefined ? [] : [`      such as ${short(JSON.stringify(example.value) ?? "", 160)}`]),
    paint("dim", `      ${short(who(clash, kind), 300)}`),
  ]
}

const wayOf = ({ part, direction }: Clash, kind: MemberDiff["kind"], isTimed: boolean): string => {
  const [old, new_] = !isTimed ? ["", ""] : direction === "old to new" ? ["old ", "new "] : ["new ", "old "]
  if (part === "kind") return `${old}senders → ${new_}handlers`
  if (kind === "event") return `${old}emitters → ${new_}listeners`
  if (part === "payload") return `requests of ${old}callers → ${new_}servers`
  return `${part === "returns" ? "replies" : "declared failures"} of ${old}servers → ${new_}callers`
}

const placeOf = (part: Clash["part"] | "options", path: string, kind: MemberDiff["kind"]): string => {
  if (part === "options") return path
  const whole = part === "payload" ? "the payload" : part === "returns" ? "the reply" : "the failure"
  if (path === "") return whole
  return kind === "event" || part === "payload" ? path : `${path} of ${whole}`
}

const what = ({ writer, reader, isAlways }: Clash): string => {
  if (reader === "required") {
    return writer === "not there" ? "is required, and not written" : "is required, and may be left out"
  }
  return `is written as ${writer}, and read as ${reader}${isAlways ? "" : ": not every value fits"}`
}

const who = ({ part, writers, readers, verdict }: Clash, kind: MemberDiff["kind"]): string => {
  const perhaps = verdict === "unknown" ? "perhaps " : ""
  const said = (verb: string, some: ReadonlyArray<string> | null) =>
    some === null || some.length === 0 ? [] : [`${verb} by ${names(some)}`]
  const words = kind === "event" || part === "kind"
    ? [...said("emitted", writers), ...said(`${perhaps}dead-lettered`, readers)]
    : part === "payload"
    ? [...said("asked", writers), ...said(`${perhaps}refused`, readers), `the call ${perhaps}fails with InvalidPayload`]
    : [...said("answered", writers), ...said("asked", readers), `the call ${perhaps}fails with InvalidReply`]
  return words.length === 0 ? `${perhaps}dead-lettered by whoever listens` : words.join("; ")
}

const names = (all: ReadonlyArray<string>): string => {
  const some = all.map((one) => short(one, 100))
  return some.length > 8
    ? `${some.slice(0, 8).join(", ")} and ${some.length - 8} more`
    : some.length < 2
    ? some.join("")
    : `${some.slice(0, -1).join(", ")} and ${some.at(-1)}`
}

const summary = ({ members }: SchemaDiff, paint: Paint): string => {
  const count = (verdict: MemberDiff["verdict"]) => members.filter((one) => one.verdict === verdict).length
  const counts = [
    [count("breaking"), "breaking"],
    [count("unknown"), "not to be told"],
    [count("removed"), "removed"],
    [count("added"), "added"],
    [count("compatible"), "compatible"],
    [count("same"), "the same"],
  ] as const
  const apps = [...new Set(members.filter(isBreaking).flatMap(({ breaks }) => breaks ?? []))].toSorted()
  const isAny = members.some(isBreaking)
  const head = isAny
    ? paint("red", apps.length > 0 ? `Breaks ${short(names(apps), 400)}.` : "Breaks whoever uses it.")
    : count("unknown") > 0
    ? paint("yellow", "Nothing is known to break.")
    : paint("green", "Nothing breaks.")
  const told = counts.flatMap(([many, word]) => many > 0 ? [`${many} ${word}`] : [])
  return `${head} ${told.length === 0 ? "There is nothing to compare" : told.join(", ")}.`
}

const gapLines = (gaps: ReadonlyArray<string>, paint: Paint): ReadonlyArray<string> =>
  gaps.map((gap) => `${paint("yellow", "?")} ${short(gap, 400)}`)

/** What could not be found out. */
export const formatGaps = (gaps: ReadonlyArray<string>, paint: Paint): string => gapLines(gaps, paint).join("\n")

/** What was written, in a line. */
export const formatDumped = (path: string, { contracts, apps }: SchemaDocument): string => {
  const events = contracts.filter(({ kind }) => kind === "event").length
  const count = (many: number, one: string) => `${many} ${one}${many === 1 ? "" : "s"}`
  return `${short(path, 200)}: ${count(events, "event")} and ${count(contracts.length - events, "call")}, ` +
    `${count(apps.length, "app")} (${short(names(apps), 200)})`
}

/** Findings, a line each and what to do below. */
export const formatCheck = (report: SchemaCheck, paint: Paint): string => {
  const { findings, contracts, foreign, unused, gaps } = report
  const left = findings.filter(({ isAllowed }) => !isAllowed)
  const allowed = findings.length - left.length
  const errors = left.filter(({ level }) => level === "error").length
  const others = left.length - errors
  const head = errors > 0
    ? paint("red", `${errors} ${errors === 1 ? "error" : "errors"}`)
    : others > 0
    ? paint("yellow", "no errors")
    : paint("green", "nothing found")
  const rest = [
    ...(others > 0 ? [`${others} to be looked at`] : []),
    ...(allowed > 0 ? [`${allowed} allowed`] : []),
    `${contracts} ${contracts === 1 ? "contract" : "contracts"} checked`,
  ]
  return [
    ...left.flatMap((finding) => findingLines(finding, paint)),
    ...gapLines(gaps, paint),
    ...unused.map((one) => `${paint("yellow", "note")}  --allow ${short(one, 200)} allows nothing: take it away`),
    ...(foreign.length === 0 ? [] : [
      paint("dim", short(`not expected to be handled here, their apps are elsewhere: ${foreign.join(", ")}`, 400)),
    ]),
    `${head}; ${rest.join(", ")}`,
  ].join("\n")
}

const levels: Readonly<Record<SchemaFinding["level"], readonly [word: string, style: Style]>> = {
  error: ["error", "red"],
  unknown: ["unsure", "yellow"],
  warning: ["warning", "yellow"],
}

const findingLines = (finding: SchemaFinding, paint: Paint): ReadonlyArray<string> => {
  const { code, type, level, text, remedy, clashes, kind } = finding
  const [word, style] = levels[level]
  return [
    `${paint(style, word)}  ${paint("bold", short(`${code}:${type}`, 200))}  ${short(text, 400)}. ${
      paint("dim", short(`${remedy}.`, 300))
    }`,
    ...clashes.slice(0, shown).flatMap((clash) => clashLines(clash, kind, paint, code !== "split")),
    ...(clashes.length > shown ? [`  and ${clashes.length - shown} more`] : []),
  ]
}
