/**
 * `npm test`: every test on every runner, one runner after another.
 *
 * `npm test -- [--only types,bun,deno,node,pack] [--coverage] [part of a path…]`. Shows what failed in full and
 * what passed as closing lines; the whole output of each runner is kept in .warren/test/. Ends with one line a runner
 * and the sum, alone on a line: `N passed, N failed`. Fails when a runner fails, is missing, says nothing that can be
 * read, or ran no test. With WARREN_TEST_AGAIN=<files> in its environment, what failed in no more files of a runner than
 * that runs once more with nothing beside it; what then passes does not fail the run, and is named at the end. Installs nothing: that is scripts/setup.mjs, before it.
 */
import { spawn } from "node:child_process"
import { createWriteStream, existsSync, globSync, mkdirSync } from "node:fs"
import { join, relative, sep } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"
import { parseArgs, stripVTControlCharacters } from "node:util"
import { reportCoverage } from "./coverage.ts"
import { type Rabbit, RabbitUnavailable, startRabbit } from "./rabbitmq.ts"
import { failedFiles, failuresOf, inWords, runners, sum } from "./runners.ts"
import type { Runner, RunnerOptions, Tally } from "./runners.ts"

const root = join(import.meta.dirname, "..")
const logs = join(root, ".warren", "test")
/** What Node has compiled, for all the processes that tests start on it. */
const compiled = join(root, ".warren", "compiled")
/** Minutes until a runner that hangs is ended. */
const limit = Number(process.env["WARREN_TEST_MINUTES"] ?? 15)

/** Most files of a runner that run once more when they failed. */
const mostAgain = Number(process.env["WARREN_TEST_AGAIN"] ?? 0)

/** Failed tests of one runner that are named at the end. */
const mostNamed = 10

/** What became of one runner. */
interface Outcome {
  readonly name: string
  readonly tally: Tally
  readonly seconds: number
  /** Why it counts as failed although its tally may not say so. */
  readonly trouble: string | undefined
  /** Tests that failed, by name. */
  readonly failures: ReadonlyArray<string>
  /** Whether those passed when they ran once more. */
  readonly passedAgain: boolean
}

const usage = (complaint: string): never => {
  console.error(`${complaint}\nUsage: npm test -- [--only ${runners.map((one) => one.name).join(",")}] [path…]`)
  process.exit(2)
}

const options = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { only: { type: "string", multiple: true }, coverage: { type: "boolean", default: false } },
    })
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error))
  }
}

/** Those take longest. */
const isLong = (file: string): boolean => file.endsWith(".integration.test.ts")

/**
 * Every test file below test/, as a path from the root with forward slashes, that a filter lets through; long ones first, so
 * that the last one of all does not run alone for long.
 */
const testFiles = (filters: ReadonlyArray<string>): ReadonlyArray<string> =>
  globSync("test/**/*.ts", { cwd: root })
    .map((file) => file.split(sep).join("/"))
    .filter((file) => file.endsWith(".test.ts") || file.startsWith("test/types/"))
    .filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
    .sort((a, b) => Number(isLong(b)) - Number(isLong(a)) || (a < b ? -1 : 1))

// Deno and Node let FORCE_COLOR win over NO_COLOR
const { FORCE_COLOR: _, ...plain } = process.env

let child: ReturnType<typeof spawn> | undefined

/** Ends a runner and whatever it started: asks first, and insists five seconds later. */
const end = (running: ReturnType<typeof spawn>) => {
  const tell = (signal: "SIGTERM" | "SIGKILL") => {
    try {
      // its whole process group: a runner that hangs would leave the processes of its test files behind
      if (running.pid !== undefined) process.kill(-running.pid, signal)
    } catch {
      // all of them are gone
    }
  }
  tell("SIGTERM")
  return setTimeout(() => tell("SIGKILL"), 5_000)
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // npm passes on what the terminal has sent already: the second one must not end us before the runner has ended
  process.on(signal, () => {
    if (child === undefined || child.exitCode !== null) process.exit(130)
    child.once("close", () => process.exit(130))
    end(child)
  })
}

/** The file that keeps the whole output of a runner. */
const logOf = (runner: Runner, part = ""): string => join(logs, `${runner.name}${part}.log`)

/** Runs one program to its end, printing what is worth a look; keeps all of it. */
const run = (runner: Runner, program: string, args: ReadonlyArray<string>, to: string) =>
  new Promise<{ readonly code: number; readonly output: string }>((resolve) => {
    const log = createWriteStream(to)
    const lines: Array<string> = []
    let lastShown = ""
    const running = child = spawn(program, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
      env: { ...plain, ...runner.env, NO_COLOR: "1", NODE_COMPILE_CACHE: compiled },
    })
    const overdue = setTimeout(() => {
      lines.push(`Ended after ${limit} minutes: "${runner.name}" did not come to an end`)
      console.log(lines.at(-1))
      end(running).unref()
    }, limit * 60_000)
    for (const stream of [running.stdout, running.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        const text = stripVTControlCharacters(line)
        lines.push(text)
        log.write(`${text}\n`)
        if (runner.quiet.test(text) || (text === "" && lastShown === "")) return
        lastShown = text
        console.log(text)
      })
    }
    running.on("error", (error) => lines.push(error.message))
    running.on("close", (code) => {
      clearTimeout(overdue)
      log.end()
      resolve({ code: code ?? 1, output: lines.join("\n") })
    })
  })

