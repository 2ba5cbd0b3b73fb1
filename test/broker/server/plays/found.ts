/**
 * What differential runs found, each made short: the server once said something else than RabbitMQ. Here what is neither about room
 * (`foundPrefetch.ts`) nor about limits and deaths (`foundDeaths.ts`).
 */
import type { Play } from "../Stage.ts"

const replyTo = "amq.rabbitmq.reply-to"
const quorum = { "x-queue-type": "quorum" }

/** See the top of the file. */
export const found: ReadonlyArray<Play> = [
  {
    name: "found: a transaction finds its queues when a publish comes",
    run: async (stage) => {
      const a = await stage.open()
      const [q, x] = [stage.name("q"), stage.name("x")]
      await a.exchange(x, "fanout", { autoDelete: true })
      await a.queue(q, { exclusive: true })
      await a.send({ name: "tx.select" })
      await a.publish(x, "", "1")
      await a.bind(q, x)
      await a.send({ name: "tx.commit" })
      await a.get(q)
    },
  },
  {
    name: "found: a wrong binding is wrong before it is locked",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const [q, x] = [stage.name("q"), stage.name("x")]
      await a.exchange(x, "headers", { autoDelete: true })
      await a.queue(q, { exclusive: true })
      await a.bind(q, x)
      await b.bind(q, x, "", { "x-match": "some" })
      await b.open(2)
      await b.bind(q, x, "", { "x-match": "any" })
    },
  },
  {
    name: "found: only a binding that is there is locked for whoever takes it away",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.bind(q, "amq.direct", q)
      await b.unbind(q, "amq.direct", `${q}.other`)
      await b.unbind(q, "amq.direct", q)
    },
  },
  {
    name: "found: blind copies are hidden in what comes back, and in direct replies",
    run: async (stage) => {
      const a = await stage.open()
      const [q, none] = [stage.name("q"), stage.name("none")]
      const headers = new Map([["BCC", { type: "array", value: [{ type: "longstr", value: none }] } as const]])
      await a.publish("", none, "1", { headers }, { mandatory: true })
      await a.queue(q, { exclusive: true })
      await a.consume(replyTo, "c", { noAck: true })
      await a.publish("", q, "call", { replyTo })
      await a.get(q, true)
      await a.publish("", a.lastReplyTo, "reply", { headers })
    },
  },
  {
    name: "found: direct replies use up no delivery tag",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.consume(replyTo, "c", { noAck: true })
      await a.publish("", q, "call", { replyTo })
      await a.get(q, true)
      for (const body of ["1", "2"]) await a.publish("", a.lastReplyTo, body)
      await a.publish("", q, "3")
      await a.get(q, true)
    },
  },
  {
    name: "found: a consumer of direct replies and another one of the same tag",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.consume(replyTo, "c", { noAck: true })
      await a.consume(q, "c")
      await a.cancel("c")
      await a.queue(q, { passive: true })
      await a.cancel("c")
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "found: whether an exclusive queue is durable does not matter",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true, durable: true })
      await a.queue(q, { exclusive: true })
    },
  },
  {
    name: "found: arguments of another type of queue do not matter for one that is there",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q)
      await a.queue(q, { args: { "x-delivery-limit": -1 } })
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: an exclusive declaration of a quorum queue that is there",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: quorum })
      await a.queue(q, { durable: true, exclusive: true, args: quorum })
      await a.open(2)
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: what comes back to a quorum queue stands in the order in which it came back",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: { ...quorum, "x-delivery-limit": 5 } })
      for (const body of ["1", "2", "3", "4"]) await a.publish("", q, body)
      for (let i = 0; i < 3; i++) await a.get(q)
      await a.nack(3)
      await a.nack(1)
      for (let i = 0; i < 3; i++) await a.get(q)
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: an exclusive consumer of a single active quorum queue",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: { ...quorum, "x-single-active-consumer": true } })
      await a.consume(q, "c", { exclusive: true })
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: a consumer of nothing, with a wrong priority",
    run: async (stage) => {
      const a = await stage.open()
      await a.consume(stage.name("none"), "c", { args: { "x-priority": "high" } })
    },
  },
  {
    name: "found: a direct reply goes at once within a transaction",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.consume(replyTo, "c", { noAck: true })
      await a.publish("", q, "call", { replyTo })
      await a.get(q, true)
      await b.send({ name: "tx.select" })
      await b.publish("", a.lastReplyTo, "reply", {}, { mandatory: true })
      await b.send({ name: "tx.commit" })
    },
  },
  {
    name: "found: what is wrong does not matter for a queue that is there and locked",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await b.queue(q, { exclusive: true, args: { "x-expires": 0 } })
      await a.queue(q, { args: { "x-expires": 0 } })
    },
  },
  {
    name: "found: a transaction publishes to a queue that comes before the commit",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.send({ name: "tx.select" })
      await a.publish("", q, "1", {}, { mandatory: true })
      await a.queue(q, { exclusive: true })
      await a.send({ name: "tx.commit" })
      await a.get(q)
    },
  },
  {
    name: "found: the tag of a consumer is looked at before whether it takes direct replies rightly",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.consume(q, "c")
      await a.consume(replyTo, "c")
    },
  },
  {
    name: "found: many that are given back go one consumer after another",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.consume(q, "d")
      await a.consume(q, "c")
      for (const body of ["1", "2", "3", "4"]) await a.publish("", q, body)
      await a.nack(0, true)
    },
  },
  {
    name: "found: a direct reply with further addressees",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      const headers = new Map([["CC", { type: "array", value: [{ type: "longstr", value: q }] } as const]])
      await a.queue(q, { exclusive: true })
      await a.consume(replyTo, "c", { noAck: true })
      await a.publish("", q, "call", { replyTo })
      await a.get(q, true)
      await a.publish("", a.lastReplyTo, "reply", { headers }, { mandatory: true })
      await a.get(q, true)
    },
  },
  {
    name: "found: a channel that closes gives back to a quorum queue by the names of consumers",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: quorum })
      await b.consume(q, "d")
      await b.consume(q, "c")
      for (const body of ["1", "2"]) await a.publish("", q, body)
      await b.send({ name: "channel.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 })
      await stage.wait(200)
      for (let i = 0; i < 2; i++) await a.get(q)
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: arguments of a consumer are looked at before whether it may be alone",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true, args: { "x-single-active-consumer": true } })
      await a.consume(q, "c", { exclusive: true, args: { "x-priority": "high" } })
    },
  },
  {
    name: "found: queues that a channel consumes hear first that it ends, those of which it only holds something later",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const [q, dead] = [stage.name("q"), stage.name("dead")]
      await b.queue(dead, { exclusive: false })
      const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead }
      await a.queue(q, { args: { ...letters, "x-max-length": 1 } })
      await a.publish("", dead, "held")
      await a.get(dead)
      await a.publish("", q, "1")
      await a.consume(q, "c")
      await b.publish("", q, "2")
      await b.publish("", q, "3")
      await b.consume(dead, "dead")
      await a.bind("none", "none")
      await b.deleteQueue(q)
      await b.deleteQueue(dead)
    },
  },
  {
    name: "found: verdicts of one kind after another are one in a commit, by consumer",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: { ...quorum, "x-delivery-limit": 5 } })
      await a.consume(q, "t4")
      await a.consume(q, "t1")
      for (const body of ["1", "2"]) {
        await a.publish("", q, body)
        await stage.wait(100)
      }
      for (const tag of ["t4", "t1"]) await a.cancel(tag)
      await a.send({ name: "tx.select" })
      await a.reject(1)
      await a.reject(2)
      await a.send({ name: "tx.commit" })
      await stage.wait(200)
      for (let i = 0; i < 2; i++) await b.get(q)
      await a.deleteQueue(q)
    },
  },
  {
    name: "found: of the queues that a channel consumes the last one by name hears first that it ends",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const [first, last] = [stage.name("q/a"), stage.name("q/b")]
      await a.queue(first)
      const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": first, "x-max-length": 0 }
      await a.queue(last, { args: letters })
      await a.consume(first, "first")
      await a.consume(last, "last")
      await a.publish("", last, "1")
      await a.send({ name: "channel.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 })
      await b.get(first)
      await b.deleteQueue(first)
      await b.deleteQueue(last)
    },
  },
  {
    name: "found: the queue of direct replies is the last one that was declared, too",
    run: async (stage) => {
      const a = await stage.open()
      for (const noAck of [true, false]) {
        await a.queue(replyTo, { passive: true })
        await a.consume("", "c", { noAck })
        await a.cancel("c")
      }
      await a.open(2)
      a.channel = 2
      await a.queue(replyTo, { passive: true })
      await a.get("")
    },
  },
  {
    name: "found: a quorum queue takes the verdicts of a commit before what that publishes",
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const q = stage.name("q")
      await a.queue(q, { durable: true, args: quorum })
      await a.consume(q, "c")
      await a.send({ name: "tx.select" })
      await b.publish("", q, "1")
      await stage.wait(100)
      await a.publish("", q, "2")
      await a.reject(1, true)
      await a.send({ name: "tx.commit" })
      await stage.wait(200)
      await b.deleteQueue(q)
    },
  },
]
