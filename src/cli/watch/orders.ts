/**
 * What a supervisor and its apprentices say to each other.
 *
 * The apprentice says what it has done; the supervisor orders the next step. Messages travel from the one that leaves
 * to the one that stays as plain data (`handover.ts`).
 */
import type { SavedMessages } from "./handover.ts"

/** From supervisor to apprentice. */
export type Order =
  /** Open the gateway and take over; `port` is the one its predecessor had. */
  | { readonly order: "open"; readonly port: number | null; readonly after: string | null }
  /** Put these messages into the queues. */
  | { readonly order: "take"; readonly messages: SavedMessages }
  /** Close the gateway, take nothing new, hand the queues over, finish and end. */
  | { readonly order: "yield" }
  /** Finish and end; `reason` is for the log. */
  | { readonly order: "stop"; readonly reason: string }

/** From apprentice to supervisor. */
export type Report =
  /** Which process this is; the first thing it says. */
  | { readonly did: "call"; readonly pid: number }
  /** Modules are loaded, layers are built, consumers are held. */
  | { readonly did: "start" }
  /** It took over. */
  | { readonly did: "open"; readonly port: number | null }
  /** These are its queues' messages; it has them no longer. */
  | { readonly did: "give"; readonly messages: SavedMessages }
  /** Its gateway is closed and it takes nothing new. */
  | { readonly did: "yield" }
