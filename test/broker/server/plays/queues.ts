/**
 * Queues: declaring, binding, purging, deleting.
 */
import type { Play } from "../Stage.ts"

/** An argument that is refused or compared, by a name for the play. */
const wrongArguments: ReadonlyArray<readonly [name: string, argument: string, value: unknown]> = [
  ["x-expires is text", "x-expires", "1000"],
  ["x-expires is 0", "x-expires", 0],
  ["x-expires is negative", "x-expires", -1],
  ["x-expires is too long", "x-expires", { type: "long", value: 2 ** 40 }],
  ["x-expires is ten years", "x-expires", { type: "long", value: 315_360_000_000 }],
  ["x-expires is longer than ten years", "x-expires", { type: "long", value: 315_360_000_001 }],
  ["x-message-ttl is ten years", "x-message-ttl", { type: "long", value: 315_360_000_000 }],
  ["x-message-ttl is longer than ten years", "x-message-ttl", { type: "long", value: 315_360_000_001 }],
  ["x-message-ttl is far too long", "x-message-ttl", { type: "long", value: 4_611_686_018_427_387_905n }],
  ["x-message-ttl is negative", "x-message-ttl", -1],
  ["x-message-ttl is text", "x-message-ttl", "5"],
  ["x-message-ttl is a fraction", "x-message-ttl", 1.5],
  ["x-message-ttl is 0", "x-message-ttl", 0],
  ["x-max-length is negative", "x-max-length", -5],
  ["x-max-length is text", "x-max-length", "5"],
  ["x-max-length-bytes is negative", "x-max-length-bytes", -5],
  ["x-max-priority is 300", "x-max-priority", 300],
  ["x-max-priority is negative", "x-max-priority", -1],
  ["x-max-priority is text", "x-max-priority", "1"],
  ["x-overflow is nonsense", "x-overflow", "nonsense"],
  ["x-overflow is a number", "x-overflow", 1],
  ["x-overflow is reject-publish-dlx", "x-overflow", "reject-publish-dlx"],
  ["x-dead-letter-exchange is a number", "x-dead-letter-exchange", 5],
  ["x-dead-letter-exchange is unknown", "x-dead-letter-exchange", "nowhere"],
  ["x-dead-letter-routing-key alone", "x-dead-letter-routing-key", "k"],
  ["x-single-active-consumer is text", "x-single-active-consumer", "true"],
  ["x-queue-type is classic", "x-queue-type", "classic"],
  ["x-queue-type is nonsense", "x-queue-type", "nonsense"],
  ["x-queue-type is a number", "x-queue-type", 1],
  ["x-queue-mode is lazy", "x-queue-mode", "lazy"],
  ["x-queue-mode is nonsense", "x-queue-mode", "nonsense"],
  ["x-delivery-limit is on a classic queue", "x-delivery-limit", 5],
  ["x-dead-letter-strategy is nonsense", "x-dead-letter-strategy", "nonsense"],
  ["x-unknown is anything", "x-unknown", [1, "two"]],
]

const otherArguments: ReadonlyArray<readonly [name: string, before: object, after: object]> = [
  ["a TTL where there was none", {}, { "x-message-ttl": 1000 }],
  ["none where there was a TTL", { "x-message-ttl": 1000 }, {}],
  ["another TTL", { "x-message-ttl": 1000 }, { "x-message-ttl": 2000 }],
  ["a TTL of another width", { "x-message-ttl": 1000 }, { "x-message-ttl": { type: "long", value: 1000 } }],
  ["another dead-letter exchange", { "x-dead-letter-exchange": "a" }, { "x-dead-letter-exchange": "b" }],
  ["classic where nothing was said", {}, { "x-queue-type": "classic" }],
  ["nothing where classic was said", { "x-queue-type": "classic" }, {}],
  ["drop-head where nothing was said", {}, { "x-overflow": "drop-head" }],
  ["lazy where nothing was said", {}, { "x-queue-mode": "lazy" }],
  ["something unknown", {}, { "x-unknown": 1 }],
  ["single active false where nothing was said", {}, { "x-single-active-consumer": false }],
  ["another max length", { "x-max-length": 5 }, { "x-max-length": 6 }],
  ["priorities where there were none", {}, { "x-max-priority": 5 }],
]

