/**
 * The document of a running system: contracts by those who speak them now, and by those who did lately.
 *
 * Above the scene's ports. Processes tell their contracts themselves; of those that do not answer, and of apps that do not
 * run, the ledger knows the fingerprint, and the contracts that were spoken give the schema. What is known of nobody's
 * word becomes a gap, in words. Reads no message, changes nothing, never fails.
 */
import { Effect } from "effect"
import { defaultSettings, type Told } from "../../runtime/mod.ts"
import { type Contracts, type KnownContract, type Ledger, type LedgerApp } from "../../wire/mod.ts"
import { type Finding, unknown, valueOr } from "../Finding.ts"
import { readContracts, readLedger } from "../ledger.ts"
import type { Scene } from "../Scene.ts"
import { living, nameOf, type Process, teamOf } from "../why/Team.ts"
import { dialect, Gathering, isJsonSchema, type SchemaDocument, schemaFormat, type Spoken } from "./Document.ts"

/** Who was not seen, and what was not sent, for so long counts no more, ms. */
export const memory = 35 * 86_400_000

/** Two handlers of an app that were last seen within that time were there together, ms. */
const together = 3_600_000

/** What was found. */
export interface Found {
  readonly now: number
  readonly processes: ReadonlyArray<Process>
  readonly infos: ReadonlyArray<Told<"info">>
  readonly ledger: Finding<Ledger>
  readonly spoken: Finding<Contracts>
}

/** Asks everybody, and reads what is remembered. */
export const documentOfRunning = Effect.fnUntraced(function* ({ core, steward }: Scene) {
  // whoever adds to a document has it in hand for a moment
  const read = <A>(one: Effect.Effect<Finding<A>>) =>
    Effect.timeoutOrElse(Effect.repeat(one, { until: ({ known }) => known, times: 3 }), {
      duration: "5 seconds",
      orElse: () => Effect.succeed(unknown<A>("it could not be read within 5 s")),
    })
  const [infos, stats, ledger, spoken] = yield* Effect.all([
    core.enquiries.enquire("all", { kind: "info" }),
    core.enquiries.enquire("all", { kind: "stats" }),
    read(readLedger(steward)),
    read(readContracts(steward)),
  ], { concurrency: "unbounded" })
  // whoever asks and does nothing else is no part of it
  const processes = living(teamOf(core.presence.list(), stats, ledger))
    .filter(({ handles, emits, calls }) => handles.length + emits.length + calls.length > 0)
  return documentOf({ now: core.now(), processes, infos, ledger, spoken })
})

/** What was found, as a document. */
export const documentOf = ({ now, processes, infos, ledger, spoken }: Found): SchemaDocument => {
  const gathering = new Gathering()
  const book = new Book(infos, valueOr(spoken, []))
  const gaps = new Set<string>()
  if (!ledger.known) gaps.add(`Which apps were here before is not known: ${ledger.why}`)
  if (!spoken.known) gaps.add(`Contracts that were spoken before are not known: ${spoken.why}`)
  const running = new Set(processes.flatMap(({ apps, handles }) => [...apps, ...handles.map(({ app }) => app)]))
  // a command that sent something once had its contracts from modules at hand, and comes with new ones
  const remembered = valueOr(ledger, []).filter((one) =>
    isRecent(one, now) && (one.app !== defaultSettings.app || running.has(one.app))
  )
  for (const process of processes) {
    const info = infos.find(({ instance }) => instance === process.instance)?.answer
    if (info?.cut === true) gaps.add(`${nameOf(process)} knows more contracts than an answer has room for`)
    const own = { gathering, book, gaps, instance: process.instance, who: nameOf(process) }
    for (const { app, name, kind, subject, schema } of process.handles) {
      if (kind !== "schedule") addHandler(own, app, name, subject, schema)
    }
    for (const type of new Set([...process.emits, ...process.calls])) {
      const sent = process.stats?.sent.find((one) => one.type === type)
      const schema = sent?.schema || rememberedSchema(remembered, process.apps, type)
      addSender(own, process.apps, type, schema)
    }
  }
  for (const { app, handlers, sent } of remembered) {
    const own = { gathering, book, gaps, instance: undefined, who: `"${app}", which does not run now,` }
    const last = Math.max(0, ...handlers.map(({ seen }) => seen))
    if (!running.has(app)) {
      for (const { name, kind, subject, schema, seen } of handlers) {
        if (kind !== "schedule" && seen >= last - together) addHandler(own, app, name, subject, schema)
      }
    }
    for (const { type, schema, seen } of sent) {
      const isKnown = processes.some(({ apps, emits, calls }) =>
        apps.includes(app) && (emits.includes(type) || calls.includes(type))
      )
      if (isKnown || seen <= now - memory) continue
      addSender(running.has(app) ? { ...own, who: `"${app}"` } : own, companions(remembered, app, type), type, schema)
    }
  }
  const once = remembered.map(({ app }) => app).filter((app) => !running.has(app)).toSorted()
  return {
    warren: "schema",
    format: schemaFormat,
    dialect,
    source: "running",
    apps: [...new Set([...running, ...once])].toSorted(),
    ...(once.length > 0 && { once }),
    // in a running system it is known who sends, and where nobody does
    contracts: gathering.contracts().map(({ payload, returns, fails, ...one }) => ({
      ...one,
      sentBy: one.sentBy ?? [],
      payload,
      ...(returns !== undefined && { returns }),
      ...(fails !== undefined && { fails }),
    })),
    ...(gaps.size > 0 && { gaps: [...gaps].toSorted() }),
  }
}

