/**
 * Fingerprints that differ: contracts known by different schemas in live processes, or in them and in the modules.
 *
 * Pure, over what processes said of themselves. The runtime's own drift (`src/runtime/drift.ts`) says each difference
 * once as it appears; here they are listed as they stand.
 */
import type { Instance } from "../runtime/mod.ts"
import { type Known, mayServe } from "./Known.ts"

/** Who reads a contract by a schema. */
export interface Reader {
  /** `warranty.register`. */
  readonly handler: string
  /** `instance …, host "…", pid …`, or `the modules`. */
  readonly where: string
}

/** One contract and its schemas at work. */
export interface Difference {
  /** `sales.orderPlaced`. */
  readonly type: string
  /** At least two. */
  readonly schemas: ReadonlyArray<{ readonly fingerprint: string; readonly readers: ReadonlyArray<Reader> }>
}

/** Every contract that has more than one schema. */
export const differences = (known: Known, instances: ReadonlyArray<Instance>): ReadonlyArray<Difference> => {
  const here = known.handlers.map(({ app, name, subject, schema }) => ({
    type: subject,
    schema,
    reader: { handler: `${app}.${name}`, where: "the modules" },
  }))
  const there = instances.filter(mayServe).flatMap(({ instance, host, pid, apps }) =>
    apps.flatMap(({ app, handlers }) =>
      handlers.map(({ name, subject, schema }) => ({
        type: subject,
        schema,
        reader: { handler: `${app}.${name}`, where: `instance ${instance}, host "${host}", pid ${pid}` },
      }))
    )
  )
  const byType = Map.groupBy([...here, ...there].filter(({ schema }) => schema !== ""), ({ type }) => type)
  return [...byType].flatMap(([type, all]) => {
    const bySchema = Map.groupBy(all, ({ schema }) => schema)
    if (bySchema.size < 2) return []
    const schemas = [...bySchema].map(([fingerprint, some]) => ({
      fingerprint,
      readers: some.map(({ reader }) => reader),
    }))
    return [{ type, schemas }]
  })
}
