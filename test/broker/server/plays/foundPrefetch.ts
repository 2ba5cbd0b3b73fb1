/**
 * What differential runs found, each made short: the server once said something else than RabbitMQ. Here who has room, and whose
 * turn it is.
 */
import type { Play } from "../Stage.ts"

const quorum = { "x-queue-type": "quorum" }

/** See the top of the file. */
export const foundPrefetch: ReadonlyArray<Play> = [
  {
    name: "found: prefetch of a channel, and a quorum queue",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: quorum })
      await a.qos(1, true)
      const b = await stage.open()
      await a.consume(q, "c")
      await b.deleteQueue(q)
    },
  },
  {
    name: "found: a prefetch of each consumer ends that of the channel",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.qos(1, true)
      await a.qos(2)
      await a.consume(q, "c")
      await a.consume(q, "d")
      for (const body of ["1", "2", "3", "4", "5"]) await a.publish("", q, body)
    },
  },
  {
    name: "found: a prefetch of the channel counts what was got before it",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, "1")
      await a.get(q)
      await a.qos(1, true)
      await a.consume(q, "c")
      await a.publish("", q, "2")
      await a.ack(1)
      await a.publish("", q, "3")
      await a.qos(2, true)
      await a.ack(2)
    },
  },
  {
    name: "found: a consumer that has room again before it was passed over keeps its turn",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q)
      await a.qos(1, true)
      await a.publish("", q, "1")
      await a.consume(q, "c")
      await b.consume(q, "c")
      await a.send({ name: "basic.recover-async", requeue: true })
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: a prefetch of the channel does not hold for consumers of quorum queues that are there",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: quorum })
      await a.consume(q, "c")
      await a.qos(1, true)
      for (const body of ["1", "2"]) await a.publish("", q, body)
      await stage.wait(200)
      await a.deleteQueue(q)
      await stage.wait(500)
    },
  },
  {
    name: "found: what is acked of a quorum queue makes room in the prefetch of the channel",
    run: async (stage) => {
      const a = await stage.open()
      const [q, k] = [stage.name("q"), stage.name("k")]
      await a.queue(q, { exclusive: true })
      await a.queue(k, { durable: true, args: quorum })
      await a.consume(k, "k")
      for (const body of ["1", "2"]) await a.publish("", k, body)
      await stage.wait(200)
      await a.qos(2, true)
      for (const body of ["3", "4", "5"]) await a.publish("", q, body)
      await a.consume(q, "q")
      await a.ack(1)
      await a.nack(2, false, false)
      await a.deleteQueue(k)
      await stage.wait(500)
    },
  },
  {
    name: "found: acks that count for more than is in hand make more room, though not where nothing is",
    run: async (stage) => {
      const a = await stage.open()
      const [q, k] = [stage.name("q"), stage.name("k")]
      await a.queue(q, { exclusive: true })
      await a.queue(k, { durable: true, args: quorum })
      await a.consume(k, "k")
      await a.qos(1, true)
      for (const body of ["1", "2", "3"]) await a.publish("", k, body)
      await stage.wait(200)
      await a.ack(3, true)
      await a.consume(q, "q")
      for (const body of ["4", "5", "6", "7", "8"]) await a.publish("", q, body)
      for (const body of ["9", "10"]) await a.publish("", k, body)
      await stage.wait(200)
      await a.ack(6, true)
      await a.deleteQueue(k)
      await stage.wait(500)
    },
  },
  {
    name: "found: a delivery counts for the prefetch of the channel until it is settled, though its queue is gone",
    run: async (stage) => {
      const a = await stage.open()
      const [q, gone] = [stage.name("q"), stage.name("gone")]
      await a.queue(q, { exclusive: true })
      await a.queue(gone, { exclusive: true })
      await a.qos(1, true)
      await a.consume(gone, "gone")
      await a.consume(q, "q")
      await a.publish("", gone, "1")
      await a.publish("", q, "2")
      await a.deleteQueue(gone)
      await a.queue(q, { passive: true })
      await a.ack(1)
    },
  },
  {
    name: "found: those who found the prefetch of their channel used up keep the order in which it was their turn",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q)
      await a.consume(q, "t0")
      await a.consume(q, "t1", { noAck: true })
      await a.qos(2, true)
      for (const body of ["1", "2", "3", "4"]) await b.publish("", q, body)
      await a.ack(1)
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: who comes while the prefetch of the channel is used up is asked after those who were there",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q)
      await a.consume(q, "t0")
      await a.qos(1, true)
      await b.publish("", q, "1")
      await a.consume(q, "t1")
      await b.publish("", q, "2")
      await a.ack(1)
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: a consumer of a quorum queue that has no room left loses its place",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: { ...quorum, "x-delivery-limit": 9 } })
      await a.qos(1)
      await a.consume(q, "t0")
      await b.publish("", q, "1")
      await stage.wait(200)
      await a.consume(q, "t1")
      await a.nack(1)
      await stage.wait(200)
      await a.deleteQueue(q)
      await stage.wait(500)
    },
  },
  {
    name: "found: what needs no ack uses up no prefetch of the channel, not even for a moment",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q)
      await a.consume(q, "t4")
      await a.qos(1, true)
      await a.consume(q, "t5", { noAck: true })
      for (const body of ["1", "2", "3"]) await b.publish("", q, body)
      await a.ack(1)
      await a.deleteQueue(q)
    },
  },
]
