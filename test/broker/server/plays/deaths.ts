/**
 * Dead letters: what they carry and where they go.
 */
import { type Play, type Stage, tableOf } from "../Stage.ts"

/** A connection, a queue that buries into another, and that other one. */
const graveyard = async (stage: Stage, args: Readonly<Record<string, unknown>> = {}) => {
  const a = await stage.open()
  const [q, dead] = [stage.name("q"), stage.name("dead")]
  await a.queue(dead, { exclusive: true })
  await a.queue(q, {
    exclusive: true,
    args: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead, ...args },
  })
  return { a, q, dead }
}

/** See the top of the file. */
export const deaths: ReadonlyArray<Play> = [
  {
    name: "death: rejected",
    run: async (stage) => {
      const { a, q, dead } = await graveyard(stage)
      await a.publish("", q, "1", {
        headers: tableOf({ mine: 1, CC: [stage.name("none")] }),
        expiration: "60000",
        priority: 1,
      })
      await a.get(q)
      await a.reject(1, false)
      await a.get(dead, true)
    },
  },
  {
    name: "death: expired by the queue and by itself",
    run: async (stage) => {
      const { a, q, dead } = await graveyard(stage, { "x-message-ttl": 300 })
      await a.publish("", q, "itself", { expiration: "100" })
      await a.publish("", q, "queue", { expiration: "60000" })
      await stage.wait(600)
      await a.get(dead, true)
      await a.get(dead, true)
    },
  },
  {
    name: "death: one too many",
    run: async (stage) => {
      const { a, q, dead } = await graveyard(stage, { "x-max-length": 1 })
      await a.publish("", q, "1")
      await a.publish("", q, "2")
      await a.get(dead, true)
      await a.get(q, true)
    },
  },
  {
    name: "death: refused, and buried all the same",
    run: async (stage) => {
      const { a, q, dead } = await graveyard(stage, { "x-max-length": 1, "x-overflow": "reject-publish-dlx" })
      await a.confirm()
      await a.publish("", q, "1")
      await a.publish("", q, "2")
      await a.get(dead, true)
      await a.get(q, true)
    },
  },
  {
    name: "death: by its own key, and twice in one queue",
    run: async (stage) => {
      const a = await stage.open()
      const [e, q] = [stage.name("e"), stage.name("q")]
      await a.exchange(e, "fanout", { autoDelete: true })
      await a.queue(q, { exclusive: true, args: { "x-dead-letter-exchange": e } })
      await a.bind(q, e)
      await a.publish("", q, "1")
      for (let i = 1; i <= 3; i++) {
        await a.get(q)
        await a.reject(i, false)
      }
      await a.get(q, true)
    },
  },
  {
    name: "death: a circle without a rejection",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, {
        exclusive: true,
        args: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": q, "x-message-ttl": 100 },
      })
      await a.publish("", q, "1")
      await stage.wait(500)
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "death: two queues, and the first one again",
    run: async (stage) => {
      const a = await stage.open()
      const [p, q] = [stage.name("p"), stage.name("q")]
      await a.queue(p, { exclusive: true, args: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": q } })
      await a.queue(q, {
        exclusive: true,
        args: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": p, "x-message-ttl": 100 },
      })
      await a.publish("", p, "1", { headers: tableOf({ mine: 1 }) })
      await a.get(p)
      await a.reject(1, false)
      await stage.wait(300)
      await a.get(p)
      await a.reject(2, false)
      await stage.wait(300)
      await a.get(p, true)
    },
  },
  {
    name: "death: the exchange is not there",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true, args: { "x-dead-letter-exchange": stage.name("none") } })
      await a.publish("", q, "1")
      await a.get(q)
      await a.reject(1, false)
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "death: a quorum queue's delivery limit",
    run: async (stage) => {
      const a = await stage.open()
      const [q, dead] = [stage.name("q"), stage.name("dead")]
      await a.queue(dead, { exclusive: true })
      await a.queue(q, {
        durable: true,
        args: {
          "x-queue-type": "quorum",
          "x-dead-letter-exchange": "",
          "x-dead-letter-routing-key": dead,
          "x-delivery-limit": 1,
        },
      })
      await stage.wait(500)
      await a.publish("", q, "1", { deliveryMode: 2, headers: tableOf({ mine: 1 }) })
      await stage.wait(300)
      await a.get(q)
      await stage.wait(200)
      await a.reject(1)
      await stage.wait(200)
      await a.get(q)
      await stage.wait(200)
      await a.reject(2)
      await stage.wait(500)
      await a.get(dead, true)
      await a.deleteQueue(q)
    },
  },
]
