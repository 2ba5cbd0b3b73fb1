/**
 * Publisher confirms.
 */
import type { Play } from "../Stage.ts"

/** See the top of the file. */
export const confirms: ReadonlyArray<Play> = [
  {
    name: "confirm: one after another",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, "before")
      await a.confirm()
      await a.confirm()
      await a.publish("", q, "1")
      await a.publish("", stage.name("none"), "2")
      await a.publish("", stage.name("none"), "3", {}, { mandatory: true })
      await a.publish("", q, "4", { deliveryMode: 2 })
    },
  },
  {
    name: "confirm: durable",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { durable: true })
      await a.confirm()
      await a.publish("", q, "1", { deliveryMode: 2 })
      await a.publish("", q, "2")
      await a.deleteQueue(q)
    },
  },
  {
    name: "confirm: nothing for what is refused",
    run: async (stage) => {
      const a = await stage.open()
      await a.confirm()
      await a.publish(stage.name("none"), "k", "1")
    },
  },
  {
    name: "confirm: no wait",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "confirm.select", noWait: true })
      await a.publish("", stage.name("none"), "1")
    },
  },
  {
    name: "confirm: not in a transaction",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "tx.select" })
      await a.confirm()
    },
  },
  {
    name: "confirm: no transaction after it",
    run: async (stage) => {
      const a = await stage.open()
      await a.confirm()
      await a.send({ name: "tx.select" })
    },
  },
  {
    name: "confirm: an ack by the client of what was published",
    run: async (stage) => {
      const a = await stage.open()
      await a.confirm()
      await a.publish("", stage.name("none"), "1")
      await a.ack(1)
    },
  },
  {
    name: "confirm: one of two queues refuses",
    run: async (stage) => {
      const a = await stage.open()
      const [e, p, q] = [stage.name("e"), stage.name("p"), stage.name("q")]
      await a.exchange(e, "fanout", { autoDelete: true })
      await a.queue(p, { exclusive: true })
      await a.queue(q, { exclusive: true, args: { "x-max-length": 0, "x-overflow": "reject-publish" } })
      await a.bind(p, e)
      await a.bind(q, e)
      await a.confirm()
      await a.publish(e, "", "1", {}, { mandatory: true })
      await a.get(p, true)
    },
  },
]
