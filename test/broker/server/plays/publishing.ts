/**
 * Publishing: what is refused, what comes back, what is carried.
 */
import type { Field, Properties } from "../../../../src/broker/amqp/mod.ts"
import { field, type Play, tableOf } from "../Stage.ts"

const everything: Properties = {
  contentType: "text/plain",
  contentEncoding: "utf-8",
  headers: tableOf({
    a: 1,
    b: "two",
    c: [1, { type: "long", value: 2 ** 40 }],
    d: { type: "table", value: tableOf({ e: null }) },
  }),
  deliveryMode: 2,
  priority: 5,
  correlationId: "correlation",
  replyTo: "reply",
  expiration: "60000",
  messageId: "message",
  timestamp: 1,
  type: "type",
  userId: "guest",
  appId: "app",
  clusterId: "cluster",
}

/** See the top of the file. */
export const publishing: ReadonlyArray<Play> = [
  {
    name: "publish: everything arrives as it was",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, "body", everything)
      await a.publish("", q, "", {})
      await a.publish("", q, new Uint8Array(10_000).fill(46), {})
      await a.get(q, true)
      await a.get(q, true)
      await a.get(q, true)
      await a.get(q, true)
    },
  },
  {
    name: "publish: a body in frames as small as agreed on",
    run: async (stage) => {
      const a = await stage.open({ tune: { frameMax: 4096 } })
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, new Uint8Array(10_000).fill(46), {})
      await a.get(q, true)
      await a.publish("", q, new Uint8Array(4088).fill(46), {})
      await a.get(q, true)
      await a.publish("", q, new Uint8Array(4089).fill(46), {})
      await a.get(q, true)
    },
  },
  {
    name: "publish: mandatory comes back",
    run: async (stage) => {
      const a = await stage.open()
      await a.publish("", stage.name("none"), "1", everything, { mandatory: true })
      await a.publish("amq.topic", stage.name("none"), "", {}, { mandatory: true })
      await a.publish("amq.topic", stage.name("none"), "3")
    },
  },
  {
    name: "publish: immediate",
    run: async (stage) => {
      const a = await stage.open()
      await a.publish("", stage.name("none"), "1", {}, { immediate: true })
    },
  },
  {
    name: "publish: an unknown exchange",
    run: async (stage) => {
      const a = await stage.open()
      await a.publish(stage.name("none"), "k", "1")
      await a.send({ name: "channel.close-ok" })
      await a.open()
      await a.queue("", { exclusive: true })
    },
  },
  {
    name: "publish: somebody else's name",
    run: async (stage) => {
      const a = await stage.open()
      await a.publish("", "k", "1", { userId: "guest" })
      await a.publish("", "k", "1", { userId: "somebody" })
    },
  },
  ...[
    "abc",
    "",
    "-1",
    "1.5",
    "60000x",
    " 5",
    "99999999999",
    "4294967296",
    "4294967295",
    "007",
    "+5",
    "3153600000001",
    "315360000000",
    "315360000001",
  ]
    .map((
      expiration,
    ): Play => ({
      name: `publish: the expiration '${expiration}'`,
      run: async (stage) => {
        const a = await stage.open()
        const q = stage.name("q")
        await a.queue(q, { exclusive: true })
        await a.publish("", q, "1", { expiration })
        await stage.wait(100)
        await a.get(q, true)
      },
    })),
  {
    name: "publish: an expiration of 0",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, "1", { expiration: "0" })
      await a.get(q, true)
      await a.consume(q, "c", { noAck: true })
      await a.publish("", q, "2", { expiration: "0" })
    },
  },
  {
    name: "publish: CC and BCC",
    run: async (stage) => {
      const a = await stage.open()
      const [p, q, r] = [stage.name("p"), stage.name("q"), stage.name("r")]
      for (const name of [p, q, r]) await a.queue(name, { exclusive: true })
      await a.publish("", p, "1", { headers: tableOf({ CC: [q, q], BCC: [r], x: 1 }) })
      for (const name of [p, q, r]) {
        await a.get(name, true)
        await a.get(name, true)
      }
    },
  },
  ...([["text", field("x")], ["numbers", field([1])]] as const).map((
    [name, value]: readonly [string, Field],
  ): Play => ({
    name: `publish: CC is ${name}`,
    run: async (stage) => {
      const a = await stage.open()
      await a.publish("", "x", "1", { headers: new Map([["CC", value]]) })
      await a.queue("", { exclusive: true })
    },
  })),
  {
    name: "publish: x-death is text",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.publish("", q, "1", { headers: tableOf({ "x-death": "none" }) })
      await a.get(q, true)
    },
  },
  {
    name: "publish: drop-head and reject-publish",
    run: async (stage) => {
      const a = await stage.open()
      const [p, q] = [stage.name("p"), stage.name("q")]
      await a.queue(p, { exclusive: true, args: { "x-max-length": 1 } })
      await a.queue(q, { exclusive: true, args: { "x-max-length": 1, "x-overflow": "reject-publish" } })
      await a.confirm()
      for (const name of [p, q]) {
        await a.publish("", name, "1")
        await a.publish("", name, "2", {}, { mandatory: true })
        await a.get(name, true)
        await a.get(name, true)
      }
    },
  },
  {
    name: "publish: a queue of no length, and a consumer",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true, args: { "x-max-length": 0 } })
      await a.publish("", q, "1")
      await a.queue(q, { passive: true })
      await a.consume(q, "c", { noAck: true })
      await a.publish("", q, "2")
    },
  },
  {
    name: "publish: bytes at most",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true, args: { "x-max-length-bytes": 10 } })
      await a.publish("", q, "12345")
      await a.publish("", q, "67890")
      await a.publish("", q, "x")
      await a.get(q, true)
      await a.get(q, true)
      await a.publish("", q, "longer than ten")
      await a.get(q, true)
    },
  },
  {
    name: "publish: priorities",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true, args: { "x-max-priority": 3 } })
      for (const [body, priority] of [["none", undefined], ["1", 1], ["9", 9], ["3", 3], ["0", 0]] as const) {
        await a.publish("", q, body, priority === undefined ? {} : { priority })
      }
      await a.consume(q, "c", { noAck: true })
    },
  },
]
