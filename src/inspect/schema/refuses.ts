/**
 * Whether a JSON Schema refuses a value for certain, for whoever sends what it has no code for.
 */
import { accepts } from "./accepts.ts"
import { rootOf, type Schema } from "./Form.ts"

/** Whether it does; what cannot be told is not refused. */
export const refuses = (schema: Schema, value: unknown): boolean => accepts(rootOf(schema), schema, value) === false
