/**
 * It arrives, and the handler does not get done with it, or was not meant at all.
 */
import { Buffer } from "node:buffer"
import { order, place, uuid7 } from "../company.ts"
import type { SetUp } from "../SetUp.ts"

const ask = { subject: "sales.orderPlaced", to: "warranty" }
const print = "warren.on.press.print"

export const handlers: ReadonlyArray<SetUp> = [
  {
    name: "the app listens to another event",
    ask,
    prepare: async (at) => {
      await at.run("moved/warranty.ts")
      await place(await at.join("sales"))
    },
    workers: "moved/warranty.ts",
    expected: { verdict: "broken", code: "no-such-handler", says: /sales\.orderCancelled/ },
  },
  {
    name: "the handler was renamed",
    ask: { ...ask, to: "warranty.register" },
    prepare: async (at) => {
      await at.run("renamed/warranty.ts")
      await place(await at.join("sales"))
    },
    workers: "renamed/warranty.ts",
    expected: { verdict: "broken", code: "no-such-handler", says: /enroll/ },
  },
  {
    name: "the next version's handler of the same name wants another event",
    ask,
    prepare: async (at) => {
      await Promise.all([at.run("warranty.ts"), at.run("moved/warranty.ts")])
      const sales = await at.join("sales")
      for (let i = 0; i < 4; i++) await place(sales)
    },
    expected: { verdict: "broken", code: "other-schema", says: /sales\.orderCancelled/ },
  },
  {
    name: "a handler that hangs has all that may be in hand",
    isEverywhere: true,
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      const press = await at.run("press.ts")
      const sales = await at.join("sales")
      for (let i = 0; i < 4; i++) await place(sales, "hang")
      await press.said(/^begun$/)
      await at.counts(print, ({ ready }) => ready >= 2)
      await at.pause(6_000)
    },
    expected: { verdict: "broken", code: "saturated", says: /press\.print/ },
  },
  {
    name: "10,000 messages wait for a slow handler",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      await at.run("press.ts")
      await place(await at.join("sales"), "sleep 200")
      const { channel } = await at.stranger()
      const body = Buffer.from(JSON.stringify(order("sleep 200").payload))
      for (let i = 0; i < 10_000; i++) {
        channel.publish("warren.events", "sales.orderPlaced", body, {
          messageId: uuid7(),
          type: "sales.orderPlaced",
          contentType: "application/json",
          persistent: true,
        })
      }
      await channel.waitForConfirms()
      await at.counts(print, ({ ready }) => ready > 9_000)
    },
    expected: { verdict: "broken", code: "backlog", says: /9[,. ]?\d\d\d/ },
  },
  {
    name: "the next attempt is in ten minutes",
    isCommand: true,
    ask: { ...ask, to: "billing" },
    prepare: async (at) => {
      const billing = await at.run("billing.ts")
      const id = await place(await at.join("sales"), "throw")
      await billing.said(/^begun$/)
      await at.counts("warren.retry.10m", ({ ready }) => ready === 1)
      return { id }
    },
    expected: { verdict: "broken", code: "retrying", says: /the database is down|10 ?m/ },
  },
  {
    name: "the next attempt is in ten minutes, and nobody said which message",
    ask: { ...ask, to: "billing" },
    prepare: async (at) => {
      await at.run("billing.ts")
      await place(await at.join("sales"), "throw")
      await at.counts("warren.retry.10m", ({ ready }) => ready === 1)
    },
    expected: { verdict: "broken", code: "retrying", says: /10 ?m/ },
  },
  {
    name: "dead-lettered, since the payload does not fit any more",
    isCommand: true,
    ask: { ...ask, to: "archive" },
    prepare: async (at) => {
      await at.run("archive.ts")
      await (await at.stranger()).publish("warren.events", "sales.orderPlaced", { orderId: "o1", customer: 7 }, {
        appId: "sales",
        type: "sales.orderPlaced",
      })
      await at.counts("warren.dead.archive", ({ ready }) => ready === 1)
    },
    expected: { verdict: "broken", code: "dead-undecodable", says: /customer/ },
  },
  {
    name: "dead-lettered, since the handler throws",
    isEverywhere: true,
    isCommand: true,
    ask: { ...ask, to: "archive" },
    prepare: async (at) => {
      await at.run("archive.ts")
      await place(await at.join("sales"), "throw")
      await at.counts("warren.dead.archive", ({ ready }) => ready === 1)
    },
    expected: { verdict: "broken", code: "dead-failed", says: /the database is down/ },
  },
  {
    name: "dead-lettered, after others that were handled",
    ask: { ...ask, to: "archive" },
    prepare: async (at) => {
      const archive = await at.run("archive.ts")
      const sales = await at.join("sales")
      for (let i = 0; i < 3; i++) await place(sales)
      await archive.said(/^done$/, 3)
      await place(sales, "throw")
      await at.counts("warren.dead.archive", ({ ready }) => ready === 1)
    },
    expected: { verdict: "broken", code: "dead-failed", says: /the database is down/ },
  },
  {
    name: "dead-lettered, since it expired",
    needs: "policies",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      const press = await at.run("press.ts")
      const sales = await at.join("sales")
      await place(sales, "hang")
      await press.said(/^begun$/)
      await at.hands.policy("hasty", "^warren\\.on\\.press", { "message-ttl": 100 })
      const id = await place(sales)
      await at.counts("warren.dead.press", ({ ready }) => ready === 1)
      await at.hands.removePolicy("hasty")
      return { id }
    },
    expected: { verdict: "broken", code: "dead-expired", says: /expired/ },
  },
  {
    name: "one message was skipped, since it was handled before",
    ask: { ...ask, to: "post" },
    prepare: async (at) => {
      const post = await at.run("post.ts", { args: ["--log-level", "debug"] })
      const sales = await at.join("sales")
      const id = await place(sales)
      await post.said(/^done$/)
      await place(sales, undefined, { id })
      await post.until(/skip|duplicate/i)
      return { id }
    },
    expected: { verdict: "broken", code: "duplicate", says: /post\.send/ },
  },
  {
    name: "a key stands still",
    ask: { ...ask, to: "books" },
    prepare: async (at) => {
      const books = await at.run("books.ts")
      const sales = await at.join("sales")
      await place(sales, "throw")
      await books.said(/^begun$/)
      const id = await place(sales)
      await sales.emit(order(undefined, "c2"))
      await books.said(/^done$/)
      return { id }
    },
    expected: { verdict: "broken", code: "key-halted", says: /books\.book/ },
  },
  {
    name: "a key stands still, and nobody said which message",
    ask: { ...ask, to: "books" },
    prepare: async (at) => {
      const books = await at.run("books.ts")
      const sales = await at.join("sales")
      await place(sales, "throw")
      await books.said(/^begun$/)
      await place(sales)
      await sales.emit(order(undefined, "c2"))
      await books.said(/^done$/)
    },
    expected: { verdict: "broken", code: "key-halted", says: /books\.book/ },
  },
]
