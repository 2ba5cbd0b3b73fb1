/**
 * Apps that were here once, by the ledger, and that no process runs now.
 *
 * Pure. Those that only ever called and emitted are left out: programs come and go.
 */
import type { Instance } from "../../runtime/mod.ts"
import type { Ledger } from "../../wire/mod.ts"
import type { Once } from "./PsReport.ts"

/** The latest first. */
export const onceOf = (ledger: Ledger, instances: ReadonlyArray<Instance>): ReadonlyArray<Once> => {
  const running = new Set(
    instances.filter(({ life }) => life !== "gone").flatMap(({ apps }) => apps.map(({ app }) => app)),
  )
  return ledger.filter(({ app, handlers }) => handlers.length > 0 && !running.has(app)).flatMap(
    ({ app, instances }) => {
      const [last] = instances.toSorted((a, b) => timeOf(b) - timeOf(a))
      if (last === undefined) return []
      const { host, pid, version, ended } = last
      return [{ app, lastSeen: timeOf(last), ended: ended !== undefined, host, pid, version }]
    },
  ).toSorted((a, b) => b.lastSeen - a.lastSeen)
}

const timeOf = ({ seen, ended }: { readonly seen: number; readonly ended?: number }): number =>
  Math.max(seen, ended ?? 0)
