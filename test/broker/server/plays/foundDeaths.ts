/**
 * What differential runs found, each made short: the server once said something else than RabbitMQ. Here limits, times to live,
 * and dead letters.
 */
import type { Play } from "../Stage.ts"

const quorum = { "x-queue-type": "quorum" }

/** See the top of the file. */
export const foundDeaths: ReadonlyArray<Play> = [
  {
    name: "found: what expired behind a message that is got is gone",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, "1")
      await a.publish("", q, "2", { expiration: "0" })
      await a.queue(q, { passive: true })
      await a.get(q)
      await a.get(q)
    },
  },
  {
    name: "found: too many is told before too late",
    run: async (stage) => {
      const a = await stage.open()
      const [q, dead] = [stage.name("q"), stage.name("dead")]
      await a.queue(dead, { exclusive: true })
      const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead }
      await a.queue(q, { exclusive: true, args: { ...letters, "x-max-length": 0 } })
      await a.publish("", q, "1", { expiration: "0" })
      await a.get(dead, true)
    },
  },
  {
    name: "found: the urgent ones of many that are rejected die first",
    run: async (stage) => {
      const a = await stage.open()
      const [q, dead] = [stage.name("q"), stage.name("dead")]
      await a.queue(dead, { exclusive: true })
      const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead }
      await a.queue(q, { exclusive: true, args: { ...letters, "x-max-priority": 5 } })
      await a.consume(q, "c")
      for (const [i, priority] of [0, 1, 0, 2].entries()) await a.publish("", q, `${i}`, { priority })
      await a.nack(0, true, false)
      for (let i = 0; i < 4; i++) await a.get(dead, true)
    },
  },
  {
    name: "found: a quorum queue counts what has expired behind a message that is got",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: quorum })
      await a.publish("", q, "1")
      await a.publish("", q, "2", { expiration: "0" })
      await a.get(q, true)
      await stage.wait(100)
      await a.queue(q, { passive: true, durable: true })
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: a quorum queue that refuses opens when a part of its limit is free",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: { ...quorum, "x-max-length": 2, "x-overflow": "reject-publish" } })
      await a.confirm()
      for (const body of ["1", "2", "3", "4"]) await a.publish("", q, body)
      await a.get(q, true)
      await a.publish("", q, "5")
      await a.get(q, true)
      await a.publish("", q, "6")
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: a commit that a queue refuses ends the channel",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true, args: { "x-max-length": 1, "x-overflow": "reject-publish" } })
      await a.publish("", q, "1")
      await a.send({ name: "tx.select" })
      await a.get(q)
      await a.ack(1)
      await a.publish("", q, "2")
      await a.publish("", q, "3")
      await a.send({ name: "tx.commit" })
      await a.open(2)
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "found: a delivery limit below 0 is beyond with the first return",
    run: async (stage) => {
      const a = await stage.open()
      const [q, dead] = [stage.name("q"), stage.name("dead")]
      await a.queue(dead, { exclusive: true })
      const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead }
      await a.queue(q, { durable: true, args: { ...quorum, ...letters, "x-delivery-limit": -1 } })
      await a.publish("", q, "1")
      await a.get(q)
      await a.nack(1)
      await stage.wait(200)
      await a.get(dead, true)
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: a quorum queue that is full refuses those it knows, and newcomers while it is beyond its limit",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.confirm()
      await b.confirm()
      await a.queue(q, { durable: true, args: { ...quorum, "x-max-length": 2, "x-overflow": "reject-publish" } })
      for (const body of ["1", "2", "3", "4"]) {
        await a.publish("", q, body)
        await stage.wait(200)
      }
      await b.publish("", q, "5")
      await b.get(q, true)
      await b.publish("", q, "6")
      await b.open(2)
      b.channel = 2
      await b.confirm()
      await b.publish("", q, "7")
      await stage.wait(200)
      await b.publish("", q, "8")
      await a.publish("", q, "9")
      await b.get(q, true)
      await b.get(q, true)
      await stage.wait(200)
      await a.publish("", q, "10")
      await b.deleteQueue(q)
    },
  },
  {
    name: "found: dead letters are taken by a quorum queue that refuses publishes, not by a classic one",
    run: async (stage) => {
      const a = await stage.open()
      for (const type of ["quorum", "classic"]) {
        const [q, dead] = [stage.name(`${type}/q`), stage.name(`${type}/dead`)]
        const args = { "x-queue-type": type, "x-max-length": 0, "x-overflow": "reject-publish" }
        await a.queue(dead, { durable: true, args })
        const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead }
        await a.queue(q, { durable: true, args: letters })
        for (const body of ["1", "2"]) await a.publish("", q, body, { expiration: "0" })
        await stage.wait(200)
        await a.queue(dead, { durable: true, args, passive: true })
        await a.deleteQueue(q)
        await a.deleteQueue(dead)
      }
    },
  },
  {
    name: "found: what is next in a classic queue since another one was dropped may have expired",
    run: async (stage) => {
      const a = await stage.open()
      const [q, dead] = [stage.name("q"), stage.name("dead")]
      await a.queue(dead, { exclusive: true })
      const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead }
      await a.queue(q, { exclusive: true, args: { ...letters, "x-max-length": 1 } })
      await a.publish("", q, "1")
      await a.publish("", q, "2", { expiration: "0" })
      await a.publish("", q, "3", { expiration: "0" })
      for (let i = 0; i < 4; i++) await a.get(dead, true)
    },
  },
  {
    name: "found: what expired in a hand dies of it when its connection ends, before its exclusive queue goes",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const [q, dead] = [stage.name("q"), stage.name("dead")]
      await b.queue(dead, { exclusive: true })
      await b.consume(dead, "dead", { noAck: true })
      const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead }
      await a.queue(q, { exclusive: true, args: { ...letters, "x-message-ttl": 100 } })
      await a.consume(q, "c")
      await a.publish("", q, "1")
      await stage.wait(300)
      await a.send({ name: "connection.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 }, 0)
      await stage.wait(100)
      await b.queue(q, { passive: true })
    },
  },
  {
    name: "found: a commit that a full queue refuses is no commit, but for a quorum queue",
    run: async (stage) => {
      for (const type of ["quorum", "classic"]) {
        const a = await stage.open()
        const q = stage.name(type)
        const args = { "x-queue-type": type, "x-max-length": 0, "x-overflow": "reject-publish" }
        await a.queue(q, { durable: true, args })
        await a.send({ name: "tx.select" })
        for (const body of ["1", "2"]) {
          await a.publish("", q, body)
          await a.send({ name: "tx.commit" })
          await stage.wait(200)
        }
        const b = await stage.open()
        await b.deleteQueue(q)
      }
    },
  },
  {
    name: "found: what expires with its queue dies of that",
    run: async (stage) => {
      const a = await stage.open()
      const [q, dead] = [stage.name("q"), stage.name("dead")]
      await a.queue(dead, { exclusive: true })
      const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead }
      await a.queue(q, { args: { ...letters, "x-expires": 300 } })
      await a.publish("", q, "1".padEnd(100_000), { expiration: "295" })
      await a.queue(q, { passive: true, args: {} })
      await stage.wait(600)
      await a.queue(dead, { passive: true })
    },
  },
  {
    name: "found: in a record of deaths the latest comes first, and those before it in the other order each time",
    run: async (stage) => {
      const a = await stage.open()
      const names = ["1", "2", "3", "4", "5"].map((one) => stage.name(one))
      for (const [i, name] of names.entries()) {
        const next = names[i + 1]
        const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": next, "x-message-ttl": 0 }
        await a.queue(name, { exclusive: true, args: next === undefined ? {} : letters })
      }
      await a.publish("", names[0]!, "1")
      await a.get(names[4]!, true)
    },
  },
  {
    name: "found: several that a consumer of a quorum queue gives back once too often die in their order",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const [q, dead] = [stage.name("q"), stage.name("dead")]
      await b.queue(dead, { exclusive: true })
      const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead }
      await a.queue(q, { durable: true, args: { ...quorum, ...letters, "x-delivery-limit": 0 } })
      for (const body of ["1", "2", "3", "4"]) await a.publish("", q, body)
      await a.consume(q, "c")
      await stage.wait(200)
      await a.nack(2, true)
      await stage.wait(200)
      await a.send({ name: "channel.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 })
      await stage.wait(200)
      for (let i = 0; i < 4; i++) await b.get(dead, true)
      await b.deleteQueue(q)
    },
  },
]
