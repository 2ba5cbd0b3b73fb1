/**
 * The verb `dead.edit`: retries one dead letter with another payload, which must fit the handler's contract.
 *
 * As a retry, in one step: the copy with the new payload is confirmed before the letter goes. Id, times and trace stay; the
 * copy says that it was edited, and when.
 */
import { Effect, Result, Schema } from "effect"
import type { Fate } from "../../transport/mod.ts"
import { deathHeaders, fromBytes, Header, toBytes } from "../../wire/mod.ts"
import { readInput } from "../readInput.ts"
import type { Scene } from "../Scene.ts"
import { type Asking, InspectError } from "../Verb.ts"
import { Account } from "./Account.ts"
import { type Change, changesBetween } from "./changes.ts"
import { makeDestinations } from "./destinations.ts"
import { isTick, makeFitting } from "./fit.ts"
import { readLetter } from "./Letter.ts"
import { siftQueue } from "./sifting.ts"
import { type Kept, select, type Selected, SelectionFields } from "./selection.ts"

const Input = Schema.Struct({
  ...SelectionFields,
  target: Schema.String,
  payload: Schema.Unknown,
  to: Schema.optionalKey(Schema.String),
  /** Checks it, and changes nothing. */
  dryRun: Schema.optionalKey(Schema.Boolean),
})

/** What it may be given. */
export type EditInput = typeof Input.Type

/** What came of it. */
export interface EditReport {
  readonly id: string
  readonly type: string
  readonly handler: string
  readonly queue: string
  readonly changes: ReadonlyArray<Change>
  /** Whether it was checked against a contract of the modules, or against a JSON Schema. */
  readonly by: string
  /** Whether it is on its way; else it was a trial. */
  readonly done: boolean
  /** Other letters of that message and handler, which stay as they are. */
  readonly others: number
}

/** The verb. */
export const deadEdit: Asking = {
  kind: "ask",
  name: "dead.edit",
  looks: false,
  run: (scene, input) => Effect.flatMap(readInput("dead.edit", Input, input), (read) => edit(scene, read)),
}

const edit = Effect.fnUntraced(function* (
  scene: Scene,
  { payload, to, dryRun = false, ...selection }: EditInput,
): Effect.fn.Return<EditReport, InspectError> {
  const selected = yield* select(scene, selection)
  const { letter, message: { packet } } = yield* theOne(selected)
  if (isTick(letter, selected.roster)) {
    return yield* new InspectError({ problem: "A schedule's tick has no payload to edit", remedy: "Retry it as it is" })
  }
  const destination = yield* makeDestinations(scene, selected.roster, to).lookUp(letter)
  if (!destination.isThere) {
    return yield* new InspectError({ problem: `Cannot retry it: ${destination.why}`, remedy: destination.remedy })
  }
  const { handler, queue } = destination
  const body = yield* Effect.mapError(
    Effect.fromResult(toBytes(payload)),
    ({ detail }) => new InspectError({ problem: `Cannot write the new payload as JSON: ${detail}` }),
  )
  const fitting = yield* makeFitting(scene, selected.roster)
  const reader = { ...letter, handler }
  const fit = fitting.fit(reader, body)
  if (fit.fits !== true) return yield* refused(fit.fits === null ? fit.why : misfitsIn(fit.misfits, fit.by))
  const { schema } = fitting.current(reader)
  const report = {
    id: letter.id,
    type: letter.type,
    handler,
    queue,
    changes: changesBetween(Result.getOrElse(fromBytes(packet.body), () => "bytes that are no JSON"), payload),
    by: fit.by,
    others: selected.count - 1,
  }
  if (dryRun) return { ...report, done: false }
  const account = new Account(scene.core.monotonic, () => {})
  const set = { [Header.edited]: scene.core.now(), ...(schema !== null && { [Header.schema]: schema }) }
  let chosen = false
  const holding = selected.holding.find(({ queue }) => queue === letter.queue)
  yield* siftQueue(scene, { queue: letter.queue, ready: holding?.ready ?? 1 }, {
    decide: (one): Fate => {
      if (chosen || !isSame(readLetter(letter.queue, one), letter)) return "keep"
      chosen = true
      return { to: queue, set, unset: deathHeaders, body }
    },
    done: () => account.through(handler, queue),
  }, account)
  if (account.done === 0) return yield* gone(letter.id)
  return { ...report, done: true }
})

const isSame = (a: Kept["letter"], b: Kept["letter"]): boolean =>
  a.id === b.id && a.handler === b.handler && a.at === b.at && a.error === b.error

/** The letter that is meant: of several of one message and handler, the oldest. */
const theOne = ({ kept, name, kind, count }: Selected): Effect.Effect<Kept, InspectError> => {
  const [first] = kept
  if (first === undefined) return Effect.fail(gone(name))
  const handlers = new Set(kept.map(({ letter }) => letter.handler))
  if (handlers.size > 1) {
    const names = [...handlers].map((one) => one === null ? "nobody" : `"${one}"`).join(", ")
    return Effect.fail(
      new InspectError({
        problem: `"${name}" is a dead letter of several handlers: ${names}`,
        remedy: "Say which with --of app.handler",
      }),
    )
  }
  if (kind === "message" || count === 1) return Effect.succeed(first)
  return Effect.fail(
    new InspectError({ problem: `"${name}" means ${count} letters: only one can be edited`, remedy: "Name its id" }),
  )
}

const gone = (id: string): InspectError =>
  new InspectError({ problem: `"${id}" is no dead letter any more: somebody else took it`, remedy: "Nothing was sent" })

const refused = (why: string): InspectError =>
  new InspectError({ problem: `Cannot retry it with that payload: ${why}`, remedy: "Nothing has changed" })

const misfitsIn = (
  misfits: ReadonlyArray<{ readonly field: string; readonly value: string; readonly expected: string }>,
  by: string,
): string => {
  const [first] = misfits.map(({ field, value, expected }) =>
    `${field === "" ? "it" : `field "${field}"`} is ${value || "none"}, expected ${expected}`
  )
  const more = misfits.length > 1 ? `, and ${misfits.length - 1} more` : ""
  return `it does not fit ${by}: ${first}${more}`
}
