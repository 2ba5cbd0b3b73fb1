/**
 * Whose connections a transport makes: a name for people, and for inspection the process and its apps.
 *
 * Said by whoever puts a process together, before the core is there; transports tell the broker. Grants nothing.
 */
import { Context } from "effect"

/** Which process connects. */
export interface Identity {
  /** The connections' name in the broker's tools. */
  readonly name: string
  /** The process among those of the team, as presence names it; `undefined`: it takes no part, or is not known yet. */
  readonly instance: string | undefined
  /** The apps that speak. */
  readonly apps: ReadonlyArray<string>
}

/** The identity in force. */
export const CurrentIdentity = Context.Reference<Identity>("warren/transport/Identity", {
  defaultValue: () => ({ name: "warren", instance: undefined, apps: [] }),
})
