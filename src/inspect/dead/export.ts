/**
 * The verb `dead.export`: a dead letter as a test with `testBus` that fails as its handler did, until that is mended.
 *
 * Changes nothing, and writes no file: the text, which `testOf.ts` makes, names modules as whoever asks says.
 */
import { Effect, Result, Schema } from "effect"
import { fromBytes } from "../../wire/mod.ts"
import { readInput } from "../readInput.ts"
import type { Scene } from "../Scene.ts"
import { type Asking, InspectError } from "../Verb.ts"
import { isTick, makeFitting } from "./fit.ts"
import { select, SelectionFields } from "./selection.ts"
import { testOf } from "./testOf.ts"

/** Payloads beyond so many bytes are no test that anybody reads. */
const longest = 256 * 1024

const Module = Schema.Struct({
  /** What is imported: `./workers/sales.ts`. */
  from: Schema.String,
  /** Its export that holds the contract: `Sales`; of a worker, nothing. */
  name: Schema.optionalKey(Schema.String),
})

const Input = Schema.Struct({
  ...SelectionFields,
  target: Schema.String,
  /** The worker module. */
  worker: Schema.optionalKey(Module),
  /** The module that exports the api of the event. */
  api: Schema.optionalKey(Module),
})

/** What it may be given. */
export type ExportInput = typeof Input.Type

/** The test, and what it is about. */
export interface ExportReport {
  readonly id: string
  readonly type: string
  readonly app: string
  readonly handler: string
  readonly error: string
  /** The test file's text. */
  readonly text: string
  /** A name for the file. */
  readonly file: string
}

/** The verb. */
export const deadExport: Asking = {
  kind: "ask",
  name: "dead.export",
  looks: true,
  run: (scene, input) => Effect.flatMap(readInput("dead.export", Input, input), (read) => exported(scene, read)),
}

const exported = Effect.fnUntraced(function* (
  scene: Scene,
  { worker, api, ...selection }: ExportInput,
): Effect.fn.Return<ExportReport, InspectError> {
  const selected = yield* select(scene, selection)
  const [first] = selected.kept
  if (first === undefined) return yield* new InspectError({ problem: `"${selected.name}" is no dead letter any more` })
  const { letter, message: { packet } } = first
  const { handler } = letter
  const dot = handler?.indexOf(".") ?? -1
  if (handler === null || dot < 1) {
    return yield* new InspectError({ problem: "Nobody says which handler it comes from: there is nothing to test" })
  }
  const json = fromBytes(packet.body)
  if (Result.isFailure(json) || packet.body.length > longest) {
    return yield* new InspectError({
      problem: Result.isFailure(json)
        ? "Its payload is no JSON, which no contract reads and no test can send"
        : `Its payload of ${packet.body.length} bytes is too large for a test`,
      remedy: "`warren dead show` shows what it begins with",
    })
  }
  const fitting = yield* makeFitting(scene, selected.roster)
  const { contract } = fitting.current(letter)
  return {
    id: letter.id,
    type: letter.type,
    app: handler.slice(0, dot),
    handler,
    error: letter.error,
    file: `dead-${handler.replaceAll(/[^\w.-]/g, "_")}-${letter.id.replaceAll(/[^\w-]/g, "").slice(-8) || "x"}.test.ts`,
    text: testOf(letter, json.success, {
      worker: worker?.from,
      api: api?.name === undefined ? undefined : { from: api.from, name: api.name },
      contract,
      isTick: isTick(letter, selected.roster),
    }),
  }
})
