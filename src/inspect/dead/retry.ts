/**
 * The verb `dead.retry`: puts dead letters back into the queues of the handlers that they come from, as they were.
 *
 * Above selection, destinations and the steward's `sift`, which takes a letter out of its queue once its copy is confirmed:
 * what is interrupted may be in both, never in neither. Letters that come back meanwhile are not retried again. What does not
 * fit the handler's contract would only come back, and stays unless `force` is said.
 */
import { Effect, Queue, Schema } from "effect"
import type { Fate, Peeked } from "../../transport/mod.ts"
import { deathHeaders } from "../../wire/mod.ts"
import type { Scene } from "../Scene.ts"
import type { InspectError } from "../Verb.ts"
import { Account } from "./Account.ts"
import { type Destinations, makeDestinations } from "./destinations.ts"
import { type Fitting, makeFitting } from "./fit.ts"
import { type Letter, readLetter } from "./Letter.ts"
import { planOf } from "./plan.ts"
import { usualLimit } from "./queues.ts"
import { select, type Selected, SelectionFields } from "./selection.ts"
import { movingVerb, readyIn, siftQueue, type Telling, Within } from "./sifting.ts"

const Input = Schema.Struct({
  ...SelectionFields,
  /** `app.handler` that is to have them instead. */
  to: Schema.optionalKey(Schema.String),
  /** Letters a second at most. */
  rate: Schema.optionalKey(Schema.Finite.check(Schema.isGreaterThan(0))),
  /** Also what does not fit the contract. */
  force: Schema.optionalKey(Schema.Boolean),
  /** Tells what it would do, and changes nothing. */
  dryRun: Schema.optionalKey(Schema.Boolean),
  within: Schema.optionalKey(Within),
})

/** What it may be given. */
export type RetryInput = typeof Input.Type

/** Letters whose way is looked up between two walks through a queue. */
const mostStrange = 1_000

const retry = Effect.fnUntraced(function* (
  scene: Scene,
  { to, rate, force = false, dryRun = false, within, ...selection }: RetryInput,
  telling: Telling,
): Effect.fn.Return<void, InspectError> {
  const selected = yield* select(scene, selection)
  const destinations = makeDestinations(scene, selected.roster, to)
  const fitting = yield* makeFitting(scene, selected.roster)
  if (dryRun) {
    const plan = yield* planOf(scene, selected, selection.limit ?? usualLimit, { destinations, fitting })
    yield* Queue.offer(telling, plan)
    return
  }
  const account = new Account(
    scene.core.monotonic,
    (done) => void Queue.offerUnsafe(telling, { kind: "progress", done }),
  )
  const lookUp = (letters: ReadonlyArray<Letter>) =>
    Effect.forEach(letters, (letter) => destinations.lookUp(letter), { discard: true })
  yield* lookUp(selected.kept.map(({ letter }) => letter))
  let left = 0
  for (const { queue, ready } of selected.holding) {
    const strange: Array<Letter> = []
    yield* siftQueue(scene, { queue, ready: within === undefined ? ready : within[queue] ?? 0 }, {
      perSecond: rate,
      decide: decision(queue, selected, destinations, force ? undefined : fitting, account, strange),
      done: (message, fate) => {
        if (fate !== "drop") account.through(to ?? readLetter(queue, message).handler, fate.to)
      },
      between: Effect.suspend(() => {
        const letters = strange.splice(0)
        return Effect.as(lookUp(letters), letters.length > 0)
      }),
    }, account)
    left += yield* readyIn(scene, queue)
  }
  yield* Queue.offer(telling, account.end(selected, left))
})

/** What becomes of each letter; those of which nothing is known yet are noted as strange, and stay for now. */
const decision = (
  queue: string,
  { isMeant }: Selected,
  destinations: Destinations,
  fitting: Fitting | undefined,
  account: Account,
  strange: Array<Letter>,
) =>
(message: Peeked): Fate => {
  const letter = readLetter(queue, message)
  if (!isMeant(letter)) return "keep"
  const found = destinations.of(letter)
  if (found === undefined) {
    if (strange.length < mostStrange) strange.push(letter)
    return "keep"
  }
  if (!found.isThere) return account.stays(letter, found.why, found.remedy)
  const fit = fitting?.fit(letter, message.packet.body)
  if (fit?.fits !== false) return { to: found.queue, set: {}, unset: deathHeaders }
  return account.stays(
    letter,
    `the payload does not fit ${fit.by}`,
    `\`warren dead show ${letter.id}\` says where; \`warren dead edit\` mends it, --force retries it all the same`,
  )
}

/** The verb. */
export const deadRetry = movingVerb("dead.retry", Input, retry)
