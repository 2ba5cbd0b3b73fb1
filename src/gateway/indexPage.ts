/**
 * What stands at `/`: what can be called and emitted here, and where.
 *
 * Exposed members only; paths are as the client must write them, wherever the gateway is mounted.
 */
import type { ContractSpec } from "../contract/mod.ts"
import type { Exposed } from "./exposed.ts"
import type { GatewayOptions } from "./GatewayOptions.ts"

/** The index; `path` is where it was asked for. */
export const indexPage = (
  exposed: Exposed,
  { metrics, topology, inspect }: Pick<GatewayOptions, "metrics" | "topology" | "inspect">,
  path: string,
): Record<string, unknown> => {
  const base = path.replace(/\/+$/, "")
  const post = (kind: string) => ({ type, api, member }: ContractSpec) => ({
    type,
    post: `${base}/${kind}/${api}/${member}`,
  })
  return {
    calls: exposed.calls.map(post("calls")),
    events: exposed.events.map(post("events")),
    health: [`${base}/health/live`, `${base}/health/ready`],
    ...(metrics !== undefined && { metrics: `${base}/metrics` }),
    ...(topology !== undefined && { topology: `${base}/topology` }),
    ...(inspect !== undefined && inspect !== "off" && {
      inspect: [...inspect.verbs.keys()].sort().map((verb) => `${base}/inspect/${verb}`),
    }),
  }
}
