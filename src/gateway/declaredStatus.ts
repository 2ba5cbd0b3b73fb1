/**
 * The HTTP status of a declared error: 422, unless its schema is annotated with another one.
 *
 * Reads Effect's own annotation, `httpApiStatus` (what `HttpApiSchema.status` sets), so that one annotation serves both:
 * `Schema.TaggedError<NotSold>()("NotSold", { ... }, { httpApiStatus: 404 })`. Loads nothing of Effect's HTTP modules.
 */
import { Schema, type SchemaAST } from "effect"
import type { AnyErrorSchema } from "../contract/mod.ts"

/** What holds for errors without an annotation. */
export const defaultDeclaredStatus = 422

/** The status for an error, by the member of `fails` that it belongs to. */
export const declaredStatus = (fails: AnyErrorSchema, error: unknown): number => {
  for (const member of membersOf(fails)) {
    if (!belongs(member, error)) continue
    const status = annotated(member.ast)
    // a success or a redirect would hide the failure
    if (typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599) return status
  }
  return defaultDeclaredStatus
}

const membersOf = (schema: AnyErrorSchema): ReadonlyArray<AnyErrorSchema> => {
  const { members } = schema as { readonly members?: ReadonlyArray<AnyErrorSchema> }
  return members === undefined ? [schema] : members.flatMap(membersOf)
}

const belongs = (schema: AnyErrorSchema, error: unknown): boolean =>
  Schema.is(schema as unknown as Schema.Schema<unknown>)(error)

/** A check's annotation goes before the schema's own, that before the one of the place it stands in. */
const annotated = ({ checks, annotations, context }: SchemaAST.AST): unknown =>
  checks?.findLast((check) => check.annotations?.["httpApiStatus"] !== undefined)?.annotations?.["httpApiStatus"] ??
    annotations?.["httpApiStatus"] ?? context?.annotations?.["httpApiStatus"]
