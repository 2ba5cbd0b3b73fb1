/**
 * The numbers a running process goes by, all with defaults.
 *
 * Read once when the bus and the hosts are built. The CLI fills them from flags and variables.
 */
import { Context } from "effect"

/** Settings of one process. Times in ms. */
export interface Settings {
  /** The app that speaks when no handler does: `connect({ app })`, the gateway. @default "warren" */
  readonly app: string
  /** Deadline of a call without `timeout`. @default 5000 */
  readonly callTimeout: number
  /** Longest wait for the broker's confirm of an emit without `timeout`. @default 5000 */
  readonly emitTimeout: number
  /** Deliveries one handler works on at a time unless it says otherwise. @default 16 */
  readonly concurrency: number
  /** Calls this process awaits at most; beyond it `Overloaded`. @default 10000 */
  readonly maxPendingCalls: number
  /** Messages that wait here at most while the broker takes none; beyond it emits and calls fail at once. @default 10000 */
  readonly maxWaiting: number
  /**
   * How long the broker lets a delivery go unacknowledged (RabbitMQ's `consumer_timeout`, which it does not tell); a
   * handler that may take longer is refused at the start. @default 1800000 (30 min)
   */
  readonly consumerTimeout: number
  /** How long a drain waits for handlers in hand. @default 10000 */
  readonly grace: number
  /**
   * Between two announcements of this process to the others on a shared broker; a multiple of it where this process handles
   * nothing, or very many do. @default 5000
   */
  readonly heartbeat: number
  /**
   * How calls travel, where there are links: by the fastest lane that works (`auto`), or never past the broker (`broker`), with
   * the reply alone past it (`reply`), or straight wherever it can be, for which a call waits a moment (`direct`). @default "auto"
   */
  readonly lane: "auto" | "broker" | "reply" | "direct"
  /** Why there are no links, for people. @default "there are no links past it here" */
  readonly noLanes: string
  /** The program's own version (WARREN_VERSION), for people: announced to other processes, never compared. @default "" */
  readonly version: string
}

/** What holds unless told otherwise. */
export const defaultSettings: Settings = {
  app: "warren",
  callTimeout: 5_000,
  emitTimeout: 5_000,
  concurrency: 16,
  maxPendingCalls: 10_000,
  maxWaiting: 10_000,
  consumerTimeout: 30 * 60_000,
  grace: 10_000,
  heartbeat: 5_000,
  lane: "auto",
  noLanes: "there are no links past it here",
  version: "",
}

/** The settings in force. */
export const CurrentSettings = Context.Reference<Settings>("warren/runtime/Settings", {
  defaultValue: () => defaultSettings,
})
