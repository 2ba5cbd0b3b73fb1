/**
 * It waits in the queue, and the app does not take it: it never ran, is gone, stands still, or somebody else takes it.
 */
import { place, register } from "../company.ts"
import { longAgo, remembered } from "../memory.ts"
import type { SetUp } from "../SetUp.ts"
import type { Situation } from "../Situation.ts"

const ask = { subject: "sales.orderPlaced", to: "warranty" }
const everything = { configure: ".*", write: ".*", read: ".*" }

/** A listener that has handled one order of a program that goes on. */
const atWork = async (at: Situation, module = "warranty.ts", options: Parameters<Situation["run"]>[1] = {}) => {
  const worker = await at.run(module, options)
  const sales = await at.join("sales")
  await place(sales)
  await worker.said(/^done$/)
  return { worker, sales }
}

export const consumers: ReadonlyArray<SetUp> = [
  {
    name: "the listener's app was never started",
    isEverywhere: true,
    isCommand: true,
    ask,
    prepare: async (at) => void await place(await at.join("sales")),
    expected: { verdict: "broken", code: "app-never-started", says: /warranty/ },
  },
  {
    name: "the listener's module cannot be loaded",
    ask,
    prepare: async (at) => void await place(await at.join("sales")),
    workers: "failing",
    expected: { verdict: "broken", code: "app-never-started", says: /LAB_SMTP_HOST is not set/ },
  },
  {
    name: "the listener's app was stopped",
    isEverywhere: true,
    isCommand: true,
    ask,
    prepare: async (at) => {
      const { worker, sales } = await atWork(at)
      worker.signal("SIGTERM")
      await worker.ended
      await remembered(at, "warranty", "ended")
      await place(sales)
      await at.counts(register, ({ ready, consumers }) => ready === 1 && consumers === 0)
    },
    expected: { verdict: "broken", code: "app-stopped", says: /\b1\b/ },
  },
  {
    name: "the listener's app was stopped yesterday",
    ask,
    prepare: async (at) => {
      const { worker, sales } = await atWork(at)
      worker.signal("SIGTERM")
      await worker.ended
      await remembered(at, "warranty", "ended")
      await longAgo(at, "warranty", 24 * 3_600_000)
      for (let i = 0; i < 3; i++) await place(sales)
      await at.counts(register, ({ ready, consumers }) => ready === 3 && consumers === 0)
    },
    expected: { verdict: "broken", code: "app-stopped", says: /yesterday|\bday|1 ?d\b|24 ?h|20\d\d-\d\d-\d\d/ },
  },
  {
    name: "the listener's process was killed",
    isCommand: true,
    ask,
    prepare: async (at) => {
      const { worker, sales } = await atWork(at)
      await remembered(at, "warranty")
      worker.signal("SIGKILL")
      await worker.ended
      await place(sales)
      await at.counts(register, ({ ready, consumers }) => ready === 1 && consumers === 0)
    },
    expected: { verdict: "broken", code: "app-vanished", says: /warranty/ },
  },
  {
    name: "the listener's process was killed before anybody remembered it",
    ask,
    prepare: async (at) => {
      const worker = await at.run("warranty.ts")
      worker.signal("SIGKILL")
      await worker.ended
      await place(await at.join("sales"))
      await at.counts(register, ({ ready, consumers }) => ready === 1 && consumers === 0)
    },
    // its queue shows that it was there
    expected: { verdict: "broken", code: ["app-vanished", "app-stopped"], says: /warranty/ },
  },
  {
    name: "nobody said to whom, and one of two listeners was stopped",
    ask: { subject: "sales.orderPlaced" },
    prepare: async (at) => {
      const { worker, sales } = await atWork(at)
      const archive = await at.run("archive.ts")
      await remembered(at, "archive")
      archive.signal("SIGTERM")
      await archive.ended
      await place(sales)
      await worker.said(/^done$/, 2)
      await at.counts("warren.on.archive.keep", ({ ready, consumers }) => ready === 1 && consumers === 0)
    },
    workers: null,
    expected: { verdict: "broken", code: "app-stopped", says: /archive/ },
  },
  {
    name: "a stranger takes messages from the listener's queue",
    ask,
    prepare: async (at) => {
      const { sales } = await atWork(at)
      const { channel } = await at.stranger()
      let taken = 0
      await channel.consume(register, (message) => {
        taken++
        if (message !== null) channel.ack(message)
      })
      for (let i = 0; i < 6; i++) await place(sales)
      await at.until("the stranger has some", () => taken > 1)
      await at.shown(register, 2)
    },
    expected: { verdict: "broken", code: "foreign-consumer", says: /127\.0\.0\.1/ },
    blind: { verdict: "broken", code: "foreign-consumer" },
  },
  {
    name: "the consumer was cancelled, and the queue is another one now",
    needs: "rights",
    ask,
    prepare: async (at) => {
      const user = await at.user(everything)
      const { worker, sales } = await atWork(at, "warranty.ts", { url: at.url(user) })
      await at.hands.user(user, { ...everything, configure: "^(?!warren\\.on\\.).*" })
      await at.hands.removeQueue(register)
      // not as Warren declares it: it is refused from now on
      const { channel } = await at.stranger()
      await channel.assertQueue(register, { durable: true, arguments: { "x-queue-type": "classic" } })
      await channel.bindQueue(register, "warren.events", "sales.orderPlaced")
      await at.hands.user(user, everything)
      await worker.until(/exists with other properties/)
      await place(sales)
      await at.counts(register, ({ ready, consumers }) => ready === 1 && consumers === 0)
    },
    expected: { verdict: "broken", code: "consumer-cancelled", says: /warren\.on\.warranty\.register/ },
  },
  {
    name: "the listener may not read its queue any more",
    needs: "rights",
    ask,
    prepare: async (at) => {
      const user = await at.user(everything)
      const { worker, sales } = await atWork(at, "warranty.ts", { url: at.url(user) })
      await at.hands.user(user, { ...everything, read: "^(?!warren\\.on\\.).*" })
      await at.until("its connection can be closed", async () => {
        await at.hands.closeConnections(user)
        return /ACCESS_REFUSED|access/i.test(worker.stdout())
      })
      await place(sales)
      await at.counts(register, ({ ready, consumers }) => ready === 1 && consumers === 0)
    },
    expected: { verdict: "broken", code: "permission-missing", says: /user-[0-9a-f]{8}|read/ },
    blind: { verdict: "broken", code: ["permission-missing", "consumer-cancelled"] },
  },
  {
    name: "a queue of one consumer is held by somebody else",
    ask: { ...ask, to: "books" },
    prepare: async (at) => {
      const { worker, sales } = await atWork(at, "books.ts")
      worker.signal("SIGTERM")
      await worker.ended
      const { channel } = await at.stranger()
      await channel.prefetch(1)
      await channel.consume("warren.on.books.book", () => {})
      await at.run("books.ts")
      for (let i = 0; i < 3; i++) await place(sales)
      await at.until("one consumer is active, and it is the stranger", async () => {
        const all = (await at.hands.queue("warren.on.books.book"))?.consumer_details ?? []
        return all.length === 2 && all.filter(({ active }) => active).length === 1
      })
    },
    expected: { verdict: "broken", code: "other-consumer-active", says: /books/ },
    blind: { verdict: "broken", code: ["other-consumer-active", "foreign-consumer"] },
  },
  {
    name: "the app is ending, and takes nothing new",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      const { worker, sales } = await atWork(at, "press.ts", { args: ["--grace", "10m"] })
      await place(sales, "hang")
      await worker.said(/^begun$/, 2)
      worker.signal("SIGTERM")
      // its consumer is counted until what is in hand is done
      await worker.said(/^Ending/)
      await place(sales)
      await at.counts("warren.on.press.print", ({ ready }) => ready === 1)
    },
    expected: { verdict: "broken", code: "draining", says: /press/ },
  },
  {
    name: "one of the listener's two processes is frozen",
    ask,
    prepare: async (at) => {
      const { worker, sales } = await atWork(at)
      await at.run("warranty.ts")
      worker.signal("SIGSTOP")
      for (let i = 0; i < 4; i++) await place(sales)
    },
    expected: { verdict: "broken", code: ["app-vanished", "foreign-consumer"], says: /answer/ },
  },
  {
    name: "somebody fetches messages by hand, and keeps them",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      const { worker, sales } = await atWork(at, "press.ts")
      worker.signal("SIGTERM")
      await worker.ended
      for (let i = 0; i < 4; i++) await place(sales)
      const { channel } = await at.stranger()
      for (let i = 0; i < 4; i++) await channel.get("warren.on.press.print")
      await at.run("press.ts")
    },
    expected: { verdict: "broken", code: "foreign-consumer", says: /fetched messages by hand/ },
  },
  {
    name: "the listener's process is frozen",
    ask,
    prepare: async (at) => {
      const { worker, sales } = await atWork(at)
      worker.signal("SIGSTOP")
      await Promise.all(Array.from({ length: 50 }, () => place(sales)))
      await at.counts(register, ({ ready, consumers }) => ready > 0 && consumers === 1)
    },
    expected: { verdict: "broken", code: ["app-vanished", "saturated"], says: /answer/ },
  },
]
