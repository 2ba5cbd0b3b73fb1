/**
 * The topology of modules that do not run: what `warren run` would declare for them.
 *
 * Above `load.ts` and the names of `src/wire`. Connects to nothing and builds no layer.
 */
import { Effect } from "effect"
import type { HandlerReport, TopologyReport } from "../gateway/mod.ts"
import { type AppModule, defaultSettings, type NamedHandler } from "../runtime/mod.ts"
import { merge, type Topology } from "../transport/mod.ts"
import {
  callTopology,
  deadTopology,
  listenerTopology,
  QueueName,
  retryTopology,
  scheduleTopology,
} from "../wire/mod.ts"
import { fingerprint } from "../contract/mod.ts"
import { discover } from "./discover.ts"
import { load } from "./load.ts"

/** Derives the report of modules; what only a running process knows is `null` or 0. */
export const deriveTopology = Effect.fnUntraced(function* (path: string | undefined) {
  const { files } = yield* Effect.fromResult(discover(path === undefined ? [] : [path]))
  const { apps, contracts } = yield* load(files)
  const each = apps.flatMap((app) => app.handlers.map((handler) => describeHandler(app, handler)))
  const { exchanges, queues, bindings } = merge(
    retryTopology,
    ...apps.map(({ app }) => deadTopology(app)),
    ...each.map(({ topology }) => topology),
  )
  const handlers = each.map(({ report }) => report)
  const byApi = Map.groupBy(contracts.values(), ({ api }) => api)
  const report: TopologyReport = {
    transport: "none",
    ready: false,
    apps: apps.map(({ app, file }) => ({ app, file })),
    handlers,
    apis: [...byApi].map(([api, members]) => ({
      api,
      version: members[0]!.version,
      members: members.map((contract) => ({
        type: contract.type,
        member: contract.member,
        kind: contract.kind,
        exposed: contract.exposed,
        fingerprint: fingerprint(contract),
        handlers: handlers.filter(({ subject }) => subject === contract.type).map(({ label }) => label),
      })),
    })),
    exchanges: exchanges.map(({ name, type }) => ({ name, type })),
    queues: queues.map(({ name, type }) => ({ name, type, ready: null, unacked: null, consumers: null })),
    bindings: bindings.map(({ exchange, queue, key }) => ({ exchange, queue, key })),
  }
  return report
})

const describeHandler = (
  { app, file }: AppModule,
  { name, handler }: NamedHandler,
): { readonly report: HandlerReport; readonly topology: Topology } => {
  const label = `${app}.${name}`
  const concurrency = handler.concurrency ?? (handler.kind === "schedule" ? 1 : defaultSettings.concurrency)
  const common = { app, file, label, kind: handler.kind, concurrency, inHand: 0 }
  switch (handler.kind) {
    case "call": {
      const { type } = handler.contract
      return { report: { ...common, subject: type, queue: QueueName.call(type) }, topology: callTopology(type) }
    }
    case "listener": {
      const { type } = handler.contract
      return {
        report: { ...common, subject: type, queue: QueueName.listener(app, name) },
        topology: listenerTopology(app, name, type, handler.orderBy !== undefined),
      }
    }
    case "schedule":
      return {
        report: { ...common, subject: `every ${handler.timing.text}`, queue: QueueName.schedule(app, name) },
        topology: scheduleTopology(app, name),
      }
  }
}
