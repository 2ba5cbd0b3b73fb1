/**
 * The gateway's options for a process that hosts workers: which apis it knows, whether it is ready, its topology.
 *
 * For `warren run`. An app's handlers know their contracts, and these their apis, so that `POST /events/sales/orderPlaced`
 * works wherever a handler of sales, or a listener to it, runs; further apis are passed by whoever found them.
 */
import type { Host, Instance } from "../runtime/mod.ts"
import type { ApiSource } from "./exposed.ts"
import type { GatewayOptions } from "./GatewayOptions.ts"
import { type QueueView, topologyOf } from "./TopologyReport.ts"

/** A running process, as `launch` gives it. */
export interface Hosting {
  readonly host: Host
  readonly transport: { readonly traits: { readonly name: string } }
  /** Who else is there. */
  readonly core?: { readonly presence: { readonly list: () => ReadonlyArray<Instance> } } | undefined
  /** The broker, where it is in this process. */
  readonly broker?:
    | { readonly engine: { readonly view: () => { readonly queues: ReadonlyArray<QueueView> } } }
    | undefined
}

/** The apis that the hosted handlers answer and listen to. */
export const hostedApis = (host: Host): ReadonlyArray<ApiSource> =>
  host.apps.flatMap(({ handlers }) =>
    handlers.flatMap(({ handler }) => handler.kind === "schedule" ? [] : [handler.contract])
  )

/** Options for a gateway in front of a host; `apis` come first, the hosted ones after them. */
export const hosted = (
  { host, transport, broker, core }: Hosting,
  apis: Iterable<ApiSource> = [],
): Required<Pick<GatewayOptions, "apis" | "ready" | "topology">> => {
  const known = [...apis, ...hostedApis(host)]
  return {
    apis: known,
    ready: host.isReady,
    topology: () => topologyOf(host, transport.traits.name, known, broker?.engine.view().queues, core?.presence.list()),
  }
}
