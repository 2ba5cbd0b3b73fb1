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
  /** How long a drain waits for handlers in hand. @default 10000 */
  readonly grace: number
}

/** What holds unless told otherwise. */
export const defaultSettings: Settings = {
  app: "warren",
  callTimeout: 5_000,
  emitTimeout: 5_000,
  concurrency: 16,
  maxPendingCalls: 10_000,
  grace: 10_000,
}

/** The settings in force. */
export const CurrentSettings = Context.Reference<Settings>("warren/runtime/Settings", {
  defaultValue: () => defaultSettings,
})
