/**
 * Whether an answer is right: the cause of what is broken, no cause of what is not, and `unknown` only with its reason.
 *
 * Pure. A wrong answer is told in words, with what the answer was.
 */
import type { Report } from "./Report.ts"
import type { Expected, Mode, SetUp } from "./SetUp.ts"

/** What is wrong with it; `undefined`: nothing. */
export const judge = (
  { expected, blind }: Pick<SetUp, "expected" | "blind">,
  mode: Mode,
  report: Report,
): string | undefined => {
  const right = mode === "amqp" ? { ...expected, ...blind } : expected
  if (report.verdict !== "broken" && report.cause !== undefined) {
    return `it names a cause and yet says "${report.verdict}": ${said(report)}`
  }
  if (report.verdict === "broken" && report.cause === undefined) {
    return `it is broken and names no cause: ${said(report)}`
  }
  if (report.verdict === "unknown" && right.verdict !== "unknown") {
    if (mode === "management") return `it should be ${wanted(right)}, and everything could be seen: ${said(report)}`
    return report.links.some(({ state, evidence }) => state === "unknown" && evidence !== "")
      ? undefined
      : `it does not know, and says not why: ${said(report)}`
  }
  if (report.verdict !== right.verdict) return `it should be ${wanted(right)}: ${said(report)}`
  if (report.cause === undefined) return undefined
  const { code, text, remedy } = report.cause
  if (!codes(right).includes(code)) return `it should be ${wanted(right)}: ${said(report)}`
  if (text === "" || remedy === "") return `it lacks a text or a remedy: ${said(report)}`
  // what alone cannot be seen it need not say
  if (right.says === undefined || mode === "amqp" && right.says === expected.says) return undefined
  return right.says.test(everything(report)) ? undefined : `it should say ${right.says}: ${said(report)}`
}

/** All that it says, in one text. */
export const everything = ({ cause, links }: Report): string =>
  [cause?.text, cause?.remedy, ...links.map(({ link, state, evidence }) => `${link} ${state}: ${evidence}`)]
    .filter((one) => one !== undefined).join("\n")

const codes = ({ code }: Expected): ReadonlyArray<string> => code === undefined ? [] : [code].flat()

const wanted = (expected: Expected): string => [expected.verdict, codes(expected).join(" or ")].join(" ").trim()

const said = (report: Report): string =>
  `${report.verdict} ${report.cause?.code ?? ""} (${report.source}, ${Math.round(report.ms)} ms)\n${everything(report)}`
