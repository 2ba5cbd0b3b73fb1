/**
 * The flag that says where a broker's management API is.
 */
import { type Option, Redacted } from "effect"
import type { Flag } from "effect/cli"
import { setting } from "./settings.ts"

/** Where the management API is; `off`: it is not asked. */
export type Management = Redacted.Redacted<string> | "off"

/** `--management`. */
export const managementFlag: Flag.Flag<Option.Option<Management>> = setting<Management>({
  flag: "management",
  variable: "WARREN_MANAGEMENT",
  metavar: "url",
  description: "With --broker, RabbitMQ's management API, or off; http://<the broker's host>:15672 otherwise",
  expected: "an http or https address, such as http://host:15672, or off",
  read: (text) => {
    if (text === "off") return "off"
    return /^https?:\/\//.test(text) && URL.canParse(text) ? Redacted.make(text) : undefined
  },
})
