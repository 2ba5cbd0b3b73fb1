/**
 * A worker of ours on RabbitMQ and a program that is not: what tests of foreign messages send, and how they see that the worker
 * goes on.
 */
import assert from "node:assert/strict"
import { setTimeout as delay } from "node:timers/promises"
import { Effect, Exit, Logger, Result, Schema, Scope } from "effect"
import { api, call, event } from "../../src/contract/mod.ts"
import { launch, type Launched } from "../../src/launch/mod.ts"
import { CurrentJournal, type Entry, every, type Fact, handle, on, readModule } from "../../src/runtime/mod.ts"
import { Exchange, QueueName } from "../../src/wire/mod.ts"
import { type Foreigner, type Oddity, startForeigner } from "../support/foreign.ts"
import { rabbit } from "../support/rabbit.ts"

/** Payloads from here on fail their listener. */
export const bad = 1_000

/** Starts the two before the first test of a file, and ends them after the last one. */
export const oddWorld = () => {
  const app = `f${crypto.randomUUID().slice(0, 8)}`
  const Odd = api(app, {
    happened: event({ n: Schema.Int }),
    followed: event({ n: Schema.Int }),
    ask: call({ n: Schema.Int }, { returns: Schema.Int }),
    again: call({ n: Schema.Int }, { returns: Schema.Int, idempotent: true }),
  })
  const noted: Array<number> = []
  const followed: Array<number> = []
  const ticked: Array<number> = []
  const worker = {
    note: on(Odd.happened, async ({ n }, { emit }) => {
      noted.push(n)
      if (n >= bad) throw new Error("it is bad")
      await emit(Odd.followed({ n }))
    }, { retry: { attempts: 2, delays: "1 second" } }),
    follow: on(Odd.followed, ({ n }) => void followed.push(n), { dedupe: true }),
    ask: handle(Odd.ask, ({ n }) => n + 1),
    again: handle(Odd.again, ({ n }) => n + 1),
    tick: every("0 0 1 1 *", ({ due }) => void ticked.push(due)),
  }
  const entries: Array<Entry> = []
  let them: Foreigner
  let us: Launched
  const scope = Scope.makeUnsafe()
  /** Where the foreign program awaits replies. */
  const replies = `${app}.replies`

  /** One more process of ours. */
  const serve = (scope: Scope.Scope): Promise<Launched> =>
    launch({
      broker: url(),
      apps: [Result.getOrThrow(readModule(worker, { file: "odd.ts", app }))],
    }).pipe(
      Effect.provideService(CurrentJournal, { record: (entry) => void entries.push(entry) }),
      Effect.provide(Logger.layer([])),
      Scope.provide(scope),
      Effect.runPromise,
    )
  const stop = (): Promise<void> => Effect.runPromise(Scope.close(scope, Exit.void))

  const url = rabbit({
    started: async (url) => {
      us = await serve(scope)
      them = await startForeigner(url)
      await them.channel.assertQueue(replies, { expires: 60_000 })
    },
    stopping: async () => {
      await stop()
      await them.close()
    },
  })

  const until = async (what: string, holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> => {
    for (let waited = 0; !(await holds()); waited += 10) {
      if (waited > ms) throw new Error(`It did not happen that ${what}; the last facts: ${show(entries.slice(-10))}`)
      await delay(10)
    }
  }
  let last = 0
  return {
    app,
    Odd,
    noted,
    followed,
    ticked,
    entries,
    replies,
    serve,
    /** Ends our process in order. */
    stop,
    until,
    /** Another foreign program. */
    another: () => startForeigner(url()),
    /** Our process; there is one once tests run. */
    us: () => us,
    /** The foreign program; likewise. */
    them: () => them,
    /** Facts of a kind so far. */
    count: (fact: Fact, error?: RegExp): number =>
      entries.filter((one) => one.fact === fact && (error === undefined || error.test(one.error ?? ""))).length,
    toListener: (body: string | Uint8Array, odd?: Oddity) =>
      them.publish(Exchange.events, Odd.happened.type, body, odd),
    toServer: (body: string | Uint8Array, odd: Oddity, type = Odd.ask.type) =>
      them.publish(Exchange.calls, type, body, { replyTo: replies, correlationId: "c", ...odd }),
    /** The next dead letter. */
    dead: async () => {
      const { content, properties: { headers = {}, messageId } } = await them.take(QueueName.dead(app))
      return { content, messageId: messageId as unknown, headers: headers as Readonly<Record<string, unknown>> }
    },
    /** A good event and a good call go through, and nothing is left in the queues. */
    goesOn: async (): Promise<void> => {
      const n = bad - ++last
      await them.publish(Exchange.events, Odd.happened.type, `{"n":${n}}`)
      await until("a good event is handled", () => noted.includes(n) && followed.includes(n))
      assert.equal(await Effect.runPromise(us.bus.call(Odd.ask({ n }))), n + 1)
      assert.equal(us.host.isReady(), true)
      const { stations } = us.host
      await until("nothing is in hand", () => stations.every(({ inHand }) => inHand() === 0))
      for (const { queue } of stations) assert.equal((await them.channel.checkQueue(queue)).messageCount, 0, queue)
    },
  }
}

const show = (facts: ReadonlyArray<Entry>): string =>
  facts.map(({ fact, id, error }) => `${fact} ${id} ${error ?? ""}`).join("\n")
