/**
 * `npm run lab`: every set-up of the fault laboratory, several times, with its aims: the right cause of each fault within
 * 2 s, and no fault named where there is none.
 * `npm run lab -- --on embedded`: on the embedded broker.
 *
 * Set-ups are in test/inspect/faults. Each is asked with all that can be seen and with AMQP alone, on the command line where
 * that is worth it, and with figures that are some seconds old where there is no fault. Prints a line an answer, then the
 * aims; fails when one is missed. Nothing is prepared while something is asked, so that times mean something.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { parseArgs } from "node:util"
import { cleanUp } from "../../test/cli/support.ts"
import { documented, writeDocumented } from "../../test/inspect/faults/documented.ts"
import { type Finding, runLab } from "../../test/inspect/faults/runLab.ts"
import { onEmbedded, onRabbit } from "../../test/inspect/faults/Ground.ts"
import { broken, healthy, possible } from "../../test/inspect/faults/setUps.ts"
import { describeFindings } from "../../test/inspect/faults/table.ts"
import { startRabbit } from "../rabbitmq.ts"

const usage =
  `Usage: npm run lab -- [--on broker] [--rounds n] [--only text] [--interval ms] [--at-a-time n] [--docs] [--prove]

  --on broker      rabbitmq, or embedded: without what that one has not             rabbitmq
  --rounds n       how often everything is run                                        3
  --only text      set-ups with this in their names                                   all
  --interval ms    how old the broker's figures may be; RabbitMQ's own default is 5000  1000, then 5000, in turn
  --at-a-time n    set-ups that are prepared at a time                                4
  --docs           once, and what is answered is written into docs/debugging.md
  --prove          only brings each state about, and shows that it is there`

/** Longest from a question to its answer, joining the broker included, ms. */
const aim = 2_000

const read = (argv: ReadonlyArray<string>) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      on: { type: "string", default: "rabbitmq" },
      rounds: { type: "string", default: "3" },
      only: { type: "string", default: "" },
      interval: { type: "string" },
      "at-a-time": { type: "string", default: "4" },
      docs: { type: "boolean", default: false },
      prove: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  })
  const count = (name: string, text: string) => {
    if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} is "${text}": expected a whole number from 1`)
    return Number(text)
  }
  if (values.on !== "rabbitmq" && values.on !== "embedded") {
    throw new Error(`--on is "${values.on}": expected rabbitmq or embedded`)
  }
  if (values.docs && values.on !== "rabbitmq") throw new Error("--docs is for RabbitMQ alone")
  return {
    on: values.on,
    rounds: values.docs ? 1 : count("rounds", values.rounds),
    isForDocs: values.docs,
    only: values.only,
    interval: values.interval === undefined ? undefined : count("interval", values.interval),
    atATime: count("at-a-time", values["at-a-time"]),
    isProof: values.prove,
    isHelp: values.help,
  }
}

const main = async (argv: ReadonlyArray<string>): Promise<number> => {
  let options
  try {
    options = read(argv)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`)
    return 2
  }
  const { on, rounds, only, interval, atATime, isForDocs, isProof, isHelp } = options
  if (isHelp) {
    console.log(usage)
    return 0
  }
  const isEmbedded = on === "embedded"
  const wanted = [...broken, ...healthy].filter(({ name }) =>
    name.includes(only) && (!isForDocs || documented.has(name))
  )
  const setUps = isEmbedded ? wanted.filter((one) => possible(onEmbedded).includes(one)) : wanted
  for (const { name, needs } of wanted) {
    const why = isEmbedded && needs !== undefined ? onEmbedded.lacks[needs] : undefined
    if (why !== undefined) console.log(`left out  ${name}: ${why}`)
  }
  if (setUps.length === 0) {
    console.error(`No set-up has "${only}" in its name`)
    return 2
  }
  // beacons of other programs on this machine are no part of it
  const beacons = process.env["WARREN_BEACONS"] = mkdtempSync(join(tmpdir(), "warren-lab-"))
  const all: Array<Finding> = []
  for (let round = 1; round <= rounds; round++) {
    const every = interval ?? (round % 2 === 1 ? 1_000 : 5_000)
    const age = isEmbedded ? "on the embedded broker" : `figures are up to ${every} ms old`
    console.log(`\nround ${round} of ${rounds}, ${age}\n`)
    const rabbit = isEmbedded
      ? undefined
      : await startRabbit({ management: true, config: [`collect_statistics_interval = ${every}`] })
    try {
      await runLab({
        ground: rabbit === undefined ? onEmbedded : onRabbit(rabbit),
        setUps,
        atATime,
        isTimed: true,
        ways: ({ isCommand }) => ({
          modes: isProof ? [] : isForDocs ? ["management"] : ["management", "amqp"],
          ages: isProof || isForDocs ? [] : ["before", "burst"],
          isCommand: !isProof && !isForDocs && isCommand === true,
        }),
        onDone: (name, found) => {
          all.push(...found)
          console.log(isProof && found.length === 0 ? `ok     ${name}` : describeFindings(found))
          for (const { how, wrong } of found) if (wrong !== undefined) console.log(`       ${how}: ${wrong}`)
        },
      })
    } finally {
      await cleanUp()
      await rabbit?.stop()
    }
  }
  rmSync(beacons, { recursive: true, force: true })
  if (isForDocs) {
    writeDocumented(new Map(all.flatMap(({ name, text }) => text === undefined ? [] : [[name, text]])))
    return 0
  }
  return judgeAims(all, isProof)
}

const judgeAims = (all: ReadonlyArray<Finding>, isProof: boolean): number => {
  const ofBroken = all.filter(({ name }) => broken.some((one) => one.name === name))
  const ofHealthy = all.filter(({ name }) => healthy.some((one) => one.name === name))
  const slow = all.filter(({ ms }) => ms > aim)
  const times = all.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0)
  const known = ofBroken.filter(({ verdict }) => verdict === "broken").length
  const aims = isProof ? [{ what: "every state comes about", missed: all.length, of: "" }] : [
    {
      what: "the right cause of each fault; where management is off, that or what could not be seen",
      missed: ofBroken.filter(({ wrong }) => wrong !== undefined).length,
      of: `${ofBroken.length} answers, ${known} with a cause`,
    },
    {
      what: "no fault named where there is none",
      missed: ofHealthy.filter(({ wrong }) => wrong !== undefined).length,
      of: `${ofHealthy.length} answers`,
    },
    {
      what: `each within ${aim} ms`,
      missed: slow.length,
      of: `half of them within ${at(0.5)} ms, 99 % within ${at(0.99)} ms, the slowest in ${at(1)} ms`,
    },
  ]
  console.log("\nAims")
  for (const { what, missed, of } of aims) {
    console.log(
      `${missed === 0 ? "met   " : "MISSED"} ${what}${missed === 0 ? "" : `: not in ${missed}`}${of && ` (${of})`}`,
    )
  }
  return aims.every(({ missed }) => missed === 0) ? 0 : 1
}

process.exit(await main(process.argv.slice(2)))
