/**
 * `--lane`: how calls travel, for `run` and `call`.
 */
import type { Option } from "effect"
import type { Flag } from "effect/cli"
import type { Settings } from "../runtime/mod.ts"
import { setting } from "./settings.ts"

/** How calls may travel. */
export const laneNames: ReadonlyArray<Settings["lane"]> = ["auto", "broker", "reply", "direct"]

const readLane = (text: string): Settings["lane"] | undefined => laneNames.find((lane) => lane === text.toLowerCase())

/** The flag of `run`. */
export const laneFlag: Flag.Flag<Option.Option<Settings["lane"]>> = setting({
  flag: "lane",
  variable: "WARREN_LANE",
  metavar: laneNames.join("|"),
  description: "How calls travel: by the fastest way that works, or by this one; auto otherwise",
  expected: laneNames.join(" | "),
  read: readLane,
})

/** The flag of `call`: a gateway chooses the lane itself, whatever the variable says to those that go over a broker. */
export const callLaneFlag: Flag.Flag<Option.Option<Settings["lane"]>> = setting({
  flag: "lane",
  metavar: laneNames.join("|"),
  description:
    "With --broker, how the call travels: by the fastest way that works, or by this one; WARREN_LANE otherwise",
  expected: laneNames.join(" | "),
  read: readLane,
})
