/**
 * What changed between two documents, contract by contract, and whom it breaks.
 *
 * Pure, above `Clash.ts`. `before` is a file or a running system, in which a contract may have several shapes at a time; each
 * is held against each of `after`. What one side cannot know of is listed as not compared, and is no removal.
 */
import { type Clash, clashesOf, type Side } from "./Clash.ts"
import { type Change, changesBetween } from "./changes.ts"
import {
  apiOfType,
  appOfHandler,
  type Part,
  parts,
  type SchemaContract,
  type SchemaDocument,
  shapeOf,
} from "./Document.ts"

/** What became of one contract. `unknown`: it may break, and that cannot be told. */
export type Verdict = "added" | "removed" | "same" | "compatible" | "breaking" | "unknown"

/** One place that is different. */
export interface MemberChange extends Change {
  /** `options`: of the contract itself, which no message shows. */
  readonly part: Part | "options"
}

/** One contract. */
export interface MemberDiff {
  readonly type: string
  readonly kind: "event" | "call"
  readonly verdict: Verdict
  /** Versions of its api, each once. */
  readonly before: ReadonlyArray<string>
  readonly after: ReadonlyArray<string>
  /** What is different, breaking or not. */
  readonly changes: ReadonlyArray<MemberChange>
  readonly clashes: ReadonlyArray<Clash>
  /** Apps that a removal or a clash breaks; `null`: some that nobody knows. */
  readonly breaks: ReadonlyArray<string> | null
}

/** See the top of the file. */
export interface SchemaDiff {
  readonly before: SchemaDocument["source"]
  readonly after: SchemaDocument["source"]
  readonly members: ReadonlyArray<MemberDiff>
  /** Contracts of apis that one side does not know. */
  readonly notCompared: ReadonlyArray<string>
  /** What could not be found out, in words. */
  readonly gaps: ReadonlyArray<string>
}

/** Compares two documents. */
export const diffDocuments = (before: SchemaDocument, after: SchemaDocument): SchemaDiff => {
  const old = Map.groupBy(before.contracts, ({ type }) => type)
  const new_ = Map.groupBy(after.contracts, ({ type }) => type)
  const known = new Set([...new_.keys()].map(apiOfType))
  const isPartial = before.source !== after.source
  const notCompared: Array<string> = []
  const members = [...new Set([...old.keys(), ...new_.keys()])].toSorted().flatMap(
    (type): ReadonlyArray<MemberDiff> => {
      const [was, is] = [old.get(type) ?? [], new_.get(type) ?? []]
      // of a running system only what was spoken is known, of modules only what is at hand
      if (is.length === 0 && isPartial && !known.has(apiOfType(type))) {
        notCompared.push(type)
        return []
      }
      if (is.length === 0) return [removed(type, was, before, after)]
      const common = {
        type,
        kind: is[0]!.kind,
        before: versionsOf(was),
        after: versionsOf(is),
      }
      if (was.length === 0) return [{ ...common, verdict: "added", changes: [], clashes: [], breaks: [] }]
      const clashes = distinct(
        was.flatMap((one) => is.flatMap((other) => clashesOf(side(one, before), side(other, after)))),
      )
      const shapes = new Set([...was, ...is].map(shapeOf))
      const isBreaking = clashes.some(({ verdict }) => verdict === "breaks")
      const changes = changesOf(was, is)
      const verdict = isBreaking
        ? "breaking"
        : clashes.some((one) => one.verdict === "unknown")
        ? "unknown"
        : shapes.size === 1 && changes.length === 0
        ? "same"
        : "compatible"
      return [{ ...common, verdict, changes, clashes, breaks: broken(clashes) }]
    },
  )
  return {
    before: before.source,
    after: after.source,
    members,
    notCompared,
    gaps: [...new Set([...before.gaps ?? [], ...after.gaps ?? []])],
  }
}

const side = (contract: SchemaContract, document: SchemaDocument): Side => ({ contract, document })

