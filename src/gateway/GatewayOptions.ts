/**
 * What a gateway is told: its apis, who may use it, its limits, and where health, metrics and topology come from.
 *
 * Everything is optional, so that `gateway(bus, { apis })` can be mounted as it is; `warren run` fills in the rest
 * through `hosted`.
 */
import type { Context } from "effect"
import type { BusShape } from "../runtime/mod.ts"
import type { ApiSource } from "./exposed.ts"
import type { GuardOptions } from "./guard.ts"
import type { Inspection } from "./inspection.ts"
import type { TopologyReport } from "./TopologyReport.ts"

/** A bus, or what holds one: `connect()` gives such an object. */
export type BusSource = BusShape | { readonly effect: BusShape }

/** Options of `gateway`. */
export interface GatewayOptions extends GuardOptions {
  /** The apis it may reach, as far as they are exposed; a member stands for its whole api. @default none */
  readonly apis?: Iterable<ApiSource>
  /** Bytes of a body at most. @default 1048576 (1 MiB) */
  readonly bodyLimit?: number
  /** ms within which a body must have arrived. @default 10000 */
  readonly bodyTimeout?: number
  /** The most that the header `warren-timeout` can ask for, ms; more is cut down to it. @default 60000 */
  readonly maxTimeout?: number
  /** Whether everything is up, for `/health/ready`. @default always */
  readonly ready?: () => boolean
  /** The text of `/metrics`. @default there is no such page */
  readonly metrics?: { readonly text: () => string } | undefined
  /** What `/topology` shows. @default there is no such page */
  readonly topology?: () => TopologyReport
  /**
   * What `POST /inspect/{verb}` answers; `"off"`: that it is off here. It shows what messages hold and can change what is
   * in a broker: give it only where everybody who reaches the gateway may do so. @default there is no such page
   */
  readonly inspect?: Inspection | "off" | undefined
  /** Services of its fibers: loggers, tracer, clock. @default Effect's own */
  readonly context?: Context.Context<never>
}

/** What holds unless told otherwise. */
export const defaults = { bodyLimit: 1_048_576, bodyTimeout: 10_000, maxTimeout: 60_000 } as const
