/**
 * What is sent does not stay in the listener's queue: it is not bound, not there, full, or loses what it holds.
 */
import { order, place, register } from "../company.ts"
import { remembered } from "../memory.ts"
import type { SetUp } from "../SetUp.ts"
import { refused } from "./emitters.ts"

const ask = { subject: "sales.orderPlaced", to: "warranty" }
const print = "warren.on.press.print"

export const queues: ReadonlyArray<SetUp> = [
  {
    name: "the binding was deleted by hand",
    isEverywhere: true,
    isCommand: true,
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const sales = await at.join("sales")
      await place(sales)
      await warranty.said(/^done$/)
      await at.hands.unbind("warren.events", register, "sales.orderPlaced")
      await place(sales)
      if ((await at.hands.bindings("warren.events", register)).length > 0) throw new Error("It is still bound")
    },
    expected: { verdict: "broken", code: "binding-missing", says: /warren\.on\.warranty\.register/ },
  },
  {
    name: "the binding was deleted by hand, and another listener has its own",
    ask,
    prepare: async (at) => {
      const [warranty] = await Promise.all([at.run("warranty.ts"), at.run("archive.ts")])
      const sales = await at.join("sales")
      await place(sales)
      await warranty.said(/^done$/)
      await at.hands.unbind("warren.events", register, "sales.orderPlaced")
      await place(sales)
    },
    expected: { verdict: "broken", code: "binding-missing", says: /warren\.on\.warranty\.register/ },
  },
  {
    name: "the queue was deleted by hand, and its app may not declare it again",
    needs: "rights",
    ask,
    prepare: async (at) => {
      const user = await at.user({ configure: ".*", write: ".*", read: ".*" })
      const warranty = await at.run("warranty.ts", { url: at.url(user) })
      const sales = await at.join("sales")
      await place(sales)
      await warranty.said(/^done$/)
      await at.hands.user(user, { configure: "^(?!warren\\.on\\.).*", write: ".*", read: ".*" })
      await at.hands.removeQueue(register)
      await place(sales)
      if (await at.look(register) !== undefined) throw new Error("It is there again")
    },
    expected: {
      verdict: "broken",
      code: ["queue-missing", "permission-missing"],
      says: /warren\.on\.warranty\.register/,
    },
  },
  {
    name: "the queue was deleted by hand while its app was stopped",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const sales = await at.join("sales")
      await place(sales)
      await warranty.said(/^done$/)
      await remembered(at, "warranty")
      warranty.signal("SIGTERM")
      await warranty.ended
      await at.hands.removeQueue(register)
      await place(sales)
    },
    expected: { verdict: "broken", code: ["queue-missing", "app-stopped"] },
  },
  {
    name: "the queue is full, and refuses",
    needs: "policies",
    isCommand: true,
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      await at.run("press.ts")
      await at.hands.policy("few", "^warren\\.on\\.press", { "max-length": 3 })
      const sales = await at.join("sales")
      await at.until("the queue refuses", async () => {
        const sent = await Promise.allSettled([1, 2, 3].map(() => place(sales, "sleep 60000")))
        return sent.some(({ status }) => status === "rejected")
      })
      await refused(sales.emit(order()))
    },
    expected: { verdict: "broken", code: "queue-full", says: /\b3\b[\s\S]*few|few[\s\S]*\b3\b/ },
    blind: { verdict: "broken", code: ["queue-full", "emit-refused"] },
  },
  {
    name: "the queue is full again and again, while it is worked off",
    needs: "policies",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      await at.run("press.ts")
      await at.hands.policy("few", "^warren\\.on\\.press", { "max-length": 40 })
      const sales = await at.join("sales")
      let isOver = false
      at.later(() => isOver = true)
      const go = async () => {
        while (!isOver) {
          await Promise.allSettled(Array.from({ length: 20 }, () => place(sales, "sleep 50")))
          await at.pause(50)
        }
      }
      void go()
      await at.pause(3_500)
    },
    expected: { verdict: "broken", code: "queue-full", says: /few/ },
    blind: { verdict: "broken", code: ["queue-full", "emit-refused"] },
  },
  {
    name: "the queue may hold so many bytes, and refuses",
    needs: "policies",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      const press = await at.run("press.ts")
      await at.hands.policy("small", "^warren\\.on\\.press", { "max-length-bytes": 2_000 })
      const sales = await at.join("sales")
      await place(sales, "hang")
      await press.said(/^begun$/)
      await at.until("the queue refuses", async () => {
        const sent = await Promise.allSettled([1, 2, 3].map(() => place(sales, `quiet ${"x".repeat(300)}`)))
        return sent.some(({ status }) => status === "rejected")
      })
      await refused(sales.emit(order("x".repeat(300))))
    },
    expected: { verdict: "broken", code: "queue-full", says: /2,000 bytes/ },
    blind: { verdict: "broken", code: ["queue-full", "emit-refused"] },
  },
  {
    name: "every queue lets what waits expire, the dead letters too",
    needs: "policies",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      await at.hands.policy("hasty", ".*", { "message-ttl": 200 })
      const press = await at.run("press.ts")
      await remembered(at, "press")
      const sales = await at.join("sales")
      await place(sales, "sleep 1500")
      for (let i = 0; i < 20; i++) await place(sales)
      await at.pause(3_000)
      if (/"done"/.test(press.stdout())) throw new Error("It did not expire")
    },
    expected: { verdict: "broken", code: "queue-ttl", says: /21 messages/ },
    blind: { verdict: "unknown" },
  },
  {
    name: "the message was emitted before anybody listened",
    ask,
    prepare: async (at) => {
      const id = await place(await at.join("sales"))
      await at.run("warranty.ts")
      return { id }
    },
    expected: { verdict: "broken", code: "not-delivered", says: /no queue wanted it/ },
  },
  {
    name: "the queue was made by somebody else, so that the app does not start",
    ask,
    prepare: async (at) => {
      const sales = await at.join("sales")
      const { channel } = await at.stranger()
      await channel.assertQueue(register, { durable: true, arguments: { "x-queue-type": "classic" } })
      await channel.bindQueue(register, "warren.events", "sales.orderPlaced")
      await place(sales)
    },
    expected: { verdict: "broken", code: "queue-missing", says: /delete_queue|queue\.delete/ },
    blind: { verdict: "broken", code: ["app-stopped", "app-never-started"] },
  },
  {
    name: "the message was purged by hand",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      const press = await at.run("press.ts")
      const sales = await at.join("sales")
      await place(sales, "sleep 1500")
      for (let i = 0; i < 8; i++) await place(sales)
      const id = await place(sales)
      await (await at.stranger()).channel.purgeQueue(print)
      await press.until(/"ready"/)
      await at.pause(3_000)
      return { id }
    },
    expected: { verdict: "unknown", says: /purged/ },
  },
  {
    name: "the queue lets what waits expire",
    needs: "policies",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      await at.hands.policy("hasty", "^warren\\.on\\.press", { "message-ttl": 200 })
      await at.run("press.ts")
      const sales = await at.join("sales")
      for (let i = 0; i < 4; i++) await place(sales, "sleep 1500")
      await at.counts("warren.dead.press", ({ ready }) => ready > 0)
    },
    expected: { verdict: "broken", code: "queue-ttl", says: /200/ },
    // what became of it can be seen all the same
    blind: { verdict: "broken", code: ["queue-ttl", "dead-expired"] },
  },
]

export { print }
