/**
 * What can be fuzzed, by name.
 */
import { amqp } from "./amqp/target.ts"
import { broker } from "./broker/target.ts"
import type { Target } from "./Target.ts"
import { zmtp } from "./zmtp/target.ts"

/** Every target. */
export const targets: ReadonlyMap<string, Target> = new Map([amqp, broker, zmtp].map((target) => [target.name, target]))
