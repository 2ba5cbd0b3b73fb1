/**
 * How a verb that moves letters takes them out of their queues: each queue in turn, and of each what was there.
 *
 * Below `retry.ts`, `drop.ts` and `edit.ts`; above the steward. Whatever goes wrong, it is said how many are through.
 */
import { type Cause, Effect, Queue, Schema, Stream } from "effect"
import type { Sifting } from "../../transport/mod.ts"
import { readInput } from "../readInput.ts"
import type { Scene } from "../Scene.ts"
import { type Following, InspectError } from "../Verb.ts"
import type { Account } from "./Account.ts"
import type { Moving } from "./Moving.ts"
import { failedTo } from "./queues.ts"
import type { Holding } from "./selection.ts"

/** Letters of each queue that a plan has read: what lies behind them stays. */
export const Within = Schema.Record(Schema.String, Schema.Finite)

/** Where a verb tells what happens. */
export type Telling = Queue.Queue<Moving, InspectError | Cause.Done>

/** A verb that tells how far it is until it is through; whoever stops listening stops it. */
export const movingVerb = <S extends Schema.Codec<unknown, unknown>>(
  name: string,
  input: S,
  run: (scene: Scene, input: S["Type"], telling: Telling) => Effect.Effect<void, InspectError>,
): Following => ({
  kind: "follow",
  name,
  looks: false,
  run: (scene, given) =>
    Stream.callback<Moving, InspectError>((telling) =>
      Effect.matchEffect(Effect.flatMap(readInput(name, input, given), (read) => run(scene, read, telling)), {
        onFailure: (error) => Queue.fail(telling, error),
        onSuccess: () => Queue.end(telling),
      })
    ),
})

/** So many letters are in a queue. */
export const readyIn = ({ steward }: Scene, queue: string): Effect.Effect<number, InspectError> =>
  Effect.map(Effect.mapError(steward.look(queue), failedTo), (facts) => facts?.ready ?? 0)

/** How often a queue is sifted again where letters are not there that were, and how long is waited before. */
const patience = { times: 5, pause: "200 millis" } as const

/** How a queue is sifted until all that is meant is through or stays. */
export interface Sieve extends Pick<Sifting, "decide" | "done" | "perSecond"> {
  /** After each walk; `true`: now more can be decided. @default nothing can */
  readonly between?: Effect.Effect<boolean, InspectError>
}

/** Sifts a queue; somebody else who reads it may hold some of its letters for a moment. */
export const siftQueue = Effect.fnUntraced(function* (
  scene: Scene,
  { queue, ready }: Holding,
  { between = Effect.succeed(false), ...sifting }: Sieve,
  account: Account,
): Effect.fn.Return<void, InspectError> {
  const { done } = account
  const { steward } = scene
  let missing = 0
  for (let tries = 0; tries < patience.times;) {
    const most = ready - (account.done - done)
    if (most <= 0) return
    yield* Effect.mapError(steward.sift(queue, { ...sifting, most }), ({ message }) => broken(message, account.done))
    if (yield* between) continue
    missing = ready - (account.done - done) - (yield* readyIn(scene, queue))
    if (missing <= 0) return
    tries++
    yield* Effect.sleep(patience.pause)
  }
  account.missing(queue, missing)
})

const broken = (problem: string, done: number): InspectError =>
  new InspectError({
    problem,
    remedy: done === 0
      ? "Nothing has changed"
      : `${done} ${done === 1 ? "letter is" : "letters are"} through; the others are dead letters as before`,
  })
