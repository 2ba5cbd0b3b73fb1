/**
 * The report of a run as people read it.
 *
 * Pure: lines of text from the figures of `judge.ts`. Ends with the aims, and with what repeats the run.
 */
import { type CallFigures, type CallsReport, tolerance } from "./callJudge.ts"
import type { Report } from "./judge.ts"
import { type ChaosOptions, flagsOf } from "./options.ts"
import type { Recovery } from "./throughput.ts"

/** The lines. */
export const describeReport = (options: ChaosOptions, report: Report): ReadonlyArray<string> => [
  "",
  `Events: ${report.confirmed} confirmed in ${report.seconds.toFixed(0)} s; attempts that failed and were repeated: ${
    record(report.unconfirmed)
  }`,
  row("", ["handled", "lost", "twice"]),
  ...Object.entries(report.listeners).map(([name, { handled, lost, twice }]) => row(name, [handled, lost, twice])),
  `  rows of the effect that are there twice: ${report.effectsTwice}`,
  `  dead letters: ${report.dead.planned} as planned (${report.dead.repeated} of them twice), ${report.dead.innocent.length} innocent`,
  ...report.dead.innocent.map(({ n, handler, reason }) => `    ${n} by "${handler}": ${reason}`),
  ...(report.lostFirst.length === 0 ? [] : [`  lost: ${report.lostFirst.join(", ")}`]),
  "",
  ...callLines(report.calls, report.links),
  "  A window is from the fault until 2 s after every process was ready again.",
  "",
  "Faults: at s, lasted s, ready after s; s until 90 % of the confirmed (handled) a second before it was back; of the",
  "calls in peace after it, how many went by the lane they were meant to",
  ...report.faults.map((one) =>
    `  ${one.at.toFixed(1).padStart(7)} ${one.lasted.toFixed(1).padStart(5)} ${seconds(one.ready).padStart(5)}   ${
      recovered(one.confirmed).padStart(14)
    } ${recovered(one.handled).padStart(16)} ${percent(one.lane).padStart(6)}   ${one.fault}`
  ),
  ...(options.cluster ? ["", ...cutting] : []),
  ...growthLines(report),
  ...(report.troubles.length === 0 ? [] : ["", "Troubles:", ...report.troubles.map((text) => `  ${text}`)]),
  "",
  "Aims",
  ...report.aims.map(({ name, wanted, found, met }) =>
    `  ${met ? "met   " : "MISSED"} ${name}: ${found} (wanted: ${wanted})`
  ),
  "",
  `To repeat: npm run chaos -- ${flagsOf(options)}`,
]

/** How a cut is made; the words of `scripts/rabbitmq/partition.ts`, in short. */
const cutting = [
  "A cut is made in the nodes themselves: every node on one side is told a wrong cookie for every node on the other,",
  "then the connections between the sides are dropped; neither can open one until it knows the right cookie. Unlike a",
  "pulled cable, both sides notice at once. Calls' classic queues live on one node, and are away while it is.",
]

const callLines = (report: CallsReport, links: Report["links"]): ReadonlyArray<string> => [
  "Calls: made, answered, answered over each lane, and failed by kind",
  callRow("", ["made", "answered", "direct", "reply", "broker"]),
  ...Object.entries(report.byLane).flatMap(([lane, { all, inPeace }]) => [
    calls(`lane ${lane}`, all),
    calls("  outside of fault windows", inPeace),
  ]),
  calls("idempotent", report.byKind.look),
  calls("not idempotent", report.byKind.charge),
  calls("through a second worker", report.byKind.relay),
  `  longest after its deadline: ${
    report.longest > 0 ? `${report.longest} ms` : "none"
  }; run twice, as they may be: ${report.repeated}`,
  `  begun latest after the deadline: ${report.expired.latest} ms (up to ${tolerance} ms is forgiven)`,
  ...report.expired.first.map(({ n, handler, by }) => `    ${n} by ${handler}: ${by} ms`),
  ...(report.ranTwice.count === 0 ? [] : [`  run twice: ${report.ranTwice.first.join(", ")}`]),
  `  went on by another lane: ${record(report.rerouted)}`,
  `  links that were opened, by their mechanism: ${record(links)}`,
]

const growthLines = ({ growth, open }: Report): ReadonlyArray<string> =>
  growth.length === 0 ? [] : [
    "",
    "Growth, of the processes that lived through it, after the warm-up (first fifth); MB = 10^6 bytes",
    row("", ["heap", "slope/10min", "rss", "slope/10min", "fibers", "timers", "sockets"]),
    ...growth.map(({ name, heap, heapSlope, rss, rssSlope, fibers, timers, sockets }) =>
      row(name, [
        heap.toFixed(1),
        heapSlope.toFixed(2),
        rss.toFixed(1),
        rssSlope.toFixed(2),
        fibers.join(" > "),
        timers.join(" > "),
        sockets.join(" > "),
      ])
    ),
    `  channels in the quiet before each fault: ${open.map(({ channels }) => channels).join(" ")}`,
    `  connections: ${open.map(({ connections }) => connections).join(" ")}`,
  ]

const calls = (name: string, { made, answered, by, failed }: CallFigures): string =>
  `${callRow(name, [made, answered, by["direct"] ?? 0, by["reply"] ?? 0, by["broker"] ?? 0])}   ${record(failed)}`

const callRow = (name: string, cells: ReadonlyArray<string | number>): string =>
  `  ${name.padEnd(26)}${cells.map((cell) => String(cell).padStart(9)).join("")}`

const recovered = ({ reference, seconds: after }: Recovery): string =>
  reference === 0 ? "nothing before" : `${seconds(after)} of ${reference}/s`

const percent = (share: number | undefined): string => share === undefined ? "" : `${(share * 100).toFixed(0)} %`

const seconds = (value: number | undefined): string => value === undefined ? "never" : value.toFixed(1)

const record = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", ") || "none"

const row = (name: string, cells: ReadonlyArray<string | number>): string =>
  `  ${name.padEnd(12)}${cells.map((cell) => String(cell).padStart(13)).join("")}`
