/**
 * `--lane`: how calls travel, for `run` and `call`.
 */
import type { Option } from "effect"
import type { Flag } from "effect/cli"
import type { Settings } from "../runtime/mod.ts"
import { setting } from "./settings.ts"

const lanes: ReadonlyArray<Settings["lane"]> = ["auto", "broker", "reply", "direct"]

/** The flag. */
export const laneFlag: Flag.Flag<Option.Option<Settings["lane"]>> = setting({
  flag: "lane",
  variable: "WARREN_LANE",
  metavar: lanes.join("|"),
  description: "How calls travel: by the fastest way that works, or by this one; auto otherwise",
  expected: lanes.join(" | "),
  read: (text) => lanes.find((lane) => lane === text.toLowerCase()),
})
