/**
 * Direct replies.
 */
import type { Play } from "../Stage.ts"

const replyTo = "amq.rabbitmq.reply-to"

/** See the top of the file. */
export const replies: ReadonlyArray<Play> = [
  {
    name: "reply: a call and its reply",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      const b = await stage.open()
      await b.queue(q, { exclusive: true })
      await b.consume(q, "server", { noAck: true })
      await a.consume(replyTo, "", { noAck: true })
      await a.publish("", q, "call", { replyTo, correlationId: "1" })
      await b.queue(b.lastReplyTo, { passive: true })
      await b.queue(b.lastReplyTo)
      await b.confirm()
      await b.publish("", b.lastReplyTo, "reply", { correlationId: "1" }, { mandatory: true })
      await a.send({ name: "channel.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 })
      await stage.wait(50)
      await b.publish("", b.lastReplyTo, "too late", {}, { mandatory: true })
      await b.queue(b.lastReplyTo, { passive: true })
    },
  },
  {
    name: "reply: with acknowledgement",
    run: async (stage) => {
      const a = await stage.open()
      await a.consume(replyTo, "c")
    },
  },
  {
    name: "reply: twice",
    run: async (stage) => {
      const a = await stage.open()
      await a.consume(replyTo, "c", { noAck: true })
      await a.consume(replyTo, "d", { noAck: true })
    },
  },
  {
    name: "reply: the same tag",
    run: async (stage) => {
      const a = await stage.open()
      await a.consume(replyTo, "c", { noAck: true })
      await a.queue(stage.name("q"), { exclusive: true })
      await a.consume(stage.name("q"), "c", { noAck: true })
    },
  },
  {
    name: "reply: a call without a consumer",
    run: async (stage) => {
      const a = await stage.open()
      await a.publish("", "x", "call", { replyTo })
    },
  },
  {
    name: "reply: cancelled, and consumed again",
    run: async (stage) => {
      const a = await stage.open()
      await a.consume(replyTo, "c", { noAck: true })
      await a.cancel("c")
      await a.consume(replyTo, "d", { noAck: true })
      await a.cancel("d")
      await a.publish("", "x", "call", { replyTo })
    },
  },
  {
    name: "reply: the queue by its name",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(replyTo, { passive: true })
      await a.queue(replyTo)
      await a.publish("", replyTo, "x", {}, { mandatory: true })
      await a.queue(`${replyTo}.nobody`, { passive: true })
    },
  },
  {
    name: "reply: get from it",
    run: async (stage) => {
      const a = await stage.open()
      await a.consume(replyTo, "c", { noAck: true })
      await a.get(replyTo, true)
    },
  },
  {
    name: "reply: bind it",
    run: async (stage) => {
      const a = await stage.open()
      await a.bind(replyTo, "amq.topic", "x")
    },
  },
  {
    name: "reply: delete it",
    run: async (stage) => {
      const a = await stage.open()
      await a.deleteQueue(replyTo)
    },
  },
  {
    name: "reply: an address that nobody has",
    run: async (stage) => {
      const a = await stage.open()
      await a.confirm()
      await a.publish("", `${replyTo}.nobody`, "x", {}, { mandatory: true })
      await a.publish("", `${replyTo}.nobody`, "x")
    },
  },
]
