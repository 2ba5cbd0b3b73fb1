/**
 * The answers that docs/debugging.md shows: each is a set-up's, as `warren why` prints it.
 *
 * A block below `<!-- lab: name -->` is that set-up's. `npm run lab -- --docs` writes them; the tests compare what is the same
 * in every run: links and their states, and the cause without its figures.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../../support/process.ts"
import { formatWhy } from "../../../src/cli/formatWhy.ts"
import { plain } from "../../../src/cli/paint.ts"
import type { WhyReport } from "../../../src/inspect/mod.ts"
import type { Report } from "./Report.ts"
import type { Ask } from "./SetUp.ts"

const page = join(root, "docs", "debugging.md")

const block = /<!-- lab: (.+?) -->\n\n```txt\n([\s\S]*?)```/g

const read = (): ReadonlyMap<string, string> =>
  new Map([...readFileSync(page, "utf8").matchAll(block)].map(([, name = "", text = ""]) => [name, text]))

/** Blocks by the names of their set-ups. */
export const documented: ReadonlyMap<string, string> = read()

/** Puts new answers into the page. */
export const writeDocumented = (answers: ReadonlyMap<string, string>): void => {
  const text = readFileSync(page, "utf8")
  writeFileSync(
    page,
    text.replace(block, (all: string, name: string) => {
      const answer = answers.get(name)
      return answer === undefined ? all : `<!-- lab: ${name} -->\n\n\`\`\`txt\n${answer}\n\`\`\``
    }),
  )
}

/** The command, and what it prints, without the names of the laboratory's brokers, virtual hosts and users. */
export const asShown = ({ subject, to, from, id }: Ask, report: Report, vhost: string): string => {
  const flags = Object.entries({ to, from, id }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value]
  )
  return [
    `$ npx warren ${["why", subject, ...flags].join(" ")}`,
    tidy(formatWhy(report as WhyReport, plain), vhost),
  ].join("\n")
}

const tidy = (text: string, vhost: string): string =>
  text
    .replaceAll(/[\w-]+-other-[0-9a-f]{4}\b/g, "staging")
    .replaceAll(/amqp:\/\/(\w+@)?127\.0\.0\.1:\d+\/staging/g, "amqp://$1localhost:5672/staging")
    .replaceAll(new RegExp(`amqp://(?:\\w+@)?127\\.0\\.0\\.1:\\d+/${vhost}`, "g"), "amqp://localhost:5672")
    .replaceAll(/amqp:\/\/(\w+@)?127\.0\.0\.1:\d+/g, "amqp://$1localhost:5673")
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "http://localhost:15672")
    .replaceAll(vhost, "/")
    .replaceAll(/\buser-[0-9a-f]{8}\b/g, "sales")

/** How the page differs from this answer, figures aside; `undefined`: it does not, or it does not show the set-up. */
export const differs = (name: string, shown: string): string | undefined => {
  const text = documented.get(name)
  return text === undefined || text.trim() === "" || shapeOf(text) === shapeOf(shown)
    ? undefined
    : `docs/debugging.md shows another answer; \`npm run lab -- --docs\` writes it anew:\n${shown}`
}

const shapeOf = (shown: string): string =>
  shown.split("\n").flatMap((line) => {
    const link = /^ {2}([✓✗?] [\w-]+)/.exec(line)?.[1]
    if (link !== undefined) return [link]
    return /^(\$|Broken:|Mend:|Whole:|Unknown:)/.test(line) ? [withoutFigures(line)] : []
  }).join("\n")

const withoutFigures = (line: string): string =>
  line
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, "…")
    .replaceAll(/\d+([.,:]\d+)*( (ms|s|min|h|MB))*/g, "…")
    .replaceAll(/(?<=… \w+)s\b/g, "")
