/**
 * The processes' part: whether all of them answer and hold what they should, by one clock, and speak the same contracts.
 *
 * Pure, over what they announce and answer. What a process says of itself is told on its own word.
 */
import type { Instance, Told } from "../../runtime/mod.ts"
import type { AnswerTo, KnownContract } from "../../wire/mod.ts"
import { fits } from "../schema/fits.ts"
import type { Schema } from "../schema/Form.ts"
import { count, list, quote, span } from "../why/words.ts"
import { type Advertised, type Check, checksOf } from "./Check.ts"

const { ok, warning, broken, unknown, skipped } = checksOf("processes")

/** What was heard. */
export interface Heard {
  /** Everybody but whoever asks. */
  readonly instances: ReadonlyArray<Instance>
  readonly stats: ReadonlyArray<Told<"stats">>
  readonly pings: ReadonlyArray<Told<"ping">>
  readonly infos: ReadonlyArray<Told<"info">>
  /** How long the broker lets a message be in hand, as this process was told, ms. */
  readonly consumerTimeout: number
  /** It lets it be there for ever: handlers are held to it all the same, since they are to run on RabbitMQ as well. */
  readonly isPatient?: boolean
}

/** Judges them. */
export const examineProcesses = (heard: Heard): ReadonlyArray<Check> => {
  const { instances } = heard
  if (instances.length === 0 && heard.stats.length === 0) {
    return [skipped("there", "no process of Warren is on this broker: nothing of them could be looked at")]
  }
  return [
    thereOf(heard),
    ...(heard.stats.length === 0
      ? [
        unknown("work", "nobody answered: connections, handlers, contracts and what is in hand could not be looked at"),
      ]
      : [connectedOf(heard), heldOf(heard), contractsOf(heard)]),
    // the only process there is, with the broker inside it, has nobody to differ from
    ...(instances.length === 0
      ? []
      : [consumerTimeoutOf(heard), clocksOf(heard), versionsOf(instances), lanesOf(instances)]),
  ]
}

const nameOf = ({ apps, host, pid }: Pick<Instance, "apps" | "host" | "pid">, speaks?: ReadonlyArray<string>): string =>
  `${list(speaks ?? apps.map(({ app }) => app)) || "a caller"} (host "${quote(host, 60)}", pid ${pid})`

/** A process by its instance. */
const namer = ({ instances, stats }: Heard) => {
  const apps = new Map(stats.map((one) => [one.instance, one.answer.apps]))
  const known = new Map(instances.map((one) => [one.instance, nameOf(one, apps.get(one.instance))]))
  return (instance: string): string =>
    known.get(instance) ?? (list(apps.get(instance) ?? []) || `instance ${quote(instance, 60)}`)
}

const isAlive = ({ life }: Instance): boolean => life !== "gone"

const thereOf = ({ instances, stats }: Heard): Check => {
  const alive = instances.filter(isAlive)
  const answers = new Set(stats.map(({ instance }) => instance))
  const silent = alive.filter(({ instance }) => !answers.has(instance))
  const missing = silent.filter(({ life }) => life === "missing")
  const text = count(Math.max(alive.length, stats.length), "process", "processes")
  if (missing.length > 0) {
    return broken(
      "there",
      `${missing.length} of ${text} missed heartbeats and did not answer: ${list(missing.map((one) => nameOf(one)))}`,
      "Look at that process, and start it again if it hangs: it is frozen, cut off, or its machine is gone",
    )
  }
  return silent.length > 0
    ? warning(
      "there",
      `${silent.length} of ${text} did not answer in time: ${list(silent.map((one) => nameOf(one)))}`,
      "It is busy, or runs another version of Warren; look again",
    )
    : ok("there", `${text}, and each answers`)
}

const connectedOf = (heard: Heard): Check => {
  const name = namer(heard)
  const bad = heard.stats.filter(({ answer }) => answer.connection.state !== "Ready")
  const waiting = heard.stats.filter(({ answer }) => answer.waiting > 0)
  if (bad.length > 0) {
    const told = bad.map(({ instance, answer: { connection: { state, reason } } }) =>
      `${name(instance)} is ${state.toLowerCase()}${reason === undefined ? "" : `: ${quote(reason, 120)}`}`
    )
    return broken("connected", list(told, 3), "Mend the broker, or the way to it; they go on by themselves then")
  }
  return waiting.length > 0
    ? warning(
      "connected",
      list(waiting.map(({ instance, answer }) => `${count(answer.waiting, "message")} wait in ${name(instance)}`), 3),
      "The broker takes them more slowly than they come: see its alarms and connections",
    )
    : ok("connected", "all that answered are connected, and nothing waits in them for the broker")
}

