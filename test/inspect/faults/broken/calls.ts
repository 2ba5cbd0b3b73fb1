/**
 * Calls that get no answer, or always the wrong one.
 */
import { Buffer } from "node:buffer"
import { Clock, Effect } from "effect"
import { launch } from "../../../../src/launch/mod.ts"
import { CurrentSettings, defaultSettings } from "../../../../src/runtime/mod.ts"
import { Parts, uuid7 } from "../company.ts"
import type { SetUp } from "../SetUp.ts"
import { refused } from "./emitters.ts"

const ask = { subject: "parts.lookup" }

export const calls: ReadonlyArray<SetUp> = [
  {
    name: "nobody serves the call",
    isEverywhere: true,
    isCommand: true,
    ask,
    prepare: async (at) => {
      const web = await at.join("web")
      await refused(web.call(Parts.lookup({ sku: "P-1" })))
    },
    expected: { verdict: "broken", code: "no-server", says: /parts\.lookup/ },
  },
  {
    name: "the call's only server was stopped",
    ask: { ...ask, to: "parts" },
    prepare: async (at) => {
      const parts = await at.run("parts.ts")
      const web = await at.join("web")
      await web.call(Parts.lookup({ sku: "P-1" }))
      parts.signal("SIGTERM")
      await parts.ended
      await refused(web.call(Parts.lookup({ sku: "P-1" })))
    },
    expected: { verdict: "broken", code: ["no-server", "app-stopped"], says: /parts/ },
  },
  {
    name: "the call's server is overloaded",
    needs: "policies",
    ask: { ...ask, from: "web" },
    prepare: async (at) => {
      await at.hands.policy("few", "^warren\\.calls\\.", { "max-length": 2 })
      const parts = await at.run("parts.ts")
      const web = await at.join("web", { lane: "broker" })
      const lookup = () => web.call(Parts.lookup({ sku: "P-1", note: "hang" }), { timeout: "2 minutes" })
      lookup().catch(() => {})
      await parts.said(/^begun$/)
      await at.until("the queue of calls is full", async () => {
        const slow = new AbortController()
        const sent = lookup().then(() => undefined, (error: { readonly _tag?: string }) => error._tag)
        const first = await Promise.race([sent, at.pause(300)])
        slow.abort()
        return first === "Overloaded"
      })
    },
    expected: { verdict: "broken", code: "overloaded", says: /parts\.lookup/ },
  },
  {
    name: "the call's server reads another schema",
    isCommand: true,
    ask: { ...ask, from: "web" },
    prepare: async (at) => {
      await at.run("later/parts.ts")
      const web = await at.join("web")
      await refused(web.call(Parts.lookup({ sku: "P-1" })))
    },
    expected: { verdict: "broken", code: "other-schema", says: /warehouse/ },
  },
  {
    name: "the caller waits for less than the handler takes",
    isCommand: true,
    ask,
    prepare: async (at) => {
      await at.run("parts.ts")
      const web = await at.join("web", { lane: "broker" })
      for (let i = 0; i < 3; i++) {
        await refused(web.call(Parts.lookup({ sku: "P-1", note: "sleep 1500" }), { timeout: "300 millis" }))
      }
    },
    expected: { verdict: "broken", code: "deadline-exceeded", says: /web[\s\S]*timeout/ },
  },
  {
    name: "the handler hangs, and every call expires behind it",
    ask,
    prepare: async (at) => {
      await at.run("parts.ts")
      const web = await at.join("web", { lane: "broker" })
      await Promise.all(
        [1, 2, 3, 4].map(() => refused(web.call(Parts.lookup({ sku: "P-1", note: "hang" }), { timeout: "2 seconds" }))),
      )
      await at.pause(1_000)
    },
    expected: { verdict: "broken", code: ["deadline-exceeded", "saturated"], says: /parts\.lookup/ },
  },
  {
    name: "one of the call's two servers always fails",
    ask,
    prepare: async (at) => {
      await Promise.all([at.run("parts.ts"), at.run("broken/parts.ts")])
      const web = await at.join("web", { lane: "broker" })
      for (let i = 0; i < 10; i++) await web.call(Parts.lookup({ sku: "P-1" })).catch(() => {})
      await web.call(Parts.lookup({ sku: "P-1" })).catch(() => {})
    },
    expected: { verdict: "broken", code: "handler-failing", says: /One of 2[\s\S]*licence/ },
  },
  {
    name: "the caller may not call",
    needs: "rights",
    ask,
    prepare: async (at) => {
      await at.run("parts.ts")
      const user = await at.user({ configure: ".*", write: "^(?!warren\\.calls$).*", read: ".*" })
      const web = await at.join("web", { broker: at.url(user), lane: "broker" })
      await refused(web.call(Parts.lookup({ sku: "P-1" })))
    },
    expected: { verdict: "broken", code: "permission-missing", says: /user-[0-9a-f]{8}/ },
    blind: { verdict: "broken", code: "permission-missing" },
  },
  {
    name: "the handler returns what its contract does not allow",
    ask,
    prepare: async (at) => {
      await at.run("parts.ts")
      const web = await at.join("web")
      for (let i = 0; i < 2; i++) await refused(web.call(Parts.lookup({ sku: "P-1", note: "lie" })))
    },
    expected: { verdict: "broken", code: "other-schema", says: /Correct what the handler returns/ },
  },
  {
    name: "another app serves the call than was thought",
    ask: { ...ask, to: "warranty" },
    prepare: async (at) => void await Promise.all([at.run("parts.ts"), at.run("warranty.ts")]),
    expected: { verdict: "broken", code: "no-such-handler", says: /--to parts/ },
  },
  {
    name: "the call's handler always fails",
    ask,
    prepare: async (at) => {
      await at.run("parts.ts")
      const web = await at.join("web")
      for (let i = 0; i < 4; i++) await refused(web.call(Parts.lookup({ sku: "P-1", note: "throw" })))
    },
    expected: { verdict: "broken", code: "handler-failing", says: /the database is down/ },
  },
  {
    name: "a caller's clock is behind, by just as much as it waits",
    ask: { ...ask, from: "web" },
    prepare: async (at) => {
      await at.run("parts.ts")
      // its deadlines have passed by half a second when they arrive: less than what is called a clock that is off
      const behind = 5_500
      await Effect.runPromise(
        Effect.provideService(
          Effect.provideService(
            Effect.scoped(Effect.gen(function* () {
              const { bus } = yield* launch({ broker: at.url(), lane: "broker" })
              yield* Effect.flip(bus.call(Parts.lookup({ sku: "P-1" }), { timeout: 5_000 }))
            })),
            CurrentSettings,
            { ...defaultSettings, app: "web" },
          ),
          Clock.Clock,
          await shifted(-behind),
        ),
      )
    },
    expected: { verdict: "broken", code: "clock-skew", says: /clock/ },
  },
  {
    name: "a stranger's clock makes every deadline past",
    ask,
    prepare: async (at) => {
      await at.run("parts.ts")
      const { channel } = await at.stranger()
      const { queue } = await channel.assertQueue("", { exclusive: true })
      let replies = 0
      await channel.consume(queue, () => replies++, { noAck: true })
      const call = async (now: number) => {
        const id = uuid7()
        channel.publish("warren.calls", "parts.lookup", Buffer.from('{"sku":"P-1"}'), {
          messageId: id,
          correlationId: id,
          replyTo: queue,
          type: "parts.lookup",
          appId: "shop",
          expiration: "5000",
          headers: { "warren-deadline": now + 5_000, "warren-timeout": 5_000 },
        })
        await channel.waitForConfirms()
      }
      await call(Date.now())
      await at.until("a call with the right time is answered", () => replies === 1)
      for (let i = 0; i < 3; i++) await call(Date.now() - 5_500)
      await at.pause(500)
      if (replies !== 1) throw new Error("A call whose deadline has passed was answered")
    },
    expected: { verdict: "broken", code: "clock-skew", says: /clock/ },
  },
]

/** The real clock, set forward or back. */
const shifted = (ms: number): Promise<Clock.Clock> =>
  Effect.runPromise(Effect.clockWith((real) => {
    const now = () => real.currentTimeMillisUnsafe() + ms
    return Effect.succeed(Object.create(real, {
      currentTimeMillisUnsafe: { value: now },
      currentTimeMillis: { value: Effect.sync(now) },
    }) as Clock.Clock)
  }))
