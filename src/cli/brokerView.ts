/**
 * Looks into a broker for a command: a steward, the best source of surveys, who is alive, and what the modules derive.
 *
 * Below `topology` with `--broker` and `topology retire`; above `joining.ts`, which joins the broker for as long as it
 * takes.
 */
import { Effect, type Option, type Redacted, type Scope } from "effect"
import type { TopologyReport } from "../gateway/mod.ts"
import { type Difference, differences, type Inventory, type Known, takeInventory } from "../inspect/mod.ts"
import type { Instance } from "../runtime/mod.ts"
import { deriveTopology } from "./derive.ts"
import type { CliFailure } from "./Failure.ts"
import { failed, joinBroker, type Joined, thorough } from "./joining.ts"
import type { Management } from "./management.ts"

/** What to look at. */
export interface ViewOptions {
  readonly broker: Redacted.Redacted<string>
  /** Modules; `undefined`: the default folder. */
  readonly workers: string | undefined
  readonly management: Option.Option<Management>
  /** Queues that are looked up although nobody derives them. */
  readonly named: ReadonlyArray<string>
}

/** What was seen. */
export interface BrokerView extends Joined {
  readonly source: string
  readonly report: TopologyReport
  /** The other processes. */
  readonly instances: ReadonlyArray<Instance>
  readonly inventory: Inventory
  readonly differences: ReadonlyArray<Difference>
}

/** Looks; connections end with the scope. */
export const viewBroker = Effect.fnUntraced(function* (
  options: ViewOptions,
): Effect.fn.Return<BrokerView, CliFailure, Scope.Scope> {
  const report = yield* deriveTopology(options.workers)
  const known = knownOf(report)
  const joined = yield* joinBroker({ ...thorough, broker: options.broker, management: options.management })
  const { launched, steward, surveyor } = joined
  const instances = launched.core.presence.list().filter(({ isSelf }) => !isSelf)
  const inventory = yield* Effect.mapError(
    takeInventory(steward, surveyor, known, instances, options.named),
    failed,
  )
  return {
    ...joined,
    source: surveyor.source,
    report,
    instances,
    inventory,
    differences: differences(known, instances),
  }
})

const knownOf = ({ apps, handlers, apis, queues, bindings }: TopologyReport): Known => {
  const fingerprints = new Map(apis.flatMap(({ members }) => members.map((one) => [one.type, one.fingerprint])))
  return {
    apps: apps.map(({ app }) => app),
    handlers: handlers.map(({ app, label, subject, queue, kind }) => ({
      app,
      name: label.slice(app.length + 1),
      subject,
      queue,
      schema: kind === "schedule" ? "" : fingerprints.get(subject) ?? "",
    })),
    queues: queues.map(({ name }) => name),
    bindings,
  }
}
