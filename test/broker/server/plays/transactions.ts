/**
 * Transactions.
 */
import type { Play } from "../Stage.ts"

/** See the top of the file. */
export const transactions: ReadonlyArray<Play> = [
  {
    name: "tx: publishes wait for the commit",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.send({ name: "tx.select" })
      await a.send({ name: "tx.select" })
      await a.publish("", q, "1")
      await a.publish("", stage.name("none"), "2", {}, { mandatory: true })
      await a.queue(q, { passive: true })
      await a.send({ name: "tx.commit" })
      await a.queue(q, { passive: true })
      await a.publish("", q, "3")
      await a.send({ name: "tx.rollback" })
      await a.queue(q, { passive: true })
      await a.send({ name: "tx.commit" })
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "tx: settlements wait for the commit",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      for (const body of ["1", "2", "3"]) await a.publish("", q, body)
      await a.send({ name: "tx.select" })
      for (let i = 0; i < 3; i++) await a.get(q)
      await a.ack(1)
      await a.nack(2)
      await a.get(q)
      await a.send({ name: "tx.rollback" })
      await a.ack(1)
      await a.nack(2)
      await a.send({ name: "tx.commit" })
      await a.get(q)
      await a.get(q)
    },
  },
  {
    name: "tx: an unknown tag is refused at once",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "tx.select" })
      await a.ack(1)
    },
  },
  {
    name: "tx: an unknown exchange is refused at once",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "tx.select" })
      await a.publish(stage.name("none"), "k", "1")
    },
  },
  {
    name: "tx: commit without select",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "tx.commit" })
    },
  },
  {
    name: "tx: rollback without select",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "tx.rollback" })
    },
  },
  {
    name: "tx: a channel that closes gives back what it settled",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, "1")
      await a.open(2)
      await a.send({ name: "tx.select" })
      await a.get(q)
      await a.ack(1)
      await a.publish("", q, "never")
      await a.send({ name: "channel.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 })
      a.channel = 1
      await stage.wait(50)
      await a.get(q)
      await a.get(q)
    },
  },
]