const heldOf = (heard: Heard): Check => {
  const name = namer(heard)
  const all = heard.stats.flatMap(({ instance, answer }) =>
    answer.state === "draining" ? [] : answer.handlers.map((handler) => ({ instance, handler }))
  )
  const lost = all.filter(({ handler }) => !handler.held)
  return lost.length === 0
    ? ok("handlers", `${count(all.length, "handler")}, and the broker holds a consumer for each`)
    : broken(
      "handlers",
      `the broker holds no consumer for ${
        list(
          lost.map(({ instance, handler: { app, name: of, heldError } }) =>
            `${app}.${of} of ${name(instance)}${heldError === undefined ? "" : `: ${quote(heldError, 160)}`}`
          ),
          3,
        )
      }`,
      "The process goes on trying once a second; mend what the broker says, `warren why` names the cause",
    )
}

/** Clocks apart by so much are worth knowing, ms. */
const apart = 1_000

/** How far a clock is ahead of this one, and how far that may be wrong, ms. */
const skewOf = ({ answer: { now }, askedAt, heardAt }: Told<"ping">) => ({
  ahead: now - (askedAt + heardAt) / 2,
  doubt: (heardAt - askedAt) / 2,
})

const clocksOf = (heard: Heard): Check => {
  const name = namer(heard)
  const others = heard.pings.map((one) => ({ instance: one.instance, ...skewOf(one) }))
  if (others.length === 0) return skipped("clocks", "nobody else answered, whose clock could be compared")
  const surely = ({ ahead, doubt }: { readonly ahead: number; readonly doubt: number }) => Math.abs(ahead) - doubt
  const off = others.filter((one) => surely(one) > apart).toSorted((a, b) => surely(b) - surely(a))
  if (off.length > 0) {
    const told = off.map(({ instance, ahead }) =>
      `${name(instance)} is ${span(Math.abs(ahead))} ${ahead > 0 ? "ahead" : "behind"}`
    )
    return warning(
      "clocks",
      `${list(told, 3)}; calls go on all the same, schedules and times that are shown are off`,
      "Set the clock of that machine (NTP)",
    )
  }
  const most = Math.max(...others.map(({ ahead, doubt }) => Math.abs(ahead) + doubt))
  return ok("clocks", `${count(others.length, "clock")} compared with this one, at most ${span(Math.ceil(most))} apart`)
}

/** Work that has taken so much of the broker's patience is about to be taken away. */
const share = 0.5

const consumerTimeoutOf = (heard: Heard): Check => {
  const name = namer(heard)
  const { consumerTimeout, isPatient = false } = heard
  const work = heard.stats.flatMap(({ instance, answer }) =>
    answer.handlers.flatMap(({ app, name: of, oldest }) => oldest === undefined ? [] : [{ instance, app, of, oldest }])
  ).toSorted((a, b) => b.oldest - a.oldest)
  const [first] = work
  const told = isPatient
    ? `handlers are held to ${span(consumerTimeout)}, as on RabbitMQ; this broker waits for ever`
    : `handlers are held to ${span(consumerTimeout)}; the broker does not tell its consumer_timeout, ` +
      "WARREN_CONSUMER_TIMEOUT says it where it is another"
  if (isPatient || first === undefined || first.oldest < share * consumerTimeout) {
    return ok(
      "consumer timeout",
      `${told}; ${first === undefined ? "nothing is in hand" : `the oldest in hand: ${span(first.oldest)}`}`,
    )
  }
  return warning(
    "consumer timeout",
    `${first.app}.${first.of} of ${name(first.instance)} has had a message in hand for ${span(first.oldest)}; ${told}`,
    "Let the handler finish sooner, or raise consumer_timeout on the broker and say it with WARREN_CONSUMER_TIMEOUT",
  )
}

const versionsOf = (instances: ReadonlyArray<Instance>): Check => {
  const byApp = Map.groupBy(
    instances.filter(isAlive).flatMap((one) => one.apps.map(({ app }) => ({ app, one }))),
    ({ app }) => app,
  )
  const mixed = [...byApp].flatMap(([app, all]) => {
    const versions = new Set(all.map(({ one }) => one.version || "none said"))
    return versions.size > 1 ? [`${app} runs as ${list(versions)}`] : []
  })
  const many = [...byApp].flatMap(([app, all]) => all.length > 1 ? [`${app} (${all.length})`] : [])
  const shared = many.length === 0 ? "" : `; several processes share ${list(many)}`
  return mixed.length > 0
    ? warning("versions", `${list(mixed)}${shared}`, "Where no deploy is under way, end the older ones: `warren ps`")
    : ok("versions", `${count(byApp.size, "app")}, each in one version${shared}`)
}

/** Who knows a contract by which schema, and whether they write with it or read. */
interface Use {
  readonly type: string
  readonly schema: string
  readonly instance: string
  readonly writes: boolean
}

