/**
 * What can be fuzzed, by name.
 */
import type { Target } from "./Target.ts"
import { zmtp } from "./zmtp/target.ts"

/** Every target. */
export const targets: ReadonlyMap<string, Target> = new Map([zmtp].map((target) => [target.name, target]))
