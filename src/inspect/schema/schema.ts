/**
 * The verbs `schema.dump` and `schema.diff`: the contracts of what runs, as a document, and held against another.
 *
 * Both look, at processes and at the ledger, and read no message of anybody. What modules say is for whoever has them:
 * `documentOfModules`, `checkDocument`.
 */
import { Effect, Result, Schema } from "effect"
import { readInput } from "../readInput.ts"
import { type Asking, InspectError } from "../Verb.ts"
import { diffDocuments } from "./diff.ts"
import { readDocument } from "./Document.ts"
import { documentOfRunning } from "./running.ts"

/** Everything that is spoken, as a document. */
export const schemaDump: Asking = {
  kind: "ask",
  name: "schema.dump",
  looks: true,
  run: documentOfRunning,
}

const Input = Schema.Struct({
  /** A document of `warren schema dump`: what is to come. */
  document: Schema.Unknown,
})

/** What the running system is to a document that is to replace it. */
export const schemaDiff: Asking = {
  kind: "ask",
  name: "schema.diff",
  looks: true,
  run: Effect.fnUntraced(function* (scene, input) {
    const { document } = yield* readInput("schema.diff", Input, input)
    const after = readDocument(document)
    if (Result.isFailure(after)) {
      return yield* new InspectError({
        problem: `"schema.diff" cannot read its document: ${after.failure}`,
        remedy: "Give it what `warren schema dump` writes",
      })
    }
    return diffDocuments(yield* documentOfRunning(scene), after.success)
  }),
}