const isRecent = ({ instances, handlers, sent }: LedgerApp, now: number): boolean =>
  [...instances, ...handlers, ...sent].some(({ seen }) => seen > now - memory)

/** Apps that one process ran and of which nobody knows which has sent a thing. */
const companions = (ledger: Ledger, app: string, type: string): ReadonlyArray<string> => {
  const last = ledger.find((one) => one.app === app)?.instances[0]?.instance
  const others = ledger.filter(({ instances, sent }) =>
    last !== undefined && instances[0]?.instance === last && sent.some((one) => one.type === type)
  )
  return others.length > 1 ? others.map((one) => one.app) : [app]
}

const rememberedSchema = (ledger: Ledger, apps: ReadonlyArray<string>, type: string): string =>
  ledger.find(({ app, sent }) => apps.includes(app) && sent.some((one) => one.type === type))
    ?.sent.find((one) => one.type === type)?.schema ?? ""

interface Adding {
  readonly gathering: Gathering
  readonly book: Book
  readonly gaps: Set<string>
  /** Whose word counts first. */
  readonly instance: string | undefined
  /** For people. */
  readonly who: string
}

const addHandler = (adding: Adding, app: string, name: string, type: string, schema: string): void => {
  const { gathering, book, gaps, instance, who } = adding
  const contract = book.find(instance, type, schema)
  if (contract === undefined) {
    gaps.add(`${who} handles "${type}" as "${app}.${name}" by a schema that nobody told${fingerprinted(schema)}`)
  } else gathering.add(contract, { knownTo: [app], handledBy: [`${app}.${name}`] })
}

const addSender = (adding: Adding, apps: ReadonlyArray<string>, type: string, schema: string): void => {
  const { gathering, book, gaps, instance, who } = adding
  const contract = book.find(instance, type, schema)
  if (contract === undefined) gaps.add(`${who} sends "${type}" by a schema that nobody told${fingerprinted(schema)}`)
  else gathering.add(contract, { knownTo: apps, sentBy: [apps.toSorted().join("+")] })
}

const fingerprinted = (schema: string): string => schema === "" ? "" : ` (fingerprint ${schema})`

/** Contracts by who told them. */
class Book {
  readonly #byInstance: ReadonlyMap<string, ReadonlyArray<KnownContract>>
  readonly #all: ReadonlyArray<KnownContract>

  constructor(infos: ReadonlyArray<Told<"info">>, spoken: Contracts) {
    this.#byInstance = new Map(infos.map(({ instance, answer }) => [instance, answer.contracts]))
    this.#all = [...infos.flatMap(({ answer }) => answer.contracts), ...spoken]
  }

  /** By a process's own word, or by a fingerprint. */
  find(instance: string | undefined, type: string, schema: string): Spoken | undefined {
    const own = (instance === undefined ? [] : this.#byInstance.get(instance) ?? []).find((one) => one.type === type)
    if (own !== undefined && (schema === "" || own.fingerprint === schema)) return spokenOf(own)
    const found = schema === "" ? undefined : this.#all.find((one) => one.type === type && one.fingerprint === schema)
    return found === undefined ? undefined : spokenOf(found)
  }
}

/** What a peer told, if its schemas are schemas. */
const spokenOf = (known: KnownContract): Spoken | undefined => {
  const { type, kind, fingerprint, version, payload, returns, fails, idempotent, exposed = false } = known
  if (!isJsonSchema(payload)) return undefined
  return {
    type,
    kind,
    version,
    fingerprint,
    exposed,
    ...(idempotent !== undefined && { idempotent }),
    payload,
    ...(isJsonSchema(returns) && { returns }),
    ...(isJsonSchema(fails) && { fails }),
  }
}
