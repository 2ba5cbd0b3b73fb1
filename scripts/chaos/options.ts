/**
 * What a chaos run is asked for: the flags of `npm run chaos`, and what the three forms (full, short, soak) mean by default.
 *
 * Pure. Everything that decides the plan of a run is here, so that the printed command repeats it.
 */
import { parseArgs } from "node:util"

/** The runtimes that emitters and workers can run on. */
export type RuntimeName = "bun" | "deno" | "node"

/** The runtimes of a run; `all`: processes take turns at them. */
export type RuntimeChoice = RuntimeName | "all"

/** The broker of a run: a private RabbitMQ, or the embedded one, which some of the processes host. */
export type BrokerChoice = "rabbitmq" | "embedded"

/** How calls of a run go; `all`: emitters and workers take turns at the lanes. */
export type LaneChoice = "auto" | "broker" | "reply" | "direct" | "all"

/** How many faults of each kind. */
export interface FaultCounts {
  readonly brokerKills: number
  readonly workerKills: number
  /** Every connection is closed by the broker. */
  readonly closes: number
  /** The broker is stopped (SIGSTOP) for some seconds; in a cluster a node is. */
  readonly pauses: number
  /** The memory alarm blocks every publisher for some seconds. */
  readonly alarms: number
  /** A node is cut off the cluster; 0 without one. */
  readonly cuts: number
  /** A worker is stopped (SIGSTOP) for some seconds. */
  readonly workerPauses: number
  /** Links are cut, those to one process or all of them. */
  readonly linkCuts: number
  /** What goes over links comes later, for some seconds. */
  readonly linkDelays: number
  /** Links carry nothing for some seconds, and nobody closes them. */
  readonly halfOpens: number
}

/** A run. */
export interface ChaosOptions extends FaultCounts {
  readonly form: "full" | "short" | "soak"
  readonly seed: number
  /** Confirmed events at least. */
  readonly events: number
  /** Calls made at least by each lane that calls are to go by. */
  readonly calls: number
  readonly lane: LaneChoice
  /** Links are encrypted. */
  readonly curve: boolean
  /** The run lasts this long at least; in the soak form its faults fill this time. */
  readonly minutes: number
  readonly runtime: RuntimeChoice
  readonly on: BrokerChoice
  /** Processes that do nothing but host the embedded broker, or wait to take it over, as workers do. */
  readonly hosts: number
  readonly cluster: boolean
  readonly emitters: number
  readonly workers: number
  /** Events and calls that all emitters together begin in a second; what is confirmed or answered may be less. */
  readonly rate: number
  readonly callRate: number
  /** ms of quiet before each fault, from and to. */
  readonly calm: readonly [number, number]
  readonly json: boolean
}

const full: ChaosOptions = {
  form: "full",
  seed: 1,
  events: 200_000,
  calls: 0,
  lane: "auto",
  curve: false,
  minutes: 0,
  runtime: "bun",
  on: "rabbitmq",
  hosts: 0,
  cluster: false,
  emitters: 4,
  workers: 4,
  rate: 250,
  callRate: 60,
  calm: [12_000, 14_000],
  brokerKills: 10,
  workerKills: 20,
  closes: 4,
  pauses: 4,
  alarms: 4,
  cuts: 0,
  workerPauses: 4,
  linkCuts: 4,
  linkDelays: 4,
  halfOpens: 4,
  json: false,
}

/** What is meant when a lane is named: calls above all. */
const calling = {
  events: 5_000,
  calls: 100_000,
  rate: 15,
  callRate: 200,
  workers: 3,
  brokerKills: 2,
  workerKills: 6,
  closes: 2,
  pauses: 2,
  alarms: 1,
  workerPauses: 6,
  linkCuts: 5,
  linkDelays: 4,
  halfOpens: 6,
}