/** See the top of the file. */
export const queues: ReadonlyArray<Play> = [
  {
    name: "queue: declare, again, passive, count, delete",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q)
      await a.queue(q)
      await a.publish("", q, "1")
      await a.publish("", q, "2")
      await a.queue(q, { passive: true })
      await a.queue(q, { passive: true, durable: true, autoDelete: true, args: { "x-message-ttl": 5 } })
      await a.consume(q, "c")
      await a.queue(q)
      await a.ack(1)
      await a.deleteQueue(q)
      await a.deleteQueue(q)
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "queue: names by the server",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue("", { exclusive: true })
      await a.queue(a.lastQueue, { exclusive: true })
    },
  },
  {
    name: "queue: no queue declared before",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue("", { passive: true })
      await a.send({ name: "channel.close-ok" })
      await a.open()
      await a.bind("", "amq.fanout")
      await a.send({ name: "channel.close-ok" })
      await a.open()
      await a.consume("", "c")
      await a.send({ name: "channel.close-ok" })
      await a.open()
      await a.get("")
      await a.send({ name: "channel.close-ok" })
      await a.open()
      await a.deleteQueue("")
    },
  },
  {
    name: "queue: the last one declared",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.bind("", "amq.direct", "")
      await a.publish("amq.direct", q, "by its name")
      await a.get("", true)
      await a.unbind("", "amq.direct", "")
      await a.publish("amq.direct", q, "gone", {}, { mandatory: true })
      await a.purge("")
      await a.deleteQueue("")
      await a.purge("")
    },
  },
  {
    name: "queue: a reserved name",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue("amq.mine")
    },
  },
  {
    name: "queue: passive with a reserved name",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue("amq.mine", { passive: true })
    },
  },
  {
    name: "queue: line ends in a name",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q\nr"), { exclusive: true })
      await a.queue(stage.name("qr"), { passive: true })
      await a.purge(stage.name("q\nr"))
    },
  },
  ...(["durable", "autoDelete", "exclusive"] as const).map((what): Play => ({
    name: `queue: another ${what}`,
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q"), { durable: false })
      await a.queue(stage.name("q"), { [what]: true })
    },
  })),
  {
    name: "queue: no longer exclusive",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q"), { exclusive: true })
      await a.queue(stage.name("q"))
    },
  },
  ...wrongArguments.map(([name, argument, value]): Play => ({
    name: `queue: ${name}`,
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q"), { exclusive: true, args: { [argument]: value } })
    },
  })),
  ...otherArguments.map(([name, before, after]): Play => ({
    name: `queue: ${name}`,
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q"), { exclusive: true, args: { ...before } })
      await a.queue(stage.name("q"), { exclusive: true, args: { ...after } })
    },
  })),
  ...([
    ["durable", { durable: true }],
    ["not durable", {}],
    ["exclusive", { durable: true, exclusive: true }],
    ["auto-delete", { durable: true, autoDelete: true }],
    ["with a delivery limit", { durable: true, args: { "x-delivery-limit": 3 } }],
    ["with a negative delivery limit", { durable: true, args: { "x-delivery-limit": -3 } }],
    ["with priorities", { durable: true, args: { "x-max-priority": 3 } }],
    ["lazy", { durable: true, args: { "x-queue-mode": "lazy" } }],
    ["at-least-once", {
      durable: true,
      args: {
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "x",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
      },
    }],
    ["that rejects with dead letters", { durable: true, args: { "x-overflow": "reject-publish-dlx" } }],
    ["of a maximum length", { durable: true, args: { "x-max-length": 2 } }],
  ] as const).map(([name, flags]): Play => ({
    name: `queue: quorum, ${name}`,
    run: async (stage) => {
      const a = await stage.open()
      const args = "args" in flags ? flags.args : {}
      await a.queue(stage.name("q"), { ...flags, args: { ...args, "x-queue-type": "quorum" } })
      await stage.wait(300)
      await a.deleteQueue(stage.name("q"))
    },
  })),
  {
    name: "queue: quorum where classic was",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("q"), { durable: true })
      await a.queue(stage.name("q"), { durable: true, args: { "x-queue-type": "quorum" } })
    },
  },
  {
    name: "queue: exclusive to another connection",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, "1")
      const b = await stage.open()
      for (
        const attempt of [
          () => b.queue(q, { passive: true }),
          () => b.queue(q, { exclusive: true }),
          () => b.queue(q),
          () => b.bind(q, "amq.fanout"),
          () => b.consume(q, "c"),
          () => b.get(q),
          () => b.purge(q),
          () => b.deleteQueue(q),
        ]
      ) {
        await attempt()
        await b.send({ name: "channel.close-ok" })
        await b.open()
      }
      await b.unbind(q, "amq.fanout")
      await b.publish("", q, "2", {}, { mandatory: true })
      await a.get(q, true)
      await a.get(q, true)
      await a.send({ name: "connection.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 }, 0)
      await stage.wait(100)
      await b.queue(q, { passive: true })
    },
  },
  {
    name: "queue: delete if empty, if unused",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q)
      await a.publish("", q, "1")
      await a.deleteQueue(q, { ifEmpty: true })
      await a.send({ name: "channel.close-ok" })
      await a.open()
      await a.consume(q, "c")
      await a.deleteQueue(q, { ifUnused: true })
      await a.send({ name: "channel.close-ok" })
      await a.open()
      await a.deleteQueue(q, { ifUnused: true })
    },
  },
  {
    name: "queue: delete if empty, and something is in hand",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q)
      await a.publish("", q, "1")
      await a.get(q)
      await a.deleteQueue(q, { ifEmpty: true })
      await a.ack(1)
      await a.ack(1)
    },
  },
  {
    name: "queue: purge leaves what is in hand",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      for (const body of ["1", "2", "3"]) await a.publish("", q, body)
      await a.get(q)
      await a.purge(q)
      await a.reject(1)
      await a.get(q, true)
    },
  },
  {
    name: "queue: bind unknown things",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      for (
        const attempt of [
          () => a.bind(q, stage.name("none"), "k"),
          () => a.bind(stage.name("none"), "amq.topic", "k"),
          () => a.bind(stage.name("none"), stage.name("nothing"), "k"),
          () => a.bind(q, "", "k"),
          () => a.unbind(q, "", q),
          () => a.purge(stage.name("none")),
        ]
      ) {
        await attempt()
        await a.send({ name: "channel.close-ok" })
        await a.open()
      }
    },
  },
  {
    name: "queue: unbind unknown things",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.unbind(q, "amq.topic", "none")
      await a.unbind(q, stage.name("none"), "none")
      await a.unbind(stage.name("none"), "amq.topic", "none")
    },
  },
  {
    name: "queue: unbind an exclusive one of another connection",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.bind(q, "amq.topic", "x")
      const b = await stage.open()
      await b.unbind(q, "amq.topic", "y")
      await b.unbind(q, "amq.topic", "x")
    },
  },
  {
    name: "queue: two bindings, one copy",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.bind(q, "amq.topic", `${q}.*`)
      await a.bind(q, "amq.topic", `${q}.#`)
      await a.bind(q, "amq.topic", `${q}.#`)
      await a.publish("amq.topic", `${q}.x`, "once")
      await a.queue(q, { passive: true })
      await a.unbind(q, "amq.topic", `${q}.#`)
      await a.publish("amq.topic", `${q}.x`, "twice")
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "queue: auto-delete goes with its last consumer",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { autoDelete: true })
      await a.queue(q, { passive: true })
      await a.consume(q, "1")
      await a.consume(q, "2")
      await a.cancel("1")
      await a.queue(q, { passive: true })
      await a.cancel("2")
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "queue: auto-delete goes with the channel",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { autoDelete: true })
      await a.open(2)
      await a.consume(q, "1")
      await a.send({ name: "channel.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 })
      a.channel = 1
      await stage.wait(100)
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "queue: goes when it is not used",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { args: { "x-expires": 1500 } })
      await a.publish("", q, "1")
      await stage.wait(600)
      await a.queue(q, { args: { "x-expires": 1500 } })
      await stage.wait(900)
      await a.queue(q, { passive: true })
      await stage.wait(2500)
      await a.queue(q, { passive: true })
    },
  },
  {
    name: "queue: no wait",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true, noWait: true })
      await a.send({
        name: "queue.bind",
        queue: q,
        exchange: "amq.topic",
        routingKey: q,
        noWait: true,
        arguments: new Map(),
      })
      await a.publish("amq.topic", q, "1")
      await a.queue(q, { passive: true })
      await a.send({ name: "queue.purge", queue: q, noWait: true })
      await a.queue(q, { passive: true })
      await a.send({ name: "queue.delete", queue: q, ifUnused: false, ifEmpty: false, noWait: true })
      await a.queue(q, { passive: true })
    },
  },
]
