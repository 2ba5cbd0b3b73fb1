/**
 * The ledger: what was once there, so that it is known when it is gone; and the contracts that were spoken.
 *
 * Two documents, each in the few messages of a queue of its own (`warren.ledger`, `warren.contracts`), mostly one.
 * Whoever has something to add takes what is there, joins its own to it, and puts that back; `join` is the same in any order
 * and however often, so what two write at once lies side by side and comes together at the next time. Times are ms since the epoch on the clock of
 * whoever wrote them, for people. Pure; bounded; never believes more than its limits.
 */
import { Option, Schema } from "effect"
import type { Packet } from "../transport/mod.ts"
import { KnownContract } from "./enquiry.ts"
import { fromBytes, toBytes } from "./json.ts"

/** The types of the two documents' messages. */
export const ledgerType = "warren.ledger"

/** So much is remembered at most; a text is that many characters, what was not seen for `memory` ms is forgotten. */
export const ledgerLimits = {
  bytes: 2_097_152,
  apps: 200,
  instances: 10,
  handlers: 300,
  sent: 300,
  versions: 6,
  contracts: 1_000,
  text: 512,
  memory: 180 * 86_400_000,
} as const

const Text = Schema.String.check(Schema.isMaxLength(ledgerLimits.text))
const Time = Schema.Finite
const maybe = <S extends Schema.Top>(schema: S) => Schema.optionalKey(schema)

/** A process that ran an app. `ended`: it said goodbye then. */
const LedgerInstance = Schema.Struct({
  instance: Text,
  host: Text,
  pid: Schema.Finite,
  runtime: Text,
  version: Text,
  since: Time,
  seen: Time,
  ended: maybe(Time),
})

/** See {@link LedgerApp}. */
export type LedgerInstance = typeof LedgerInstance.Type

/** A handler that an app had. */
const LedgerHandler = Schema.Struct({
  name: Text,
  kind: Schema.Literals(["call", "listener", "schedule"]),
  subject: Text,
  queue: Text,
  schema: Text,
  seen: Time,
})

/** See {@link LedgerApp}. */
export type LedgerHandler = typeof LedgerHandler.Type

/** What an app has sent. */
const LedgerSent = Schema.Struct({ type: Text, kind: Schema.Literals(["event", "call"]), schema: Text, seen: Time })

/** See {@link LedgerApp}. */
export type LedgerSent = typeof LedgerSent.Type

/** One app. */
const LedgerApp = Schema.Struct({
  app: Text,
  instances: Schema.Array(LedgerInstance),
  handlers: Schema.Array(LedgerHandler),
  sent: Schema.Array(LedgerSent),
})

/** What is remembered of one app. */
export type LedgerApp = typeof LedgerApp.Type

/** All apps, by name. */
export type Ledger = ReadonlyArray<LedgerApp>

/** A contract, by whom it was spoken and when last. */
const SpokenContract = Schema.Struct({ ...KnownContract.fields, apps: Schema.Array(Text), seen: Time })

/** See {@link Contracts}. */
export type SpokenContract = typeof SpokenContract.Type

/** Contracts that were spoken, each by its type and fingerprint. */
export type Contracts = ReadonlyArray<SpokenContract>

const LedgerBody = Schema.Struct({ v: Schema.Literal(1), apps: Schema.Array(LedgerApp) })
const ContractsBody = Schema.Struct({ v: Schema.Literal(1), contracts: Schema.Array(SpokenContract) })

const readLedgerBody = Schema.decodeUnknownOption(LedgerBody)
const readContractsBody = Schema.decodeUnknownOption(ContractsBody)

/** The ledger in a body; nothing for anything else. */
export const decodeLedger = (body: Uint8Array): Ledger => read(readLedgerBody, body)?.apps ?? []

/** The contracts in a body; nothing for anything else. */
export const decodeContracts = (body: Uint8Array): Contracts => read(readContractsBody, body)?.contracts ?? []

/** The body of a ledger; `undefined`: it is too long, whatever is left out. */
export const encodeLedger = (ledger: Ledger): Uint8Array | undefined => write({ apps: ledger })

/** The body of contracts; those that were not seen for longest are left out until it fits. */
export const encodeContracts = (contracts: Contracts): Uint8Array | undefined => {
  for (let some = contracts; some.length > 0; some = some.slice(0, some.length >> 1)) {
    const body = write({ contracts: some })
    if (body !== undefined) return body
  }
  return undefined
}

