/**
 * What `warren topology --broker` prints: the modules' topology with the broker's figures, and what else is there.
 *
 * Above `brokerView.ts`. As data for `--json`, and as text for people; looks at no message.
 */
import { Effect, Option, type Redacted } from "effect"
import type { InstanceReport, TopologyReport } from "../gateway/mod.ts"
import type { Holding } from "../inspect/mod.ts"
import type { Instance } from "../runtime/mod.ts"
import { type BrokerView, viewBroker } from "./brokerView.ts"
import type { CliFailure } from "./Failure.ts"
import { formatTopology } from "./formatTopology.ts"
import { quietly } from "./joining.ts"
import type { Management } from "./management.ts"
import type { Paint } from "./paint.ts"
import { known, short, table } from "./table.ts"

/** What the command was given. */
export interface BrokerInput {
  readonly broker: Redacted.Redacted<string>
  readonly workers: Option.Option<string>
  readonly management: Option.Option<Management>
  readonly queue: ReadonlyArray<string>
}

/** Both forms of the report. */
export const brokerReport = (
  { broker, workers, management, queue }: BrokerInput,
): Effect.Effect<{ readonly json: object; readonly text: (paint: Paint) => string }, CliFailure> =>
  quietly(Effect.map(
    viewBroker({ broker, workers: Option.getOrUndefined(workers), management, named: queue }),
    (view) => ({ json: jsonOf(view), text: (paint: Paint) => textOf(view, paint) }),
  ))

const jsonOf = (view: BrokerView): object => {
  const { server, label, source, note, inventory, differences, instances } = view
  const { derived: _, ...rest } = inventory
  return {
    ...filled(view),
    instances: instances.map(instanceOf),
    broker: { server, address: label, source, ...(note !== undefined && { note }), ...rest, differences },
  }
}

/** The derived report with the broker's figures. */
const filled = ({ report, inventory }: BrokerView): TopologyReport => {
  const found = new Map(inventory.derived.map((one) => [one.name, one]))
  return {
    ...report,
    transport: "amqp",
    queues: report.queues.map(({ name, type }) => {
      const { ready = null, unacked = null, consumers = null } = found.get(name) ?? {}
      return { name, type, ready, unacked, consumers }
    }),
  }
}

const textOf = (view: BrokerView, paint: Paint): string => {
  const { server, label, source, note, inventory, instances, differences } = view
  const { complete, missing, orphans, inUse, stale, dead, others } = inventory
  const section = (title: string, remark: string, head: ReadonlyArray<string>, rows: ReadonlyArray<Array<string>>) =>
    rows.length === 0 ? [] : [`${paint("bold", title)}  ${paint("dim", remark)}`, ...table(paint, head, rows)]
  const counts = ["ready", "in hand", "consumers"]
  return [
    formatTopology(filled(view), paint, `derived from the modules; figures of ${server} at ${label}, by ${source}`),
    "",
    ...section("processes", "", ["app", "instance", "host", "pid", "runtime", "state", "handled", "failed"], [
      ...instances.map(({ apps, instance, host, pid, runtime, life, handled, failed }) => [
        short(apps.map(({ app }) => app).join(", ") || "-", 60),
        short(instance, 40),
        short(host, 40),
        String(pid),
        short(runtime, 30),
        life,
        String(handled),
        String(failed),
      ]),
    ]),
    ...section("missing", "derived, and not in the broker", ["queue"], missing.map((name) => [name])),
    ...section(
      "orphans",
      "their handlers are not in the modules; `warren topology retire` shows what they hold and removes them",
      ["queue", "event", ...counts],
      orphans.map((one) => [short(one.name, 120), one.events?.join(", ") ?? "?", ...figures(one)]),
    ),
    ...section(
      "stale bindings",
      "bring events that the handler does not take any more; `warren topology retire` removes them",
      ["queue", "bound to", "listens to"],
      stale.map(({ queue, key, listensTo }) => [queue, short(key, 120), listensTo.join(", ")]),
    ),
    ...section(
      "in use",
      "not in the modules, and no orphans: another version may run",
      ["queue", "why", ...counts],
      inUse.map((one) => [short(one.name, 120), short(one.why, 160), ...figures(one)]),
    ),
    ...section("dead letters", "", ["queue", ...counts], dead.map((one) => [short(one.name, 120), ...figures(one)])),
    ...section(
      "of other apps",
      "whose modules are not here",
      ["queue", ...counts],
      others.map((one) => [short(one.name, 120), ...figures(one)]),
    ),
    ...differences.flatMap(({ type, schemas }) => [
      `${paint("yellow", "drift")}  "${short(type, 120)}" has ${schemas.length} schemas at work`,
      ...schemas.flatMap(({ fingerprint, readers }) =>
        readers.map(({ handler, where }) => `  ${short(fingerprint, 80)}  ${short(handler, 120)}  ${short(where, 160)}`)
      ),
      "",
    ]),
    ...(complete || note === undefined ? [] : [`${paint("yellow", "note")}  ${note}`]),
  ].join("\n").trimEnd()
}

const figures = ({ ready, unacked, consumers }: Holding): ReadonlyArray<string> => [
  known(ready),
  known(unacked),
  known(consumers),
]

const instanceOf = (one: Instance): InstanceReport => {
  const { instance, host, pid, runtime, version, life, startedAt, lastHeard, inHand, handled, failed } = one
  const apps = one.apps.map(({ app }) => app)
  return { instance, apps, host, pid, runtime, version, life, startedAt, lastHeard, inHand, handled, failed }
}
