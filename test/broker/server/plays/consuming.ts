/**
 * Consuming and getting.
 */
import type { Play } from "../Stage.ts"

/** See the top of the file. */
export const consuming: ReadonlyArray<Play> = [
  {
    name: "consume: what waits and what comes",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, "1")
      await a.consume(q, "c")
      await a.publish("", q, "2")
      await a.ack(2, true)
      await a.cancel("c")
      await a.publish("", q, "3")
      await a.cancel("c")
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "consume: a tag by the server",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q"), { exclusive: true })
      await a.consume(stage.name("q"), "")
    },
  },
  {
    name: "consume: a tag that is taken",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q"), { exclusive: true })
      await a.consume(stage.name("q"), "c")
      await a.consume(stage.name("q"), "c")
    },
  },
  {
    name: "consume: a tag that is taken on another channel",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q"), { exclusive: true })
      await a.consume(stage.name("q"), "c")
      await a.open(2)
      await a.consume(stage.name("q"), "c")
    },
  },
  {
    name: "consume: an unknown queue",
    run: async (stage) => {
      const a = await stage.open()
      await a.consume(stage.name("none"), "c")
    },
  },
  {
    name: "consume: a taken tag and an unknown queue",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q"), { exclusive: true })
      await a.consume(stage.name("q"), "c")
      await a.consume(stage.name("none"), "c")
    },
  },
  {
    name: "consume: exclusively, where somebody is",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q)
      await a.consume(q, "1")
      const b = await stage.open()
      await b.consume(q, "2", { exclusive: true })
      await a.deleteQueue(q)
    },
  },
  {
    name: "consume: where somebody is alone",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q)
      await a.consume(q, "1", { exclusive: true })
      const b = await stage.open()
      await b.consume(q, "2")
      await b.send({ name: "channel.close-ok" })
      await b.open()
      await b.get(q)
      await a.cancel("1")
      await b.consume(q, "2")
      await a.deleteQueue(q)
    },
  },
  {
    name: "consume: no local counts for nothing",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.consume(q, "c", { noLocal: true, noAck: true })
      await a.publish("", q, "mine")
    },
  },
  {
    name: "consume: no ack",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.qos(1)
      await a.consume(q, "c", { noAck: true })
      for (const body of ["1", "2", "3"]) await a.publish("", q, body)
      await a.ack(1)
    },
  },
  {
    name: "consume: prefetch of each consumer",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      for (const body of ["1", "2", "3", "4", "5"]) await a.publish("", q, body)
      await a.qos(1)
      await a.consume(q, "one")
      await a.qos(2)
      await a.consume(q, "two")
      await a.ack(1)
      await a.ack(3, true)
    },
  },
  {
    name: "consume: prefetch of the channel",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      for (const body of ["1", "2", "3", "4", "5"]) await a.publish("", q, body)
      await a.qos(2, true)
      await a.consume(q, "one")
      await a.consume(q, "two")
      await a.ack(1)
      await a.qos(4, true)
      await a.qos(0, true)
    },
  },
  {
    name: "consume: prefetch of the channel does not count what was got",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      for (const body of ["1", "2", "3"]) await a.publish("", q, body)
      await a.qos(1, true)
      await a.get(q)
      await a.consume(q, "one")
    },
  },
  {
    name: "consume: a prefetch by bytes",
    run: async (stage) => {
      const a = await stage.open()
      await a.qos(1, false, 100)
    },
  },
  {
    name: "consume: in turns",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.consume(q, "one", { noAck: true })
      await a.consume(q, "two", { noAck: true })
      for (const body of ["1", "2", "3", "4"]) await a.publish("", q, body)
    },
  },
  {
    name: "consume: priorities",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.qos(1)
      await a.consume(q, "low")
      await a.consume(q, "high", { args: { "x-priority": 5 } })
      await a.publish("", q, "1")
      await a.publish("", q, "2")
      await a.publish("", q, "3")
      await a.ack(1)
    },
  },
  {
    name: "consume: a priority that is no number",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q"), { exclusive: true })
      await a.consume(stage.name("q"), "c", { args: { "x-priority": "high" } })
    },
  },
  {
    name: "consume: one active at a time",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { args: { "x-single-active-consumer": true } })
      await a.qos(1)
      await a.consume(q, "one")
      await a.consume(q, "two")
      await a.publish("", q, "1")
      await a.publish("", q, "2")
      await a.cancel("one")
      await a.ack(1)
      await a.publish("", q, "3")
      await a.deleteQueue(q)
    },
  },
  {
    name: "consume: one active at a time, of a quorum queue",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, {
        durable: true,
        args: { "x-single-active-consumer": true, "x-queue-type": "quorum" },
      })
      await stage.wait(500)
      await a.qos(1)
      await a.consume(q, "one")
      await a.consume(q, "two")
      await a.publish("", q, "1")
      await a.publish("", q, "2")
      await stage.wait(300)
      await a.cancel("one")
      await stage.wait(300)
      await a.ack(1)
      await a.publish("", q, "3")
      await a.deleteQueue(q)
    },
  },
  {
    name: "consume: exclusively from a queue with one active consumer",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true, args: { "x-single-active-consumer": true } })
      await a.consume(q, "one", { exclusive: true })
    },
  },
  {
    name: "consume: the queue is deleted",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q)
      await a.publish("", q, "1")
      await a.consume(q, "c")
      const b = await stage.open()
      await b.deleteQueue(q)
      await a.ack(1)
      await a.cancel("c")
    },
  },
  {
    name: "consume: the queue is deleted, and the client does not understand",
    run: async (stage) => {
      const a = await stage.open({ capabilities: [] })
      const q = stage.name("q")
      await a.queue(q)
      await a.consume(q, "c")
      await a.deleteQueue(q)
      await a.queue("", { exclusive: true })
    },
  },
  {
    name: "consume: no wait",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.consume(q, "c", { noWait: true })
      await a.publish("", q, "1")
      await a.send({ name: "basic.cancel", consumerTag: "c", noWait: true })
      await a.publish("", q, "2")
    },
  },
  {
    name: "consume: a cancelled consumer's deliveries stay in hand",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, "1")
      await a.publish("", q, "2")
      await a.qos(1)
      await a.consume(q, "c")
      await a.cancel("c")
      await a.queue(q, { passive: true })
      await a.nack(1)
      await a.get(q, true)
    },
  },
  {
    name: "consume: the connection goes, and another one gets it again",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { autoDelete: true })
      const b = await stage.open()
      await b.qos(1)
      await a.consume(q, "a")
      await a.publish("", q, "1")
      await a.publish("", q, "2")
      await b.consume(q, "b")
      await a.send({ name: "connection.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 }, 0)
      await stage.wait(100)
      await b.ack(1)
    },
  },
  {
    name: "get: from a queue and from none",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.get(q)
      for (const body of ["1", "2", "3"]) await a.publish("", q, body)
      await a.get(q)
      await a.get(q, true)
      await a.nack(1)
      await a.get(q)
      await a.get(q)
      await a.ack(4)
      await a.get(stage.name("none"))
    },
  },
  {
    name: "get: time to live",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true, args: { "x-message-ttl": 150 } })
      await a.publish("", q, "1")
      await a.publish("", q, "2", { expiration: "10000" })
      await stage.wait(400)
      await a.queue(q, { passive: true })
      await a.get(q)
    },
  },
]
