/**
 * What `warren topology` shows, as plain data: apps, their handlers, the apis they know, and the queues derived from them.
 *
 * Made where the workers run and read anywhere, over HTTP too. Holds names and figures, never payloads.
 */
import { fingerprint } from "../contract/mod.ts"
import type { Host, Instance, Station } from "../runtime/mod.ts"
import { type ApiSource, contractsOf } from "./exposed.ts"

/** One handler. */
export interface HandlerReport {
  readonly app: string
  readonly file: string
  /** `warranty.register`. */
  readonly label: string
  readonly kind: Station["kind"]
  /** `sales.orderPlaced`, or a schedule's timing. */
  readonly subject: string
  readonly queue: string
  readonly concurrency: number
  readonly inHand: number
}

/** One event or call. */
export interface MemberReport {
  readonly type: string
  readonly member: string
  readonly kind: "event" | "call"
  readonly exposed: boolean
  readonly fingerprint: string
  /** Labels of the handlers here; for a call at most one. */
  readonly handlers: ReadonlyArray<string>
}

/** One api, as far as this process knows it. */
export interface ApiReport {
  readonly api: string
  readonly version: string
  readonly members: ReadonlyArray<MemberReport>
}

/** One queue. What the broker does not tell is `null`. */
export interface QueueReport {
  readonly name: string
  readonly type: string
  readonly ready: number | null
  readonly unacked: number | null
  readonly consumers: number | null
}

/** One process, as the reporting one knows it. Times are ms since the epoch. */
export interface InstanceReport {
  readonly instance: string
  readonly apps: ReadonlyArray<string>
  readonly host: string
  readonly pid: number
  readonly runtime: string
  readonly version: string
  /** `running`, `draining`, `missing` (silent for three heartbeats) or `gone`. */
  readonly life: Instance["life"]
  /** On its own clock. */
  readonly startedAt: number
  readonly lastHeard: number
  readonly inHand: number
  readonly handled: number
  readonly failed: number
}

/** All of it. */
export interface TopologyReport {
  /** The transport's name: `in-process`, `amqp`. */
  readonly transport: string
  readonly ready: boolean
  readonly apps: ReadonlyArray<{ readonly app: string; readonly file: string }>
  readonly handlers: ReadonlyArray<HandlerReport>
  readonly apis: ReadonlyArray<ApiReport>
  readonly exchanges: ReadonlyArray<{ readonly name: string; readonly type: string }>
  readonly queues: ReadonlyArray<QueueReport>
  readonly bindings: ReadonlyArray<{ readonly exchange: string; readonly queue: string; readonly key: string }>
  /** The processes on a shared broker, this one included; absent where there are no others to hear of. */
  readonly instances?: ReadonlyArray<InstanceReport>
}

/** What a broker in this process tells of its queues. */
export interface QueueView {
  readonly name: string
  readonly ready: number
  readonly unacked: number
  readonly consumers: number
}

/** The report of a host. `views`: the queues as the in-process broker has them; `instances`: who is there. */
export const topologyOf = (
  host: Host,
  transport: string,
  sources: Iterable<ApiSource>,
  views: ReadonlyArray<QueueView> | undefined,
  instances: ReadonlyArray<Instance> = [],
): TopologyReport => {
  const seen = new Map(views?.map((view) => [view.name, view]))
  const { exchanges, queues, bindings } = host.topology
  return {
    transport,
    ready: host.isReady(),
    apps: host.apps.map(({ app, file }) => ({ app, file })),
    handlers: host.stations.map(({ inHand, ...station }) => ({ ...station, inHand: inHand() })),
    apis: apisOf(sources, host.stations),
    exchanges: exchanges.map(({ name, type }) => ({ name, type })),
    queues: queues.map(({ name, type }) => {
      const { ready = null, unacked = null, consumers = null } = seen.get(name) ?? {}
      return { name, type, ready, unacked, consumers }
    }),
    bindings: bindings.map(({ exchange, queue, key }) => ({ exchange, queue, key })),
    ...(instances.length > 0 && { instances: instances.map(instanceOf) }),
  }
}

const instanceOf = (one: Instance): InstanceReport => {
  const { instance, host, pid, runtime, version, life, startedAt, lastHeard, inHand, handled, failed } = one
  const apps = one.apps.map(({ app }) => app)
  return { instance, apps, host, pid, runtime, version, life, startedAt, lastHeard, inHand, handled, failed }
}

const apisOf = (sources: Iterable<ApiSource>, stations: ReadonlyArray<Station>): ReadonlyArray<ApiReport> => {
  const byApi = Map.groupBy(contractsOf(sources), (contract) => contract.api)
  return [...byApi].map(([api, contracts]) => ({
    api,
    version: contracts[0]!.version,
    members: contracts.map((contract) => ({
      type: contract.type,
      member: contract.member,
      kind: contract.kind,
      exposed: contract.exposed,
      fingerprint: fingerprint(contract),
      handlers: stations.filter(({ subject }) => subject === contract.type).map(({ label }) => label),
    })),
  }))
}