const usesOf = (stats: Heard["stats"]): ReadonlyArray<Use> =>
  stats.flatMap(({ instance, answer }: Told<"stats">): ReadonlyArray<Use> => [
    ...answer.handlers.map(({ subject, schema }) => ({ type: subject, schema, instance, writes: false })),
    ...answer.sent.map(({ type, schema }) => ({ type, schema, instance, writes: true })),
  ]).filter(({ schema }) => schema !== "")

/** Contracts that are known by several schemas. */
const tornOf = (stats: Heard["stats"]) =>
  [...Map.groupBy(usesOf(stats), ({ type }) => type)].filter(([, uses]) =>
    new Set(uses.map(({ schema }) => schema)).size > 1
  )

/** Processes whose contracts must be known to compare those: one for each schema of each. */
export const instancesTorn = (stats: Heard["stats"]): ReadonlyArray<string> => [
  ...new Set(
    tornOf(stats).flatMap(([, uses]) => {
      const bySchema = new Map(uses.map((use) => [use.schema, use.instance]))
      return [...bySchema.values()]
    }),
  ),
]

const contractsOf = (heard: Heard): Check => {
  const name = namer(heard)
  const documents = new Map<string, KnownContract>(
    heard.infos.flatMap(({ answer }) => (answer as AnswerTo<"info">).contracts).map((one) => [keyOf(one), one]),
  )
  const torn = tornOf(heard.stats)
  const types = new Set(usesOf(heard.stats).map(({ type }) => type))
  if (torn.length === 0) return ok("contracts", `${count(types.size, "contract")} at work, each by one schema`)
  const breaks: Array<string> = []
  const dark: Array<string> = []
  for (const [type, uses] of torn) {
    const writers = uses.filter(({ writes }) => writes)
    // where nobody has sent it yet, any of those who handle it may be what callers are built for
    const froms = writers.length > 0 ? writers : uses
    for (const [from, to] of pairs(froms, uses.filter(({ writes }) => !writes))) {
      const [written, read] = [documents.get(keyOf(from)), documents.get(keyOf(to))]
      const who = `${quote(type, 80)} as ${name(from.instance)} knows it, read by ${name(to.instance)}`
      if (written === undefined || read === undefined) {
        dark.push(who)
        continue
      }
      const [misfit] = fits(written.payload as Schema, read.payload as Schema).filter((one) => one.verdict === "breaks")
      if (misfit !== undefined) {
        breaks.push(`${who}: ${misfit.path.join(".") || "the payload"} is ${misfit.writer}, wanted ${misfit.reader}`)
      }
    }
  }
  const remedy = "Start both with the same version of the api; `warren schema diff` says what differs and who breaks"
  if (breaks.length > 0) return broken("contracts", list(breaks.map((one) => quote(one, 300)), 2), remedy)
  const names = list(torn.map(([type]) => quote(type, 80)))
  return dark.length > 0
    ? unknown("contracts", `${names}: by several schemas, and not all of them are told: ${list(dark, 2)}`, remedy)
    : warning("contracts", `${names}: by several schemas, which nobody is seen to be broken by`, remedy)
}

const keyOf = (one: { readonly type: string } & ({ readonly schema: string } | { readonly fingerprint: string })) =>
  `${one.type} ${"schema" in one ? one.schema : one.fingerprint}`

/** Pairs of different schemas, each once. */
const pairs = (froms: ReadonlyArray<Use>, tos: ReadonlyArray<Use>): ReadonlyArray<readonly [Use, Use]> => {
  const all = froms.flatMap((from) => tos.flatMap((to) => from.schema === to.schema ? [] : [[from, to] as const]))
  return [...new Map(all.map((pair) => [`${pair[0].schema} ${pair[1].schema}`, pair])).values()]
}

const lanesOf = (instances: ReadonlyArray<Instance>): Check => {
  const serving = instances.filter((one) =>
    isAlive(one) && one.apps.some(({ handlers }) => handlers.some(({ kind }) => kind === "call"))
  )
  if (serving.length === 0) return skipped("lanes", "nobody serves calls")
  const hosts = new Set(instances.filter(isAlive).map(({ host }) => host))
  const without = serving.filter(({ direct }) => direct === undefined)
  const text = `${serving.length - without.length} of ${
    count(serving.length, "process", "processes")
  } that serve calls can be reached past the broker`
  if (without.length === 0 || hosts.size < 2) return ok("lanes", text)
  return warning(
    "lanes",
    `${text}; calls to ${list(without.map((one) => nameOf(one)))} go through it`,
    "Set WARREN_SECRET to the same secret in all processes, since they run on several machines (docs/lanes.md)",
  )
}

/** Addresses that processes tell the others, for whoever is able to connect to them. */
export const advertisedOf = (instances: ReadonlyArray<Instance>): ReadonlyArray<Advertised> =>
  instances.filter(isAlive).flatMap(({ apps, host, pid, direct }) =>
    direct === undefined ? [] : [{ apps: apps.map(({ app }) => app), host, pid, address: direct }]
  )
