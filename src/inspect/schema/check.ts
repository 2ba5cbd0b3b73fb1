/**
 * What is wrong with the contracts of the modules at hand, as far as these, and a document beside them, can tell.
 *
 * Pure, for continuous integration: nothing is connected to. Only what modules declare is known, so nothing is said of who
 * emits or calls; and of an api that belongs to an app elsewhere nothing is expected to be heard or served here.
 */
import { nearest } from "../../contract/mod.ts"
import { type Clash, clashesOf } from "./Clash.ts"
import { diffDocuments, distinct, isBreaking, type MemberDiff } from "./diff.ts"
import { apiOfType, appOfHandler, type SchemaContract, type SchemaDocument } from "./Document.ts"

/** Every kind of finding. */
export const findingCodes = ["unheard", "unserved", "undeclared", "split", "breaking", "removed", "unsure"] as const

/** One of {@link findingCodes}. */
export type FindingCode = typeof findingCodes[number]

/** Something that is not as it should be. */
export interface SchemaFinding {
  readonly code: FindingCode
  /** `sales.orderPlaced`. */
  readonly type: string
  readonly kind: "event" | "call"
  /** Whether it is wrong for certain, wrong perhaps, or only worth knowing. */
  readonly level: "error" | "unknown" | "warning"
  readonly text: string
  readonly remedy: string
  readonly isAllowed: boolean
  readonly clashes: ReadonlyArray<Clash>
}

/** See the top of the file. */
export interface SchemaCheck {
  readonly findings: ReadonlyArray<SchemaFinding>
  /** Events and calls that were looked at. */
  readonly contracts: number
  /** Apis that are known here and belong to an app elsewhere. */
  readonly foreign: ReadonlyArray<string>
  /** What was allowed, and was not found. */
  readonly unused: ReadonlyArray<string>
  /** What whoever wrote the document could not find out, in words. */
  readonly gaps: ReadonlyArray<string>
}

/** What is compared with, and what is let pass. */
export interface CheckOptions {
  readonly against?: SchemaDocument | undefined
  /** `unheard:sales.orderPlaced`, `unheard:sales.*`. */
  readonly allow?: ReadonlyArray<string> | undefined
}

/** Checks modules. */
export const checkDocument = (modules: SchemaDocument, { against, allow = [] }: CheckOptions = {}): SchemaCheck => {
  const byType = Map.groupBy(modules.contracts, ({ type }) => type)
  const apis = [...new Set([...byType.keys()].map(apiOfType))].toSorted()
  const homes = new Map(apis.map((api) => [api, homesOf(modules, api)]))
  const all: ReadonlyArray<Found> = [
    ...[...byType].flatMap(([type, shapes]) => [
      ...declaredIn(modules, against, homes, type, shapes),
      ...usedIn(against, homes, type, shapes),
      ...splitIn(modules, homes, type, shapes),
    ]),
    ...(against === undefined ? [] : changesOf(diffDocuments(against, modules).members)),
  ]
  const used = new Set<string>()
  const findings = all.map((found): SchemaFinding => {
    const by = allow.filter((one) => allows(one, found))
    for (const one of by) used.add(one)
    return { clashes: [], ...found, isAllowed: by.length > 0 }
  }).toSorted((a, b) => order(a.type, b.type) || findingCodes.indexOf(a.code) - findingCodes.indexOf(b.code))
  return {
    findings,
    contracts: byType.size,
    foreign: apis.filter((api) => homes.get(api)!.length === 0),
    unused: allow.filter((one) => !used.has(one)),
    gaps: against?.gaps ?? [],
  }
}

type Found = Omit<SchemaFinding, "isAllowed" | "clashes"> & { readonly clashes?: ReadonlyArray<Clash> }

const order = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const allows = (allowed: string, { code, type }: Found): boolean =>
  allowed === `${code}:${type}` || allowed === `${code}:${apiOfType(type)}.*` || allowed === `${code}:*`

/** Apps that an api belongs to: the one of its name, and those that serve its calls. */
const homesOf = ({ apps, contracts }: SchemaDocument, api: string): ReadonlyArray<string> => {
  const serving = contracts.filter(({ type, kind }) => kind === "call" && apiOfType(type) === api)
    .flatMap(({ handledBy }) => handledBy.map(appOfHandler))
  return [...new Set([...apps.filter((app) => app === api), ...serving])]
}

/** Listeners to an event that the api, as its own app has it, does not know. */
const declaredIn = (
  modules: SchemaDocument,
  against: SchemaDocument | undefined,
  homes: ReadonlyMap<string, ReadonlyArray<string>>,
  type: string,
  shapes: ReadonlyArray<SchemaContract>,
): ReadonlyArray<Found> => {
  const api = apiOfType(type)
  const listeners = shapes.flatMap(({ kind, handledBy }) => kind === "event" ? handledBy : [])
  if (listeners.length === 0) return []
  const own = membersAt(modules, api, homes.get(api)!)
  const file = against?.source === "modules" && own.length === 0 ? membersAt(against, api, homesOf(against, api)) : []
  const known = own.length > 0 ? own : file
  if (known.length === 0 || known.includes(type)) return []
  const meant = nearest(type, known)
  const where = own.length > 0 ? `the app it belongs to (${homes.get(api)!.join(", ")})` : "the file"
  return [{
    code: "undeclared",
    type,
    kind: "event",
    level: "error",
    text: `${list(listeners)} listens to it, and the api "${api}" of ${where} declares no such event`,
    remedy: meant.length > 0
      ? `Listen to "${meant[0]}", if that is meant; import the api from where its app does`
      : `Declare it in the api "${api}", or take the listener away; import the api from where its app does`,
  }]
}

/** Members of an api as some apps know it. */
const membersAt = (
  { contracts }: SchemaDocument,
  api: string,
  apps: ReadonlyArray<string>,
): ReadonlyArray<string> =>
  contracts.filter(({ type, knownTo }) => apiOfType(type) === api && knownTo.some((app) => apps.includes(app)))
    .map(({ type }) => type)

/** Events that nobody hears, and calls that nobody serves. */
const usedIn = (
  against: SchemaDocument | undefined,
  homes: ReadonlyMap<string, ReadonlyArray<string>>,
  type: string,
  shapes: ReadonlyArray<SchemaContract>,
): ReadonlyArray<Found> => {
  const api = apiOfType(type)
  const elsewhere = against?.contracts.filter((one) => one.type === type).flatMap(({ handledBy }) => handledBy) ?? []
  const isHandled = shapes.some(({ handledBy }) => handledBy.length > 0)
  if (isHandled || homes.get(api)!.length === 0) return []
  const isCall = shapes.some(({ kind }) => kind === "call")
  // who handled it in the file may be gone by what changed here
  const others = elsewhere.filter((label) => !homes.get(api)!.includes(appOfHandler(label)))
  if (!isCall && others.length > 0) return []
  return [
    isCall
      ? {
        code: "unserved",
        type,
        kind: "call",
        level: "error",
        text: "no module serves this call: whoever makes it gets NoHandler",
        remedy: `Export handle(...) for it from a module, or take it out of the api "${api}"`,
      }
      : {
        code: "unheard",
        type,
        kind: "event",
        level: "warning",
        text: `no module listens to this event${against === undefined ? "" : ", and nobody in the file does"}`,
        remedy: `Export on(...) for it, or, if listeners are elsewhere, --allow unheard:${type}`,
      },
  ]
}

/** A contract that has several shapes among the modules, of which one that is handled does not read one that may be sent. */
const splitIn = (
  document: SchemaDocument,
  homes: ReadonlyMap<string, ReadonlyArray<string>>,
  type: string,
  shapes: ReadonlyArray<SchemaContract>,
): ReadonlyArray<Found> => {
  const { kind } = shapes[0]!
  // an event is emitted as its own app knows it
  const own = shapes.filter(({ knownTo }) => knownTo.some((app) => homes.get(apiOfType(type))!.includes(app)))
  const sent = kind === "call" || own.length === 0 ? shapes : own
  const clashes = distinct(
    shapes.filter(({ handledBy }) => handledBy.length > 0).flatMap((handled) =>
      sent.flatMap((one) =>
        clashesOf({ contract: one, document }, { contract: handled, document }).filter(({ part, direction, verdict }) =>
          verdict === "breaks" && (direction === "old to new") === (part === "payload" || part === "kind")
        )
      )
    ),
  )
  if (clashes.length === 0) return []
  const known = shapes.map(({ version, knownTo }) => `version ${version} in ${knownTo.join(", ")}`)
  return [{
    code: "split",
    type,
    kind,
    level: "error",
    text: `the modules know it by schemas that do not fit: ${known.join("; ")}`,
    remedy: "Import the api from one place in all of them",
    clashes,
  }]
}

/** Changes that break somebody, or may. */
const changesOf = (members: ReadonlyArray<MemberDiff>): ReadonlyArray<Found> =>
  members.flatMap((member): ReadonlyArray<Found> => {
    const { type, kind, verdict, breaks, clashes } = member
    if (verdict === "removed") {
      const [who, lost] = kind === "call" ? ["calls", "gets NoHandler"] : ["listens to", "hears nothing any more"]
      return !isBreaking(member) ? [] : [{
        code: "removed",
        type,
        kind,
        level: "error",
        text: breaks === null ? `it is gone: whoever ${who} it ${lost}` : `it is gone, and ${list(breaks)} ${who} it`,
        remedy:
          `Keep it until nobody uses it, as \`warren schema diff\` asks a running system, or --allow removed:${type}`,
      }]
    }
    if (verdict === "breaking") {
      const who = breaks === null || breaks.length === 0 ? "" : `: breaks ${list(breaks)}`
      return [{
        code: "breaking",
        type,
        kind,
        level: "error",
        text: `old and new cannot run side by side${who}`,
        remedy:
          `Make a change that both read (a new field optional), or a contract of another name; or --allow breaking:${type}`,
        clashes: clashes.filter((one) => one.verdict === "breaks"),
      }]
    }
    return verdict !== "unknown" ? [] : [{
      code: "unsure",
      type,
      kind,
      level: "unknown",
      text: "whether old and new can run side by side cannot be told",
      remedy: `Look at what changed; if it is fine, --allow unsure:${type}`,
      clashes: clashes.filter((one) => one.verdict === "unknown"),
    }]
  })

const list = (names: ReadonlyArray<string>): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
