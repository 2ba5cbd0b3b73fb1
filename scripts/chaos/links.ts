/**
 * The links between the processes of a run: where each process listens, and the proxy through which the others reach it.
 *
 * Between `run.ts` and `proxy.ts`. A process keeps its two ports over all of its lives, so that one that was killed comes back
 * where the others knew its predecessor.
 */
import { randomBytes } from "node:crypto"
import { freePorts } from "../rabbitmq/ports.ts"
import { laneAt } from "./calls.ts"
import type { ChaosOptions } from "./options.ts"
import { type ChaosProxy, startChaosProxy } from "./proxy.ts"

/** The links of a run. */
export interface LinkProxies {
  /** What a process is told of its lane and its links. `index`: among its like. */
  readonly env: (name: string, index: number) => Readonly<Record<string, string>>
  /** The proxy of one process, or of all. */
  readonly of: (name: string | undefined) => ReadonlyArray<ChaosProxy>
  /** Connections so far, by their mechanism. */
  readonly mechanisms: () => ReadonlyMap<string, number>
  readonly stop: () => Promise<void>
}

/** Starts a proxy for each process. */
export const startLinkProxies = async (
  names: ReadonlyArray<string>,
  { lane, curve }: Pick<ChaosOptions, "lane" | "curve">,
): Promise<LinkProxies> => {
  const ports = await freePorts(names.length)
  const places = new Map<string, { readonly port: number; readonly proxy: ChaosProxy }>()
  for (const [i, name] of names.entries()) {
    places.set(name, { port: ports[i]!, proxy: await startChaosProxy(ports[i]!) })
  }
  const proxies = [...places.values()].map(({ proxy }) => proxy)
  // what the run's own surroundings say of lanes must not count
  const secret = curve ? randomBytes(32).toString("base64") : ""
  return {
    env: (name, index) => {
      const { port, proxy } = places.get(name)!
      return {
        WARREN_LANE: laneAt(lane, index),
        WARREN_SECRET: secret,
        WARREN_LINKS: `127.0.0.1:${port}`,
        WARREN_ADVERTISE: `127.0.0.1:${proxy.port}`,
      }
    },
    of: (name) => name === undefined ? proxies : [places.get(name)!.proxy],
    mechanisms: () => {
      const sum = new Map<string, number>()
      for (const proxy of proxies) {
        for (const [name, count] of proxy.mechanisms()) sum.set(name, (sum.get(name) ?? 0) + count)
      }
      return sum
    },
    stop: async () => void await Promise.all(proxies.map((proxy) => proxy.close())),
  }
}
