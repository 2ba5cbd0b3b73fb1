/**
 * The verb `dead.drop`: throws dead letters away for good.
 *
 * Above selection and the steward's `sift`. Whoever asks has to ask people first; with the plan's `within` nothing goes that
 * came after they were asked.
 */
import { Effect, Queue, Schema } from "effect"
import type { Scene } from "../Scene.ts"
import type { InspectError } from "../Verb.ts"
import { Account } from "./Account.ts"
import { readLetter } from "./Letter.ts"
import { planOf } from "./plan.ts"
import { usualLimit } from "./queues.ts"
import { select, SelectionFields } from "./selection.ts"
import { movingVerb, readyIn, siftQueue, type Telling, Within } from "./sifting.ts"

const Input = Schema.Struct({
  ...SelectionFields,
  /** Tells what it would do, and changes nothing. */
  dryRun: Schema.optionalKey(Schema.Boolean),
  within: Schema.optionalKey(Within),
})

/** What it may be given. */
export type DropInput = typeof Input.Type

const drop = Effect.fnUntraced(function* (
  scene: Scene,
  { dryRun = false, within, ...selection }: DropInput,
  telling: Telling,
): Effect.fn.Return<void, InspectError> {
  const selected = yield* select(scene, selection)
  if (dryRun) {
    const plan = yield* planOf(scene, selected, selection.limit ?? usualLimit, undefined)
    yield* Queue.offer(telling, plan)
    return
  }
  const account = new Account(
    scene.core.monotonic,
    (done) => void Queue.offerUnsafe(telling, { kind: "progress", done }),
  )
  let left = 0
  for (const { queue, ready } of selected.holding) {
    yield* siftQueue(scene, { queue, ready: within === undefined ? ready : within[queue] ?? 0 }, {
      decide: (message) => selected.isMeant(readLetter(queue, message)) ? "drop" : "keep",
      done: (message) => account.through(readLetter(queue, message).handler, queue),
    }, account)
    left += yield* readyIn(scene, queue)
  }
  yield* Queue.offer(telling, account.end(selected, left))
})

/** The verb. */
export const deadDrop = movingVerb("dead.drop", Input, drop)
