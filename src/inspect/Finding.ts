/**
 * Something that was looked for: what it is, or why it could not be found out. The two are never taken for each other.
 */
import { Effect } from "effect"

/** See the top of the file. */
export type Finding<A> =
  | { readonly known: true; readonly value: A }
  | { readonly known: false; readonly why: string }

/** It is known. */
export const found = <A>(value: A): Finding<A> => ({ known: true, value })

/** It is not known. */
export const unknown = <A = never>(why: string): Finding<A> => ({ known: false, why })

/** What an effect gives, or why it does not. */
export const attempt = <A>(effect: Effect.Effect<A, { readonly message: string }>): Effect.Effect<Finding<A>> =>
  Effect.match(effect, { onSuccess: found<A>, onFailure: ({ message }): Finding<A> => unknown(message) })

/** The value, or another one where it is not known. */
export const valueOr = <A>(finding: Finding<A>, otherwise: A): A => finding.known ? finding.value : otherwise