/** Between the first shape that is no more and the last of those that are. */
const changesOf = (
  was: ReadonlyArray<SchemaContract>,
  is: ReadonlyArray<SchemaContract>,
): ReadonlyArray<MemberChange> => {
  const shapes = new Set(is.map(shapeOf))
  const old = was.find((one) => !shapes.has(shapeOf(one))) ?? was[0]
  const new_ = is.at(-1)
  if (old === undefined || new_ === undefined) return []
  return [
    ...parts.flatMap((part): ReadonlyArray<MemberChange> => {
      const [one, other] = [old[part], new_[part]]
      return one === undefined || other === undefined ? [] : changesBetween(one, other).map((all) => ({ part, ...all }))
    }),
    ...(["exposed", "idempotent"] as const).flatMap((path): ReadonlyArray<MemberChange> => {
      const [one, other] = [old[path], new_[path]]
      return one === undefined || other === undefined || one === other
        ? []
        : [{ part: "options", path, was: one ? "yes" : "no", is: other ? "yes" : "no" }]
    }),
  ]
}

const versionsOf = (contracts: ReadonlyArray<SchemaContract>): ReadonlyArray<string> =>
  [...new Set(contracts.map(({ version }) => version))].toSorted()

/** Who misses a contract that is gone: callers of a call; of an event listeners that do not go with it. */
const removed = (
  type: string,
  was: ReadonlyArray<SchemaContract>,
  before: SchemaDocument,
  after: SchemaDocument,
): MemberDiff => {
  const { kind } = was[0]!
  const isAll = before.source === "running"
  const callers = was.flatMap(({ sentBy }) => sentBy ?? [])
  const listeners = was.flatMap(({ handledBy }) => handledBy).map(appOfHandler)
    .filter((app) => after.source === "running" || !after.apps.includes(app))
  const apps = [...new Set(kind === "call" ? callers : listeners)].toSorted()
  const breaks = apps.length > 0 ? apps : isAll ? [] : null
  return { type, kind, verdict: "removed", before: versionsOf(was), after: [], changes: [], clashes: [], breaks }
}

/** Apps that some clashes break; `null`: nobody knows which. */
const broken = (clashes: ReadonlyArray<Clash>): ReadonlyArray<string> | null => {
  const all = clashes.filter(({ verdict }) => verdict === "breaks").map(({ breaks }) => breaks)
  const apps = [...new Set(all.flatMap((one) => one ?? []))].toSorted()
  return apps.length === 0 && all.includes(null) ? null : apps
}

/** Clashes that are the same but for who is concerned are one. */
export const distinct = (clashes: ReadonlyArray<Clash>): ReadonlyArray<Clash> => {
  const found = new Map<string, Clash>()
  for (const clash of clashes) {
    const { part, direction, verdict, path, writer, reader } = clash
    const key = JSON.stringify([part, direction, verdict, path, writer, reader])
    const known = found.get(key)
    found.set(
      key,
      known === undefined ? clash : {
        ...known,
        writers: joined(known.writers, clash.writers),
        readers: joined(known.readers, clash.readers),
        breaks: joined(known.breaks, clash.breaks),
      },
    )
  }
  return [...found.values()]
}

const joined = (
  one: ReadonlyArray<string> | null,
  other: ReadonlyArray<string> | null,
): ReadonlyArray<string> | null =>
  one === null || other === null ? one ?? other : [...new Set([...one, ...other])].toSorted()

/** Whether something breaks for certain: a clash, or a removal that somebody may notice. */
export const isBreaking = ({ verdict, breaks }: MemberDiff): boolean =>
  verdict === "breaking" || verdict === "removed" && breaks?.length !== 0

/** Whether something that matters could not be found out. */
export const isUnsure = ({ members, gaps }: SchemaDiff): boolean =>
  gaps.length > 0 || members.some(({ verdict }) => verdict === "unknown")