/** The form for `npm test`. */
export const shortForm: ChaosOptions = {
  ...full,
  form: "short",
  events: 3_000,
  emitters: 2,
  workers: 3,
  rate: 250,
  calm: [1_000, 1_500],
  brokerKills: 1,
  workerKills: 2,
  closes: 1,
  pauses: 1,
  alarms: 1,
  workerPauses: 0,
  linkCuts: 0,
  linkDelays: 0,
  halfOpens: 0,
}

/** The same for calls: what only links and their servers suffer. */
export const shortCalls: ChaosOptions = {
  ...shortForm,
  lane: "all",
  events: 100,
  calls: 300,
  rate: 20,
  callRate: 160,
  emitters: 4,
  // 2 s after each fault calls count again
  calm: [2_400, 2_800],
  brokerKills: 0,
  workerKills: 1,
  closes: 0,
  pauses: 0,
  alarms: 0,
  workerPauses: 1,
  linkCuts: 1,
  linkDelays: 1,
  halfOpens: 1,
}

/** The same over the embedded broker, whose host is killed more than once: another one takes over, or all are gone. */
export const shortEmbedded: ChaosOptions = {
  ...shortForm,
  on: "embedded",
  hosts: 1,
  events: 200,
  workers: 2,
  rate: 25,
  callRate: 20,
  calm: [600, 900],
  brokerKills: 3,
  workerKills: 1,
}

/** What the cluster form adds: a node is cut off as often as one is killed, in a run that is a fifth as long. */
const clustered = {
  events: 40_000,
  brokerKills: 5,
  workerKills: 5,
  closes: 2,
  pauses: 2,
  alarms: 2,
  cuts: 5,
  rate: 120,
}

/** How each flag is called, and what it says of itself. */
export const usage = `Usage: npm run chaos -- [flags]

  --seed <n>          the plan's seed [1]
  --events <n>        confirmed events at least [200000]
  --broker-kills <n>  [10]; --worker-kills <n> [20]; --closes, --pauses, --alarms <n> [4 each]; --cuts <n> [0]
  --worker-pauses, --link-cuts, --link-delays, --half-opens <n>  [4 each]
  --calm <from>-<to>  ms of quiet before each fault [12000-14000]
  --minutes <n>       go on for as long at least [0]
  --rate <n>          events a second [250]; --call-rate <n>: calls a second [60]
  --emitters <n>      processes that emit and call [4]; --workers <n>: processes that handle [4]
  --lane <name>       how calls go: auto, broker, reply, direct, or all: processes take turns at them. Named, it is a run
                      of calls: [5000 events, 200 calls a second, 31 faults]
  --calls <n>         calls by each lane at least [0; 100000 where a lane is named]
  --curve             links are encrypted
  --runtime <name>    bun, deno, node, or all: processes take turns at them [bun]
  --on <broker>       rabbitmq, or embedded: processes of the run host it, whichever is first; a kill of the broker ends the
                      one that does, and another takes over, or every one that could [rabbitmq]
  --hosts <n>         processes besides the workers that host the embedded broker, or wait to [1]
  --cluster           three nodes: leaders are killed and minorities cut off [40000 events, 5 of each]
  --short             the form of \`npm test\`
  --soak <minutes>    faults for as long, and how memory, fibers, timers and channels grow
  --json              the report as JSON, alone on standard output`

const whole = {
  "seed": "seed",
  "events": "events",
  "calls": "calls",
  "minutes": "minutes",
  "rate": "rate",
  "call-rate": "callRate",
  "emitters": "emitters",
  "workers": "workers",
  "hosts": "hosts",
  "broker-kills": "brokerKills",
  "worker-kills": "workerKills",
  "closes": "closes",
  "pauses": "pauses",
  "alarms": "alarms",
  "cuts": "cuts",
  "worker-pauses": "workerPauses",
  "link-cuts": "linkCuts",
  "link-delays": "linkDelays",
  "half-opens": "halfOpens",
} as const

const laneChoices: ReadonlyArray<LaneChoice> = ["auto", "broker", "reply", "direct", "all"]

