/**
 * Reads fields of a stranger's JSON: what is of another kind is not there.
 */

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>

/** Whether a value is an object. */
export const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A text. */
export const textOf = (value: unknown): string | undefined => typeof value === "string" ? value : undefined

/** A finite number. */
export const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined
