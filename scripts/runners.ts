/**
 * The test runners: how each is started, and how its closing lines are read.
 *
 * `scripts/test.ts` runs them one after another. Here is only what differs between them, as data and pure
 * functions: nothing is started, read or printed. A runner whose closing lines cannot be found has no tally,
 * which counts as a failure: an unread result is never taken for a good one.
 */

/** What one runner counted. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** One way to run tests. */
export interface Runner {
  readonly name: string
  /** What it does, for the heading. */
  readonly title: string
  /** The program in node_modules/.bin. */
  readonly program: string
  /** The arguments for these test files. */
  readonly args: (files: ReadonlyArray<string>, options: RunnerOptions) => ReadonlyArray<string>
  /** What it is told by its environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Which test files are its own. */
  readonly takes: (file: string) => boolean
  /** Lines that only say that something passed; they go to the log, not to the screen. Skips stay, with their reasons. */
  readonly quiet: RegExp
  /** A line that names a test that failed, with its name. */
  readonly failure: RegExp
  /** How many tests failed in which file, as far as the output tells. */
  readonly failedIn: (output: string) => ReadonlyMap<string, number>
  /** Reads the tally from the whole output. */
  readonly tally: (output: string, files: ReadonlyArray<string>) => Tally | undefined
}

/** What a run can ask of every runner. */
export interface RunnerOptions {
  /** Measure coverage, where the runner can. */
  readonly coverage: boolean
}

/** The test of the packed package: it packs and installs, once, whatever the runtimes. */
export const packTest = "test/scripts/pack.test.ts"

const plain = (file: string) => file.endsWith(".test.ts") && file !== packTest
/** The scripts themselves run on Bun; what of them other tests use, those try on every runtime. */
const ofScripts = (file: string) => file.startsWith("test/scripts/")
const onDenoOnly = (file: string) => file.endsWith(".deno.test.ts")

/** The number that a pattern finds in the last line it fits, or 0. */
const last = (output: string, pattern: RegExp): number =>
  Number([...output.matchAll(new RegExp(pattern.source, "gm"))].at(-1)?.[1] ?? 0)

const bunSums = /^\d+ tests? failed:$/m

const bunTally = (output: string): Tally | undefined =>
  /^Ran \d+ tests? across \d+ files?\./m.test(output)
    ? {
      passed: last(output, /^ *(\d+) pass$/),
      failed: last(output, /^ *(\d+) fail$/),
      skipped: last(output, /^ *(\d+) skip$/) + last(output, /^ *(\d+) todo$/),
    }
    : undefined

const denoTally = (output: string): Tally | undefined =>
  /^(ok|FAILED) \| \d+ passed/m.test(output)
    ? {
      passed: last(output, /^(?:ok|FAILED) \| (\d+) passed/),
      failed: last(output, /^(?:ok|FAILED) \|.*?\| (\d+) failed/),
      skipped: last(output, /^(?:ok|FAILED) \|.*?\| (\d+) ignored/),
    }
    : undefined

const nodeTally = (output: string): Tally | undefined =>
  /^ℹ tests \d+$/m.test(output)
    ? {
      passed: last(output, /^ℹ pass (\d+)$/),
      failed: last(output, /^ℹ fail (\d+)$/) + last(output, /^ℹ cancelled (\d+)$/),
      skipped: last(output, /^ℹ skipped (\d+)$/) + last(output, /^ℹ todo (\d+)$/),
    }
    : undefined

/** The compiler counts as one test for the sources and one for each file of type tests; a file with errors failed. */
const typesTally = (output: string, files: ReadonlyArray<string>): Tally => {
  const wrong = new Set([...output.matchAll(/^(\S.*?)\(\d+,\d+\): error TS/gm)].map(([, file]) => file ?? ""))
  const failedTests = files.filter((file) => wrong.has(file)).length
  const elsewhere = wrong.size > failedTests || /^error TS/m.test(output) ? 1 : 0
  const failed = failedTests + elsewhere
  return { passed: files.length + 1 - failed, failed, skipped: 0 }
}

/** The flags of `node --test` that both Node runners use. */
const nodeFlags = [
  "--test",
  ...["spec", "./scripts/failedFiles.ts"].flatMap((
    reporter,
  ) => [`--test-reporter=${reporter}`, "--test-reporter-destination=stdout"]),
  "--disable-warning=ExperimentalWarning",
]