/** A document as a packet; it outlives the broker's restarts. */
export const ledgerPacket = (id: string, app: string, now: number, body: Uint8Array): Packet => ({
  id,
  type: ledgerType,
  app,
  timestamp: now,
  contentType: "application/json",
  persistent: true,
  headers: {},
  body,
})

/** Two ledgers as one: of each thing the newest word. What was not seen for long before `now` is forgotten. */
export const joinLedgers = (one: Ledger, other: Ledger, now: number): Ledger => {
  const fresh = ({ seen }: { readonly seen: number }) => seen > now - ledgerLimits.memory
  const apps = [...Map.groupBy([...one, ...other], ({ app }) => app)].map(([app, some]): LedgerApp => ({
    app,
    instances: newest(some.flatMap((each) => each.instances).filter(fresh), ({ instance }) => instance, joinInstance)
      .slice(0, ledgerLimits.instances),
    handlers: newest(
      some.flatMap((each) => each.handlers).filter(fresh),
      ({ name, subject }) => `${name} ${subject}`,
      latest,
    ).slice(0, ledgerLimits.handlers),
    sent: newest(some.flatMap((each) => each.sent).filter(fresh), ({ kind, type }) => `${kind} ${type}`, latest)
      .slice(0, ledgerLimits.sent),
  })).filter(({ instances, handlers, sent }) => instances.length + handlers.length + sent.length > 0)
  return apps.toSorted((a, b) => seenOf(b) - seenOf(a) || order(a.app, b.app)).slice(0, ledgerLimits.apps)
}

/** When an app was seen last; 0: never. */
export const seenOf = ({ instances, handlers, sent }: LedgerApp): number =>
  [...instances, ...handlers, ...sent].reduce((last, { seen }) => Math.max(last, seen), 0)

/** Two lots of contracts as one, the latest first. */
export const joinContracts = (one: Contracts, other: Contracts, now: number): Contracts => {
  const all = newest(
    [...one, ...other].filter(({ seen }) => seen > now - ledgerLimits.memory),
    ({ type, fingerprint }) => `${type} ${fingerprint}`,
    ({ apps: some, ...a }, { apps: others, ...b }) => ({
      ...latest(a, b),
      apps: [...new Set([...some, ...others])].toSorted().slice(0, ledgerLimits.apps),
    }),
  )
  const versions = new Map<string, number>()
  return all.filter(({ type }) => {
    const count = (versions.get(type) ?? 0) + 1
    versions.set(type, count)
    return count <= ledgerLimits.versions
  }).slice(0, ledgerLimits.contracts)
}

interface Seen {
  readonly seen: number
}

const latest = <A extends Seen>(a: A, b: A): A =>
  a.seen !== b.seen ? a.seen > b.seen ? a : b : JSON.stringify(a) >= JSON.stringify(b) ? a : b

// what ended stays ended, unless it was seen after that
const joinInstance = (
  { ended: one = 0, ...a }: LedgerInstance,
  { ended: other = 0, ...b }: LedgerInstance,
): LedgerInstance => {
  const last = latest(a, b)
  const ended = Math.max(one, other)
  return ended > 0 && ended >= last.seen ? { ...last, ended } : last
}

/** One of each key, the last seen first. */
const newest = <A extends Seen>(all: ReadonlyArray<A>, key: (one: A) => string, join: (a: A, b: A) => A): Array<A> => {
  const byKey = new Map<string, A>()
  for (const one of all) {
    const name = key(one)
    const known = byKey.get(name)
    byKey.set(name, known === undefined ? one : join(known, one))
  }
  return [...byKey].toSorted(([a, x], [b, y]) => y.seen - x.seen || order(a, b)).map(([, one]) => one)
}

const order = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const write = (said: object): Uint8Array | undefined => {
  const bytes = toBytes({ v: 1, ...said })
  return bytes._tag === "Success" && bytes.success.length <= ledgerLimits.bytes ? bytes.success : undefined
}

const read = <A>(decode: (json: unknown) => Option.Option<A>, body: Uint8Array): A | undefined => {
  if (body.length > ledgerLimits.bytes) return undefined
  const json = fromBytes(body)
  return json._tag === "Success" ? Option.getOrUndefined(decode(json.success)) : undefined
}