/** Reads the flags; throws an `Error` with the usage for what cannot be read. */
export const readOptions = (argv: ReadonlyArray<string>): ChaosOptions => {
  const text = { type: "string" } as const
  const toggle = { type: "boolean", default: false } as const
  let values: Readonly<Record<string, string | boolean | undefined>>
  try {
    values = parseArgs({
      args: [...argv],
      options: {
        ...Object.fromEntries(Object.keys(whole).map((flag) => [flag, text])),
        runtime: text,
        on: text,
        soak: text,
        lane: text,
        calm: text,
        curve: toggle,
        cluster: toggle,
        short: toggle,
        json: toggle,
      },
    }).values as typeof values
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
  }
  const number = (flag: string): number | undefined => {
    const given = values[flag]
    if (given === undefined) return undefined
    if (typeof given === "string" && /^\d{1,9}$/.test(given)) return Number(given)
    throw new Error(`Cannot read --${flag} "${given}": expected a whole number\n\n${usage}`)
  }
  const runtime = values["runtime"] ?? full.runtime
  if (runtime !== "bun" && runtime !== "deno" && runtime !== "node" && runtime !== "all") {
    throw new Error(`Cannot run on "${runtime}": expected bun, deno, node or all\n\n${usage}`)
  }
  const broker = values["on"] ?? full.on
  if (broker !== "rabbitmq" && broker !== "embedded") {
    throw new Error(`Cannot run over "${broker}": expected rabbitmq or embedded\n\n${usage}`)
  }
  const lane = laneChoices.find((name) => name === values["lane"])
  if (lane === undefined && values["lane"] !== undefined) {
    throw new Error(`Cannot call by "${values["lane"]}": expected ${laneChoices.join(", ")}\n\n${usage}`)
  }
  const calm = /^(\d{1,9})-(\d{1,9})$/.exec(String(values["calm"] ?? ""))
  if (calm === null && values["calm"] !== undefined) {
    throw new Error(`Cannot read --calm "${values["calm"]}": expected two numbers, 1000-1500\n\n${usage}`)
  }
  const soak = number("soak")
  const cluster = values["cluster"] === true
  const isShort = values["short"] === true
  const isEmbedded = broker === "embedded"
  if (isEmbedded && cluster) throw new Error(`The embedded broker is no cluster\n\n${usage}`)
  const form = lane === undefined
    ? isShort ? isEmbedded ? shortEmbedded : shortForm : full
    : isShort
    ? shortCalls
    : { ...full, ...calling }
  const given = Object.fromEntries(
    Object.entries(whole).flatMap(([flag, name]) => {
      const value = number(flag)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  return {
    ...form,
    ...(isEmbedded ? { on: broker, hosts: 1 } : {}),
    ...(cluster && form === full ? clustered : cluster ? { cuts: 1 } : {}),
    ...(soak === undefined ? {} : { form: "soak" as const, minutes: soak, events: 0, calls: 0 }),
    ...given,
    calm: calm === null ? form.calm : [Number(calm[1]), Number(calm[2])],
    lane: lane ?? form.lane,
    curve: values["curve"] === true,
    runtime,
    cluster,
    json: values["json"] === true,
  }
}

/** The flags that repeat a run. */
export const flagsOf = (options: ChaosOptions): string => {
  const form = options.form === "short" ? ["--short"] : options.form === "soak" ? [`--soak ${options.minutes}`] : []
  const rest = Object.entries(whole).filter(([flag]) => flag !== "hosts" || options.on === "embedded").map((
    [flag, name],
  ) => `--${flag} ${options[name]}`)
  const cluster = options.cluster ? ["--cluster"] : []
  const curve = options.curve ? ["--curve"] : []
  const on = options.on === "embedded" ? ["--on embedded"] : []
  const calm = `--calm ${options.calm.join("-")}`
  return [...form, ...on, ...cluster, `--lane ${options.lane}`, ...curve, calm, ...rest, `--runtime ${options.runtime}`]
    .join(
      " ",
    )
}
