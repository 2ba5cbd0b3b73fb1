/**
 * A cluster on this machine: nodes that join each other as they start, with one port mapper and one cookie.
 *
 * For fault runs: every node has the verbs of a single one, and the cluster can be cut in two and healed.
 * On an installed server only. What the cut is made of is in `partition.ts`.
 */
import { closer, openHome, plan, prepare, startEpmd } from "./installed.ts"
import { cut, healed, joined } from "./partition.ts"
import { findServer } from "./start.ts"
import type { Cluster, ClusterOptions } from "./types.ts"
import { until } from "./wait.ts"

/** Starts the nodes and waits until each speaks AMQP and sees all others. */
export const startCluster = async (options: ClusterOptions = {}): Promise<Cluster> => {
  const count = options.nodes ?? 3
  if (!Number.isInteger(count) || count < 2) {
    throw new Error(`Cannot start a cluster of ${count} nodes: name 2 or more, 3 to have a majority when one is lost`)
  }
  const server = await findServer(options)
  const home = await openHome(options)
  const plans: Array<string> = []
  const stop = () => closer(home, plans)()
  try {
    const all = await plan(home, options, count)
    plans.push(...all.map(({ name }) => name))
    const nodes = await Promise.all(all.map((one) => prepare(home, server, one, all, options, stop)))
    await startEpmd(home, all[0]?.epmdPort ?? 0)
    // together: a cluster that was kept waits for those that ended after it
    await Promise.all(nodes.map((node) => node.start()))
    const timeout = options.timeout ?? 60_000
    await until("join the nodes", () => joined(nodes), { timeout, pause: 100 })
    return {
      nodes,
      urls: nodes.map(({ url }) => url),
      partition: (...minority) => cut(nodes, minority),
      heal: () => healed(nodes),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
