/**
 * Takes chosen messages out of a queue: drops them, or puts a copy elsewhere; the others go back in their order.
 *
 * Between `openSteward.ts` and `walk.ts`. In passes, each on a channel of its own: first the queue is walked until enough
 * are chosen, then they are copied, and each is acked once its copy is confirmed. So memory, and the time that the others
 * are held, have a bound, and whatever goes wrong leaves messages where they were, a few of them perhaps in both queues.
 */
import { Deferred, Effect } from "effect"
import { type Copy, makePace, type Peeked, type Sifting } from "../../src/transport/mod.ts"
import { peeked } from "./browse.ts"
import type { Arrival, Channel, Connection } from "./Connection.ts"
import { type BrokerFailure, failure, notFound } from "./Failure.ts"
import { type Properties, repeatable } from "./properties.ts"
import { acked, alone, returned, walk } from "./walk.ts"

/** What is chosen in one pass at most. */
export interface Pass {
  readonly messages: number
  /** Of bodies. */
  readonly bytes: number
  /** What a rate allows in so many seconds. */
  readonly seconds: number
}

const usual: Pass = { messages: 65_535, bytes: 64 * 1024 * 1024, seconds: 60 }
/** Copies on their way at a time. */
const atATime = 200

/** A message that is to be copied. */
interface Chosen {
  readonly arrival: Arrival
  readonly message: Peeked
  readonly copy: Copy
}

/** Sifts what is ready now. */
export const sift = Effect.fnUntraced(function* (
  connection: Connection,
  queue: string,
  sifting: Sifting,
  pass = usual,
): Effect.fn.Return<void, BrokerFailure> {
  const pace = makePace(sifting.perSecond)
  for (let left = sifting.most; left > 0;) {
    const { isLast, through, back } = yield* onePass(connection, queue, sifting, pass, left, pace)
    // those that were kept come again, and are not to be missed
    yield* returned(connection, queue, back)
    if (isLast) return
    left -= through
  }
})

/** What a pass knows of its end. */
interface Life {
  why: BrokerFailure | undefined
  stop: (why: BrokerFailure) => void
}

const onePass = Effect.fnUntraced(function* (
  connection: Connection,
  queue: string,
  sifting: Sifting,
  pass: Pass,
  left: number,
  pace: Effect.Effect<void>,
) {
  const life: Life = { why: undefined, stop: (why) => life.why ??= why }
  const open = connection.openChannel("confirm", {
    onReturn: ({ key }) => life.stop({ ...failure(new Error(`no queue '${key}' in vhost`)), code: notFound }),
    onClosed: (why) => life.stop(why ?? failure(new Error("the connection was lost"))),
  })
  return yield* Effect.acquireUseRelease(
    open,
    Effect.fnUntraced(function* (channel) {
      const { ready } = yield* alone(channel, queue)
      const wanted = Math.min(ready, left)
      const most = Math.min(pass.messages, Math.ceil((sifting.perSecond ?? Infinity) * pass.seconds))
      const chosen: Array<Chosen> = []
      let bytes = 0
      let dropped = 0
      const seen = yield* walk(channel, queue, wanted, (arrival) => {
        const message = peeked(arrival)
        const fate = sifting.decide(message)
        if (fate === "drop") {
          channel.settle(arrival.tag, "ack")
          dropped++
          sifting.done(message, fate)
        } else if (fate !== "keep") {
          chosen.push({ arrival, message, copy: fate })
          bytes += arrival.body.length
        }
        return chosen.length < most && bytes < pass.bytes
      })
      yield* copyAll(channel, chosen, sifting, life, pace)
      const through = dropped + chosen.length
      return { isLast: seen >= wanted || through === 0, through, back: ready - through }
    }),
    (channel) => Effect.andThen(acked(channel, queue), channel.close),
  )
})

/** Copies them in order; fails when one of them does not arrive, once nothing is on its way any more. */
const copyAll = Effect.fnUntraced(function* (
  channel: Channel,
  chosen: ReadonlyArray<Chosen>,
  { done }: Sifting,
  life: Life,
  pace: Effect.Effect<void>,
) {
  let underWay = 0
  /** Told when one of them is through, or none will be. */
  let next = Deferred.makeUnsafe<void>()
  const wake = () => Deferred.doneUnsafe(next, Effect.void)
  const { stop } = life
  life.stop = (why) => {
    stop(why)
    wake()
  }
  const carry = ({ arrival, message, copy }: Chosen): void => {
    underWay++
    channel.publish("", copy.to, copy.body ?? arrival.body, copyOf(arrival.properties, copy), (outcome) => {
      underWay--
      if (outcome !== "ack") {
        life.stop(failure(new Error(outcome === "nack" ? `"${copy.to}" takes nothing more` : "the channel was lost")))
      } else if (life.why === undefined) {
        // of which one the broker says that it is nowhere, a confirm does not tell: then none counts any more
        channel.settle(arrival.tag, "ack")
        done(message, copy)
      }
      wake()
    })
  }
  const room = Effect.fnUntraced(function* (most: number) {
    while (underWay > most && (life.why === undefined || channel.isOpen())) {
      next = Deferred.makeUnsafe<void>()
      yield* Deferred.await(next)
    }
  })
  const copying = Effect.gen(function* () {
    for (const one of chosen) {
      yield* pace
      yield* room(atATime - 1)
      if (life.why !== undefined) break
      try {
        carry(one)
      } catch (error) {
        underWay--
        life.stop(failure(error))
      }
    }
  })
  // whoever gives up waits for what is on its way, so that what is confirmed is acked, too
  yield* Effect.onExit(copying, () => Effect.ignore(Effect.timeout(room(0), "5 seconds")))
  if (life.why !== undefined) return yield* Effect.fail(life.why)
})

const copyOf = (properties: Properties, { set, unset }: Copy): Properties => {
  const copy = repeatable(properties)
  const headers: Record<string, unknown> = { ...copy.headers }
  // names are as foreign programs wrote them
  const gone = new Set(unset)
  for (const name of Object.keys(headers)) if (gone.has(name.toLowerCase())) delete headers[name]
  return { ...copy, deliveryMode: 2, headers: { ...headers, ...set } }
}