/** Whether the files that failed, when they are few, pass with nothing beside them: the machine made them fail, not what they test. */
const passesAgain = async (runner: Runner, program: string, files: ReadonlyArray<string>): Promise<boolean> => {
  if (files.length === 0 || files.length > mostAgain) return false
  console.log(`\n── Once more, alone: ${files.join(", ")} ──`)
  const { code, output } = await run(runner, program, runner.args(files, { coverage: false }), logOf(runner, "-again"))
  const tally = runner.tally(output, files)
  return code === 0 && tally !== undefined && tally.failed === 0 && tally.passed > 0
}

/** Runs one runner on its files, or says why it cannot. */
const outcome = async (runner: Runner, files: ReadonlyArray<string>, wishes: RunnerOptions): Promise<Outcome> => {
  const none = { tally: { passed: 0, failed: 1, skipped: 0 }, failures: [], passedAgain: false }
  const program = join(root, "node_modules", ".bin", runner.program)
  if (!existsSync(program)) {
    const remedy = 'run "npm run setup"'
    return { name: runner.name, ...none, seconds: 0, trouble: `${runner.program} is missing: ${remedy}` }
  }
  if (files.length === 0 && runner.name !== "types") {
    return { name: runner.name, ...none, seconds: 0, trouble: "has no test file" }
  }
  console.log(`\n── ${runner.title} (${files.length} files) ──`)
  const start = performance.now()
  const { code, output } = await run(runner, program, runner.args(files, wishes), logOf(runner))
  const tally = runner.tally(output, files)
  const isFailed = tally !== undefined && tally.failed > 0
  const passedAgain = isFailed && await passesAgain(runner, program, failedFiles(runner, output, tally))
  const seconds = (performance.now() - start) / 1000
  const full = `all of its output: ${relative(root, logOf(runner))}`
  const what = { name: runner.name, seconds, failures: failuresOf(runner, output), passedAgain }
  if (tally === undefined) {
    return { ...what, tally: none.tally, trouble: `did not say how its tests went (exit code ${code}); ${full}` }
  }
  if (passedAgain) {
    const { passed, failed, skipped } = tally
    return { ...what, tally: { passed: passed + failed, failed: 0, skipped }, trouble: undefined }
  }
  if (isFailed) return { ...what, tally, trouble: `failed; ${full}` }
  if (code !== 0) {
    return { ...what, tally: { ...tally, failed: 1 }, trouble: `ended with exit code ${code}; ${full}` }
  }
  if (tally.passed === 0) return { ...what, tally: none.tally, trouble: "ran no test" }
  return { ...what, tally, trouble: undefined }
}

/** One private RabbitMQ for the integration tests of all runtimes; where there can be none they skip, but not in CI. */
async function startBroker(chosen: ReadonlyArray<string>): Promise<Rabbit | undefined> {
  const given = process.env["WARREN_TEST_BROKER"] ?? ""
  if (given !== "" || !chosen.some(isLong)) return undefined
  try {
    const rabbit = await startRabbit({ log: (line) => console.log(line) })
    process.env["WARREN_TEST_BROKER"] = rabbit.url
    return rabbit
  } catch (error) {
    if (!(error instanceof RabbitUnavailable) || process.env["CI"] === "true") throw error
    console.log(`Integration tests are skipped: ${error.message}`)
    process.env["WARREN_TEST_BROKER"] = "none"
    return undefined
  }
}

const { values, positionals } = options()
const only = values.only?.flatMap((names) => names.split(","))
for (const name of only ?? []) {
  if (!runners.some((runner) => runner.name === name)) usage(`There is no runner "${name}"`)
}
const files = testFiles(positionals)
if (files.length === 0) usage(`No test file has "${positionals.join('" or "')}" in its path`)
mkdirSync(logs, { recursive: true })

const chosen = runners
  .map((runner) => ({ runner, own: files.filter(runner.takes) }))
  .filter(({ runner, own }) =>
    only !== undefined ? only.includes(runner.name) : positionals.length === 0 || own.length > 0
  )
const broker = await startBroker(chosen.flatMap(({ runner, own }) => runner.name === "types" ? [] : own))

const outcomes: Array<Outcome> = []
for (const { runner, own } of chosen) outcomes.push(await outcome(runner, own, { coverage: values.coverage }))
await broker?.stop()
if (values.coverage) reportCoverage(root)

console.log("\n── Summary ──")
for (const { name, failures, passedAgain } of outcomes) {
  const what = `${passedAgain ? "passed only alone" : "failed"} ${name.padEnd(6)}`
  for (const failure of failures.slice(0, mostNamed)) console.log(`${what} ${failure}`)
  if (failures.length > mostNamed) console.log(`${what} … and ${failures.length - mostNamed} more`)
}
for (const { name, tally, seconds, trouble } of outcomes) {
  const verdict = trouble === undefined ? "ok    " : "FAILED"
  console.log(
    `${verdict} ${name.padEnd(6)} ${inWords(tally)} in ${seconds.toFixed(1)} s${trouble ? `: ${trouble}` : ""}`,
  )
}
console.log(inWords(sum(outcomes.map((one) => one.tally))))
process.exit(outcomes.length === 0 || outcomes.some((one) => one.trouble !== undefined) ? 1 : 0)
