/**
 * Retires orphans and stale bindings: looks, shows a plan, and does it when told to.
 *
 * Above `brokerView.ts` and the inspect room, below the command. Between showing and doing nothing is taken for
 * granted: the steward asks the broker again right before each removal.
 */
import { Clock, Effect, type Option, Option as Options, type Redacted } from "effect"
import {
  type Orphan,
  type Policy,
  type Preview,
  previewOrphans,
  readQueueName,
  type Retired,
  retireOrphan,
  type StaleBinding,
} from "../inspect/mod.ts"
import type { Peeked } from "../transport/mod.ts"
import { deadTopology } from "../wire/mod.ts"
import { type BrokerView, viewBroker } from "./brokerView.ts"
import { CliFailure } from "./Failure.ts"
import { failed, quietly } from "./joining.ts"
import type { Management } from "./management.ts"
import { short } from "./table.ts"

/** What to retire, and how. */
export interface RetireInput {
  /** None: everything that can go. */
  readonly queues: ReadonlyArray<string>
  readonly broker: Redacted.Redacted<string>
  readonly workers: Option.Option<string>
  readonly management: Option.Option<Management>
  readonly policy: Policy
}

/** One message as it is shown. */
interface Shown {
  readonly id: string
  readonly type: string
  readonly app: string
  /** ISO 8601; `null`: the message does not say. */
  readonly time: string | null
  readonly age: string
  readonly payload: string
}

/** What would go. */
export interface Plan {
  readonly isEmpty: boolean
  readonly source: string
  readonly note: string | undefined
  readonly orphans: ReadonlyArray<Orphan & { readonly retries: number | null; readonly first: ReadonlyArray<Shown> }>
  readonly stale: ReadonlyArray<StaleBinding>
}

/** What went. */
export interface Result {
  readonly queues: ReadonlyArray<Retired>
  readonly unbound: ReadonlyArray<StaleBinding>
}

/** Makes the plan, and carries it out if `agree` says so; without that nothing has changed. */
export const retiring = <R>(
  input: RetireInput,
  agree: (plan: Plan) => Effect.Effect<boolean, CliFailure, R>,
): Effect.Effect<{ readonly plan: Plan; readonly result: Result | undefined }, CliFailure, R> =>
  quietly(Effect.gen(function* () {
    const { queues, broker, workers, management, policy } = input
    const view = yield* viewBroker({ broker, workers: Options.getOrUndefined(workers), management, named: queues })
    const { orphans, stale } = yield* chosen(view, queues)
    const { steward, launched } = view
    const previews = yield* Effect.mapError(previewOrphans(steward, orphans), failed)
    const now = yield* Clock.currentTimeMillis
    const plan: Plan = {
      isEmpty: previews.length === 0 && stale.length === 0,
      source: view.source,
      note: view.note,
      orphans: previews.map(({ orphan, retries, first }) => ({
        ...orphan,
        retries,
        first: first.map((one) => shownOf(one, now)),
      })),
      stale,
    }
    if (!(yield* agree(plan))) return { plan, result: undefined }
    yield* Effect.mapError(Effect.forEach(stale, (binding) => steward.unbind(binding), { discard: true }), failed)
    const retired = yield* Effect.forEach(previews, (preview) => one(preview))
    return { plan, result: { queues: retired, unbound: stale } }

    function one(preview: Preview): Effect.Effect<Retired> {
      const { app, name: queue } = preview.orphan
      const declared = policy === "to-dead" ? launched.transport.declare(deadTopology(app)) : Effect.void
      return Effect.andThen(declared, retireOrphan(steward, preview, policy, now)).pipe(
        // what became of the others is told all the same
        Effect.catch(({ message }) =>
          Effect.succeed<Retired>({
            _tag: "Kept",
            queue,
            moved: 0,
            why: policy === "to-dead" ? `${message}; some of its messages may have been moved` : message,
          })
        ),
      )
    }
  }))

/** What was named, or everything; a name that cannot go is a mistake, told before anything is changed. */
const chosen = Effect.fnUntraced(function* (
  { inventory }: BrokerView,
  queues: ReadonlyArray<string>,
): Effect.fn.Return<
  { readonly orphans: ReadonlyArray<Orphan>; readonly stale: ReadonlyArray<StaleBinding> },
  CliFailure
> {
  const { orphans, stale } = inventory
  if (queues.length === 0) return { orphans, stale }
  for (const name of queues) {
    if (orphans.some((one) => one.name === name) || stale.some(({ queue }) => queue === name)) continue
    const refuse = (why: string, remedy?: string) =>
      new CliFailure({ problem: `Cannot retire "${name}": ${why}`, remedy })
    const serving = inventory.inUse.find((one) => one.name === name)
    if (serving !== undefined) return yield* refuse(serving.why, "End what consumes it, then try again")
    if (inventory.derived.some((one) => one.name === name) || inventory.missing.includes(name)) {
      return yield* refuse("the modules derive it", "Name the modules as they are now with --workers")
    }
    if (inventory.others.some((one) => one.name === name)) {
      const { app } = readQueueName(name)
      return yield* refuse(
        `it belongs to the app "${app}", whose module is not among these`,
        "Name that app's module too with --workers",
      )
    }
    const there = [...inventory.common, ...inventory.dead].some((one) => one.name === name)
    return yield* there
      ? refuse("it is no queue of a listener or a schedule", "docs/operations.md says what each queue is for")
      : refuse("there is no such queue", "`warren topology --broker …` lists the orphans")
  }
  return {
    orphans: orphans.filter(({ name }) => queues.includes(name)),
    stale: stale.filter(({ queue }) => queues.includes(queue)),
  }
})

const shownOf = ({ packet }: Peeked, now: number): Shown => {
  const { id, type, app, timestamp, body } = packet
  // a time that some stranger wrote may be none
  const isTimed = timestamp > 0 && timestamp < 8.64e15
  return {
    id: short(id || "-", 60),
    type: short(type || "-", 80),
    app: short(app || "-", 60),
    time: isTimed ? new Date(timestamp).toISOString() : null,
    age: isTimed ? ago(now - timestamp) : "?",
    payload: payloadOf(body),
  }
}

const payloadOf = (body: Uint8Array): string => {
  try {
    return short(new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(0, 4_096), { stream: true }), 120)
  } catch {
    return `${body.length} bytes`
  }
}

const ago = (ms: number): string => {
  const units = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [1_000, "s"]] as const
  const [size, unit] = units.find(([size]) => ms >= size) ?? units[3]
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`
}
