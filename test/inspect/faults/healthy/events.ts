/**
 * Events that arrive, however it looks: loaded, restarted, deployed, watched, and with a past.
 */
import { Buffer } from "node:buffer"
import type { Connected } from "../../../../src/mod.ts"
import { order, place, register, Sales, uuid7 } from "../company.ts"
import type { Situation } from "../Situation.ts"
import type { SetUp } from "../SetUp.ts"

const ask = { subject: "sales.orderPlaced", to: "warranty" }
const whole = { verdict: "whole" } as const

/** Emits again and again until the set-up ends, so many at a time. */
const keepEmitting = (at: Situation, sales: Connected, note: string, every: number, atATime = 1): void => {
  let isOver = false
  at.later(() => isOver = true)
  const go = async () => {
    while (!isOver) {
      await Promise.allSettled(Array.from({ length: atATime }, () => place(sales, note)))
      await at.pause(every)
    }
  }
  void go()
}

export const events: ReadonlyArray<SetUp> = [
  {
    name: "one order, one listener",
    isEverywhere: true,
    isCommand: true,
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      await place(await at.join("sales"))
      await warranty.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "one order, of which the id is known",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const id = await place(await at.join("sales"))
      await warranty.said(/^done$/)
      return { id }
    },
    expected: whole,
  },
  {
    name: "heavy traffic",
    ask,
    prepare: async (at) => {
      await at.run("warranty.ts")
      keepEmitting(at, await at.join("sales"), "quiet", 50, 50)
      await at.pause(2_000)
    },
    expected: whole,
  },
  {
    name: "three processes of the listener's app",
    ask,
    prepare: async (at) => {
      const all = await Promise.all([1, 2, 3].map(() => at.run("warranty.ts")))
      const sales = await at.join("sales")
      for (let i = 0; i < 9; i++) await place(sales)
      await at.until("each had some", () => all.every((one) => /"done"/.test(one.stdout())))
    },
    expected: whole,
  },
  {
    name: "one of two processes was killed, and the other goes on",
    ask,
    prepare: async (at) => {
      const [first, second] = await Promise.all([at.run("warranty.ts"), at.run("warranty.ts")])
      const sales = await at.join("sales")
      await place(sales)
      first!.signal("SIGKILL")
      await first!.ended
      await place(sales)
      await second!.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "dead letters of last month, and successes since",
    ask: { ...ask, to: "archive" },
    prepare: async (at) => {
      const archive = await at.run("archive.ts")
      const month = 30 * 24 * 3_600_000
      const stranger = await at.stranger()
      for (let i = 0; i < 3; i++) {
        await stranger.publish("", "warren.dead.archive", order().payload, {
          messageId: uuid7(month),
          type: "sales.orderPlaced",
          appId: "sales",
          timestamp: Math.floor((Date.now() - month) / 1_000),
          headers: {
            "warren-attempt": 5,
            "warren-dead-reason": "failed",
            "warren-dead-error": "Error: the disk is full",
            "warren-dead-handler": "archive.keep",
            "warren-dead-at": Date.now() - month,
          },
        })
      }
      const sales = await at.join("sales")
      for (let i = 0; i < 3; i++) await place(sales)
      await archive.said(/^done$/, 3)
    },
    expected: whole,
  },
  {
    name: "a dead letter of just now, and successes since",
    ask: { ...ask, to: "archive" },
    prepare: async (at) => {
      const archive = await at.run("archive.ts")
      const sales = await at.join("sales")
      await place(sales, "throw")
      await at.counts("warren.dead.archive", ({ ready }) => ready === 1)
      for (let i = 0; i < 3; i++) await place(sales)
      await archive.said(/^done$/, 3)
    },
    expected: whole,
  },
  {
    name: "a dead letter of another handler of the same app",
    ask: { ...ask, to: "press.print" },
    prepare: async (at) => {
      const press = await at.run("press.ts")
      await (await at.stranger()).publish("warren.events", "sales.orderCancelled", { orderId: 7 }, {
        type: "sales.orderCancelled",
      })
      await at.counts("warren.dead.press", ({ ready }) => ready === 1)
      await place(await at.join("sales"))
      await press.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "a rolling deploy, with a version that reads the same",
    ask,
    prepare: async (at) => {
      const [old] = await Promise.all([at.run("warranty.ts"), at.run("later/warranty.ts")])
      const sales = await at.join("sales")
      for (let i = 0; i < 6; i++) await place(sales)
      await old!.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "a deploy: the old process ends while the new one runs",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      const old = await at.run("press.ts", { args: ["--grace", "10m"] })
      const sales = await at.join("sales")
      await place(sales, "hang")
      await old.said(/^begun$/)
      const next = await at.run("press.ts")
      old.signal("SIGTERM")
      await old.said(/^Ending/)
      await place(sales)
      await next.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "heavy traffic, of which one in five is tried twice",
    ask,
    prepare: async (at) => {
      await at.run("warranty.ts")
      keepEmitting(at, await at.join("sales"), "stumble 0.2", 100, 20)
      await at.pause(3_000)
    },
    expected: whole,
  },
  {
    name: "a handler that lets its process do nothing else",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      await at.run("press.ts")
      keepEmitting(at, await at.join("sales"), "block 600", 900)
      await at.pause(2_000)
    },
    expected: whole,
  },
  {
    name: "another binding brings the listener what it does not read",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      await (await at.stranger()).channel.bindQueue(register, "warren.events", "#")
      const sales = await at.join("sales")
      await place(sales)
      await warranty.said(/^done$/)
      await sales.emit(Sales.orderCancelled({ orderId: "o1" }))
      await at.counts("warren.dead.warranty", ({ ready }) => ready === 1)
    },
    expected: whole,
  },
  {
    name: "somebody else took messages until a moment ago",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const { channel, close } = await at.stranger()
      await channel.consume(register, (message) => message !== null && channel.ack(message))
      await at.shown(register, 2)
      await close()
      await place(await at.join("sales"))
      await warranty.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "two versions of an app, of which the next one has no such handler",
    ask: { ...ask, to: "warranty.register" },
    prepare: async (at) => {
      const [warranty] = await Promise.all([at.run("warranty.ts"), at.run("renamed/warranty.ts")])
      await place(await at.join("sales"))
      await warranty!.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "a message that has its turn soon",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      const press = await at.run("press.ts")
      const sales = await at.join("sales")
      for (let i = 0; i < 2; i++) await place(sales, "sleep 300")
      for (let i = 0; i < 40; i++) await place(sales, "sleep 400")
      const id = await place(sales)
      await press.until(/"ready"/)
      await at.pause(1_500)
      return { id }
    },
    expected: whole,
  },
  {
    name: "one of two processes hangs at one message, and the other goes on",
    ask: { ...ask, to: "press" },
    prepare: async (at) => {
      const first = await at.run("press.ts")
      const sales = await at.join("sales")
      await place(sales, "hang")
      await first.said(/^begun$/)
      const second = await at.run("press.ts")
      for (let i = 0; i < 6; i++) await place(sales)
      await second.said(/^done$/, 3)
    },
    expected: whole,
  },
  {
    name: "limits that nothing comes near to, and another exchange for what no queue wants",
    needs: "policies",
    ask,
    prepare: async (at) => {
      await at.hands.policy("generous", ".*", { "message-ttl": 60_000, "max-length-bytes": 100_000_000 })
      const warranty = await at.run("warranty.ts")
      await (await at.stranger()).channel.assertExchange("unheard", "fanout")
      await at.hands.policy("rest", "^warren\\.events$", { "alternate-exchange": "unheard" }, "exchanges")
      await place(await at.join("sales"))
      await warranty.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "a stranger's messages say more than the contract",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const { publish } = await at.stranger()
      for (let i = 0; i < 3; i++) {
        await publish("warren.events", "sales.orderPlaced", { ...order().payload, coupon: "X" }, {
          type: "sales.orderPlaced",
        })
      }
      await warranty.said(/^done$/, 3)
    },
    expected: whole,
  },
  {
    name: "20,000 messages at once for a quick handler",
    ask,
    prepare: async (at) => {
      await at.run("warranty.ts")
      const sales = await at.join("sales")
      await place(sales, "quiet")
      for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 500 }, () => place(sales, "quiet")))
    },
    expected: whole,
  },
  {
    name: "a slow handler that keeps up",
    ask,
    prepare: async (at) => {
      await at.run("warranty.ts")
      keepEmitting(at, await at.join("sales"), "sleep 400", 100)
      await at.pause(2_000)
    },
    expected: whole,
  },
  {
    name: "all that may be in hand is, for a moment",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const sales = await at.join("sales")
      await place(sales)
      await warranty.said(/^done$/)
      keepEmitting(at, sales, "sleep 100", 200, 24)
      await at.pause(1_500)
    },
    expected: whole,
  },
  {
    name: "5,000 messages, which are worked off in seconds",
    ask,
    prepare: async (at) => {
      await at.run("warranty.ts")
      await place(await at.join("sales"), "quiet")
      const { channel } = await at.stranger()
      const body = Buffer.from(JSON.stringify(order("quiet").payload))
      for (let i = 0; i < 5_000; i++) {
        channel.publish("warren.events", "sales.orderPlaced", body, {
          messageId: uuid7(),
          type: "sales.orderPlaced",
          appId: "sales",
          contentType: "application/json",
          persistent: true,
        })
      }
      await channel.waitForConfirms()
    },
    expected: whole,
  },
  {
    name: "nobody said to whom, and both listeners have it",
    ask: { subject: "sales.orderPlaced", from: "sales" },
    workers: null,
    prepare: async (at) => {
      const [warranty, archive] = await Promise.all([at.run("warranty.ts"), at.run("archive.ts")])
      await place(await at.join("sales"))
      await Promise.all([warranty!.said(/^done$/), archive!.said(/^done$/)])
    },
    expected: whole,
  },
  {
    name: "a queue of somebody else's hears of it, too",
    isCommand: true,
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const { channel } = await at.stranger()
      await channel.assertQueue("audit", { durable: true })
      await channel.bindQueue("audit", "warren.events", "#")
      await place(await at.join("sales"))
      await warranty.said(/^done$/)
      await at.counts("audit", ({ ready }) => ready === 1)
    },
    expected: whole,
  },
  {
    name: "a listener that keeps order",
    ask: { ...ask, to: "books" },
    prepare: async (at) => {
      const books = await at.run("books.ts")
      const sales = await at.join("sales")
      for (let i = 0; i < 4; i++) await place(sales)
      await books.said(/^done$/, 4)
    },
    expected: whole,
  },
  {
    name: "a listener that keeps order, with a second process that waits for its turn",
    ask: { ...ask, to: "books" },
    prepare: async (at) => {
      const books = await at.run("books.ts")
      await at.run("books.ts")
      await place(await at.join("sales"))
      await books.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "an app with a schedule",
    ask: { ...ask, to: "nightly" },
    prepare: async (at) => {
      const nightly = await at.run("nightly.ts")
      await place(await at.join("sales"))
      await nightly.said(/^done$/)
      await at.pause(1_500)
    },
    expected: whole,
  },
  {
    name: "an old retry that has succeeded since",
    isEverywhere: true,
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const id = await place(await at.join("sales"), "throw once")
      await warranty.said(/^done$/)
      return { id }
    },
    expected: whole,
  },
  {
    name: "an old retry that has succeeded since, and nobody said which message",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      await place(await at.join("sales"), "throw once")
      await warranty.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "another app's retry waits in the same tier",
    ask,
    prepare: async (at) => {
      const [warranty] = await Promise.all([at.run("warranty.ts"), at.run("billing.ts")])
      const sales = await at.join("sales")
      // to that one alone
      await (await at.stranger()).publish("", "warren.on.billing.charge", order("throw").payload, {
        type: "sales.orderPlaced",
      })
      await at.counts("warren.retry.10m", ({ ready }) => ready === 1)
      await place(sales)
      await warranty!.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "something was skipped once, and the rest was handled",
    ask: { ...ask, to: "post" },
    prepare: async (at) => {
      const post = await at.run("post.ts")
      const sales = await at.join("sales")
      const id = await place(sales)
      await post.said(/^done$/)
      // the rest comes after it was skipped
      await place(sales, undefined, { id })
      await at.pause(300)
      await place(sales)
      await post.said(/^done$/, 2)
    },
    expected: whole,
  },
  {
    name: "an app that was just restarted",
    ask,
    prepare: async (at) => {
      const first = await at.run("warranty.ts")
      const sales = await at.join("sales")
      await place(sales)
      await first.said(/^done$/)
      first.signal("SIGTERM")
      await first.ended
      await place(sales)
      const second = await at.run("warranty.ts")
      await second.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "an app that was killed and started again",
    ask,
    prepare: async (at) => {
      const first = await at.run("warranty.ts")
      const sales = await at.join("sales")
      await place(sales)
      await first.said(/^done$/)
      first.signal("SIGKILL")
      await first.ended
      await at.run("warranty.ts")
      await place(sales)
      await at.counts(register, ({ ready, consumers }) => ready === 0 && consumers === 1)
    },
    expected: whole,
  },
  {
    name: "an emitter that has ended since",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const sales = await at.join("sales")
      await place(sales)
      await warranty.said(/^done$/)
      await sales.close()
    },
    expected: whole,
  },
  {
    name: "an emitter that is somebody else's program",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const stranger = await at.stranger()
      for (let i = 0; i < 3; i++) {
        await stranger.publish("warren.events", "sales.orderPlaced", order().payload, {
          type: "sales.orderPlaced",
          appId: "sales",
        })
      }
      await warranty.said(/^done$/, 3)
    },
    expected: whole,
  },
  {
    name: "emitter and listener in one process",
    ask,
    prepare: async (at) => {
      const warranty = await import("../workers/warranty.ts")
      const sales = await at.join("sales", { workers: { warranty } })
      await place(sales, "quiet")
      await at.counts(register, ({ ready }) => ready === 0)
    },
    expected: whole,
  },
  {
    name: "another listener of the same event stands still",
    ask,
    prepare: async (at) => {
      const [warranty, press] = await Promise.all([at.run("warranty.ts"), at.run("press.ts")])
      const sales = await at.join("sales")
      // hangs in the press alone
      await (await at.stranger()).publish("", "warren.on.press.print", order("hang").payload, {
        type: "sales.orderPlaced",
      })
      await press!.said(/^begun$/)
      for (let i = 0; i < 3; i++) await place(sales)
      await warranty!.said(/^done$/, 3)
    },
    expected: whole,
  },
  {
    name: "another listener of the same event was stopped",
    ask,
    prepare: async (at) => {
      const [warranty, archive] = await Promise.all([at.run("warranty.ts"), at.run("archive.ts")])
      const sales = await at.join("sales")
      archive!.signal("SIGTERM")
      await archive!.ended
      await place(sales)
      await warranty!.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "the same team in another vhost, where it is stopped",
    ask,
    prepare: async (at) => {
      const other = await at.another()
      const there = await other.run("warranty.ts")
      there.signal("SIGKILL")
      await there.ended
      await place(await other.join("sales"))
      const warranty = await at.run("warranty.ts")
      await place(await at.join("sales"))
      await warranty.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "users with no more rights than they need, and generous limits on every queue",
    needs: "rights",
    ask,
    prepare: async (at) => {
      const own = "^(warren\\..*|)$"
      const user = await at.user({ configure: own, write: `${own}|amq\\.default`, read: own })
      await at.hands.policy("generous", ".*", { "message-ttl": 24 * 3_600_000, "max-length": 1_000_000 })
      const warranty = await at.run("warranty.ts", { url: at.url(user) })
      await place(await at.join("sales", { broker: at.url(user) }))
      await warranty.said(/^done$/)
    },
    expected: whole,
  },
  {
    name: "an emit that was refused once, and many that were not",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const sales = await at.join("sales")
      await sales.emit(Sales.orderPlaced({ orderId: "o1", customer: 7 as never })).catch(() => {})
      for (let i = 0; i < 3; i++) await place(sales)
      await warranty.said(/^done$/, 3)
    },
    expected: whole,
  },
  {
    name: "nobody has the modules at hand",
    workers: null,
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      await place(await at.join("sales"))
      await warranty.said(/^done$/)
    },
    expected: whole,
  },
]
