/**
 * Runs set-ups: several at a time, those that disturb all others one by one in the end.
 *
 * Each is prepared, asked, and taken down. What went wrong in preparing is told apart from a wrong answer: then the
 * laboratory is to be mended, not what it tests.
 */
import { type Age, askHere, askThere } from "./asking.ts"
import { asShown, differs } from "./documented.ts"
import type { Ground } from "./Ground.ts"
import { judge } from "./judge.ts"
import { openSituation } from "./Situation.ts"
import type { Ask, Mode, SetUp } from "./SetUp.ts"

/** One answer to one question, judged. */
export interface Finding {
  readonly name: string
  /** `management`, `amqp`, with the figures' age where they are old; `command`. */
  readonly how: string
  readonly verdict: string
  readonly code: string
  readonly ms: number
  /** What is wrong with it; `undefined`: nothing. */
  readonly wrong: string | undefined
  /** The command line, and what it prints, where everything can be seen. */
  readonly text?: string | undefined
}

/** How a set-up is asked. */
export interface Ways {
  readonly modes: ReadonlyArray<Mode>
  /** With figures that are as old as this, where there is no fault. */
  readonly ages: ReadonlyArray<Age>
  readonly isCommand: boolean
}

/** How set-ups are run. */
export interface LabOptions {
  readonly ground: Ground
  /** None that needs what it has not. */
  readonly setUps: ReadonlyArray<SetUp>
  readonly ways: (setUp: SetUp, index: number) => Ways
  /** Set-ups that run at a time. */
  readonly atATime: number
  /** Whether nothing is prepared while something is asked, so that times mean something. @default false: that is slower */
  readonly isTimed?: boolean
  /** Told of each one that is done. */
  readonly onDone: (name: string, findings: ReadonlyArray<Finding>) => void
}

/** Longest preparation, ms. */
const patience = 60_000

/** Runs all of them. */
export const runLab = async ({ ground, setUps, ways, atATime, isTimed, onDone }: LabOptions): Promise<void> => {
  const run = async (setUp: SetUp, turn: Turn) =>
    onDone(setUp.name, await runOne(ground, setUp, ways(setUp, setUps.indexOf(setUp)), turn))
  const together = setUps.filter(({ isAlone }) => isAlone !== true)
  if (isTimed === true) {
    while (together.length > 0) {
      const some = together.splice(0, atATime)
      const turn = oneByOne(some.length)
      await Promise.all(some.map((one) => run(one, turn)))
    }
  } else {
    const next = async () => {
      for (let one = together.shift(); one !== undefined; one = together.shift()) await run(one, atOnce)
    }
    await Promise.all(Array.from({ length: atATime }, next))
  }
  for (const one of setUps.filter(({ isAlone }) => isAlone === true)) await run(one, atOnce)
}

/** When a set-up that is prepared, or is not to be, may ask: runs it, and keeps it until its turn is over. */
type Turn = (ask: () => Promise<void>) => Promise<void>

const atOnce: Turn = (ask) => ask()

/** Once all are there, one after another. Whoever is done waits for the others: taking down is work, too. */
const oneByOne = (count: number): Turn => {
  const all = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  let present = 0
  let over = 0
  let last: Promise<void> = all.promise
  return async (ask) => {
    if (++present === count) all.resolve()
    last = last.then(ask)
    await last
    if (++over === count) done.resolve()
    await done.promise
  }
}

/** Runs one; never fails. */
const runOne = async (ground: Ground, setUp: SetUp, ways: Ways, turn: Turn): Promise<ReadonlyArray<Finding>> => {
  const { name } = setUp
  const findings: Array<Finding> = []
  const trouble = (how: string, error: unknown): Finding => ({
    name,
    how,
    verdict: "",
    code: "",
    ms: 0,
    wrong: error instanceof Error ? error.stack ?? error.message : String(error),
  })
  let situation = await openSituation(ground, name)
  const prepare = (): Promise<Ask> => within(setUp.prepare(situation)).then((more) => ({ ...setUp.ask, ...more }))
  const again = async (): Promise<Ask> => {
    await situation.close()
    situation = await openSituation(ground, name)
    return await prepare()
  }
  // a machine that has too much to do may miss a state; what is asked once it is there is not asked twice
  const ask = await prepare().catch(again).catch((error: unknown) => void findings.push(trouble("prepare", error)))
  const here = async (ask: Ask, mode: Mode, age: Age): Promise<void> => {
    const how = age === "now" ? mode : `${mode}, ${age}`
    try {
      const { report, ms } = await askHere(situation, setUp, ask, mode, age)
      const isShown = mode === "management" && age === "now"
      const text = isShown ? asShown(ask, report, new URL(situation.url()).pathname.slice(1)) : undefined
      const wrong = judge(setUp, mode, report) ??
        // the page shows it on RabbitMQ
        (text === undefined || ground.kind !== "rabbitmq" ? undefined : differs(name, text))
      findings.push({ name, how, verdict: report.verdict, code: report.cause?.code ?? "", ms, wrong, text })
    } catch (error) {
      findings.push(trouble(how, error))
    }
  }
  await turn(async () => {
    if (ask === undefined) return
    for (const mode of ways.modes) await here(ask, mode, "now")
    if (setUp.expected.verdict === "whole") { for (const age of ways.ages) await here(ask, "management", age) }
    if (!ways.isCommand) return
    const { code, text, ms } = await askThere(situation, setUp, ask)
    findings.push({ ...commanded(setUp, code, text), name, how: "command", ms })
  })
  await situation.close()
  return findings
}

const exits: Readonly<Record<string, string>> = { 0: "whole", 1: "broken", 3: "unknown" }

const commanded = (
  { expected }: SetUp,
  exit: number | string,
  text: string,
): Pick<Finding, "verdict" | "code" | "wrong"> => {
  const verdict = exits[exit] ?? `exit code ${exit}`
  const says = expected.says === undefined || expected.says.test(text)
  const wrong = verdict !== expected.verdict
    ? `it should be ${expected.verdict}, and is ${verdict}:\n${text}`
    : says
    ? undefined
    : `it should say ${expected.says}:\n${text}`
  return { verdict, code: "", wrong }
}

const within = <A>(preparing: Promise<A>): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It was not prepared within ${patience} ms`)), patience)
  })
  return Promise.race([preparing, late]).finally(() => clearTimeout(timer))
}
