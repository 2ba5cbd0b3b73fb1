/**
 * Channels: opening, closing, what may come when.
 */
import type { Play } from "../Stage.ts"

const close = { name: "channel.close", replyCode: 200, replyText: "bye", classId: 0, methodId: 0 } as const

/** See the top of the file. */
export const channels: ReadonlyArray<Play> = [
  {
    name: "channel: open and close, and once more",
    run: async (stage) => {
      const a = await stage.open({ channel: 0 })
      await a.open(1)
      await a.send(close)
      await a.open(1)
      await a.open(2047)
    },
  },
  {
    name: "channel: open twice",
    run: async (stage) => {
      const a = await stage.open()
      await a.open(1)
    },
  },
  {
    name: "channel: not open",
    run: async (stage) => {
      const a = await stage.open()
      a.channel = 2
      await a.queue("x")
    },
  },
  {
    name: "channel: a number past the maximum",
    run: async (stage) => {
      const a = await stage.open({ tune: { channelMax: 2 } })
      await a.open(2)
      await a.open(3)
    },
  },
  {
    name: "channel: too many of them",
    run: async (stage) => {
      const a = await stage.open({ tune: { channelMax: 2 } })
      await a.open(2)
      await a.open(1000)
    },
  },
  {
    name: "channel: a high number, but few",
    run: async (stage) => {
      const a = await stage.open({ tune: { channelMax: 2 } })
      await a.open(1000)
    },
  },
  {
    name: "channel: close what is not open",
    run: async (stage) => {
      const a = await stage.open()
      await a.send(close, 5)
    },
  },
  {
    name: "channel: close-ok unasked",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "channel.close-ok" }, 1)
      await a.queue("", { exclusive: true })
    },
  },
  {
    name: "channel: close-ok on one that is not open",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "channel.close-ok" }, 7)
      await a.queue("", { exclusive: true })
    },
  },
  {
    name: "channel: what comes after a refusal is passed over until close-ok",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("none"), { passive: true })
      await a.queue(stage.name("q"))
      await a.publish("", stage.name("q"), "x")
      await a.send({ name: "channel.close-ok" })
      await a.queue(stage.name("q"), { passive: true })
    },
  },
  {
    name: "channel: a refusal, close-ok, open again",
    run: async (stage) => {
      const a = await stage.open()
      await a.open(2)
      await a.queue(stage.name("none"), { passive: true })
      a.channel = 1
      await a.queue(stage.name("here"), { exclusive: true })
      await a.send({ name: "channel.close-ok" }, 2)
      await a.open(2)
      await a.queue(stage.name("here"), { passive: true })
    },
  },
  {
    name: "channel: close while it is being closed",
    run: async (stage) => {
      const a = await stage.open()
      await a.queue(stage.name("none"), { passive: true })
      await a.send(close)
      await a.open(1)
    },
  },
  {
    name: "channel: flow",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "channel.flow", active: true })
      await a.send({ name: "channel.flow", active: false })
    },
  },
  {
    name: "channel: flow-ok unasked",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "channel.flow-ok", active: true })
    },
  },
  {
    name: "channel: access.request",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({
        name: "access.request",
        realm: "/data",
        exclusive: false,
        passive: true,
        active: true,
        write: true,
        read: true,
      })
    },
  },
  {
    name: "channel: a method of a server",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "basic.consume-ok", consumerTag: "x" })
    },
  },
  {
    name: "channel: deliver from a client",
    run: async (stage) => {
      const a = await stage.open()
      await a.sendContent(
        { name: "basic.deliver", consumerTag: "x", deliveryTag: 1, redelivered: false, exchange: "", routingKey: "" },
        {},
        "x",
      )
    },
  },
  {
    name: "channel: a method in the middle of a message",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "basic.publish", exchange: "", routingKey: "x", mandatory: false, immediate: false })
      await a.queue("x")
    },
  },
  {
    name: "channel: a body without its method",
    run: async (stage) => {
      const a = await stage.open()
      await a.bytes(Uint8Array.of(3, 0, 1, 0, 0, 0, 1, 0x2e, 0xce))
    },
  },
  {
    name: "channel: a connection method on it",
    run: async (stage) => {
      const a = await stage.open()
      await a.send({ name: "connection.close", replyCode: 200, replyText: "bye", classId: 0, methodId: 0 }, 1)
    },
  },
]