/** Counts the lines that say that something failed, each for the file that it names or that a line above it named last. */
const failedBelow = (names: RegExp, fails: RegExp) => (output: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  let file: string | undefined
  for (const line of output.split("\n")) {
    file = names.exec(line)?.[1] ?? file
    if (file !== undefined && fails.test(line)) counts.set(file, (counts.get(file) ?? 0) + 1)
  }
  return counts
}

const nodeFailedIn = (output: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  // a file that had to be ended, since a test that took too long left something behind, sums up nothing
  for (
    const [, file = "", count = 1] of output.matchAll(
      /^(?:failed in|Still busy after the last test of) (\S+?)(?:: (\d+)$| with: )/gm,
    )
  ) {
    counts.set(file, (counts.get(file) ?? 0) + Number(count))
  }
  return counts
}

const nodeFailure = /^ *✖ (.+) \([\d.]+ms\)$/

/** The names of tests that failed, each once. */
export const failuresOf = ({ failure }: Runner, output: string): ReadonlyArray<string> => [
  ...new Set(output.split("\n").flatMap((line) => failure.exec(line)?.[1] ?? [])),
]

/** The files in which all failed tests of a runner are; nothing when its output does not account for every one of them. */
export const failedFiles = (runner: Runner, output: string, { failed }: Tally): ReadonlyArray<string> => {
  const counts = runner.failedIn(output)
  return [...counts.values()].reduce((all, one) => all + one, 0) >= failed ? [...counts.keys()] : []
}

/** Every runner, in the order in which they run. */
export const runners: ReadonlyArray<Runner> = [
  {
    name: "types",
    title: "Types: tsc over all sources, and what must and must not compile",
    program: "tsc",
    args: () => ["--noEmit", "--pretty", "false"],
    takes: (file) => file.startsWith("test/types/"),
    quiet: /(?!)/,
    failure: /^(\S.*\(\d+,\d+\): error TS\d+)/,
    failedIn: () => new Map(),
    tally: typesTally,
  },
  {
    name: "bun",
    title: "Tests on Bun",
    program: "bun",
    // three files at a time, as on the others: tests wait more than they compute
    args: (
      files,
      { coverage },
    ) => ["test", ...(coverage ? ["--coverage"] : ["--parallel=3"]), ...files.map((file) => `./${file}`)],
    takes: (file) => plain(file) && !onDenoOnly(file),
    quiet: /^\(pass\) |^test\/\S+\.test\.ts:$/,
    failure: /^\(fail\) (.+?)(?: \[[\d.]+ms\])?$/,
    // it ends with all that failed once more, of which it says no file
    failedIn: (output) => failedBelow(/^(test\/\S+\.ts):$/, /^\(fail\) |^# Unhandled error/)(output.split(bunSums)[0]!),
    tally: bunTally,
  },
  {
    name: "deno",
    title: "Tests on Deno",
    program: "deno",
    args: (files) => ["test", "-A", "--no-check", "--parallel", ...files],
    takes: (file) => plain(file) && !ofScripts(file),
    // else as many files at a time as there are cores
    env: { DENO_JOBS: "3" },
    quiet: /^running \d+ tests? from |\.\.\. ok \(/,
    failure: /^(.+ => \.\/\S+?:\d+:\d+)$/,
    failedIn: failedBelow(
      /^(?:Uncaught error from |running \d+ tests? from )?\.\/(test\/\S+\.ts)(?: |$)/,
      /\.\.\. FAILED|^Uncaught error .* FAILED$/,
    ),
    tally: denoTally,
  },
  {
    name: "node",
    title: "Tests on Node 24",
    program: "node",
    args: (files) => [...nodeFlags, "--test-concurrency=3", ...files],
    takes: (file) => plain(file) && !onDenoOnly(file) && !ofScripts(file),
    quiet: /^ *(✔|▶) /,
    failure: nodeFailure,
    failedIn: nodeFailedIn,
    tally: nodeTally,
  },
  {
    name: "pack",
    title: "The packed package on all three",
    program: "node",
    args: (files) => [...nodeFlags, ...files],
    takes: (file) => file === packTest,
    quiet: /^ *▶ /,
    failure: nodeFailure,
    failedIn: nodeFailedIn,
    tally: nodeTally,
  },
]

/** A tally in words: `3 passed, 0 failed, 1 skipped`. */
export const inWords = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`

/** The sum of tallies. */
export const sum = (tallies: ReadonlyArray<Tally>): Tally =>
  tallies.reduce((all, one) => ({
    passed: all.passed + one.passed,
    failed: all.failed + one.failed,
    skipped: all.skipped + one.skipped,
  }), { passed: 0, failed: 0, skipped: 0 })
