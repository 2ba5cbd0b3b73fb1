/**
 * Ack, nack, reject, recover.
 */
import type { Actor, Play, Stage } from "../Stage.ts"

/** A channel with so many deliveries in hand. */
const holding = async (stage: Stage, count: number): Promise<Actor> => {
  const a = await stage.open()
  const q = stage.name("q")
  await a.queue(q, { exclusive: true })
  for (let i = 1; i <= count; i++) await a.publish("", q, String(i))
  a.isHeard = false
  for (let i = 1; i <= count; i++) await a.get(q)
  a.isHeard = true
  return a
}

/** See the top of the file. */
export const settling: ReadonlyArray<Play> = [
  {
    name: "settle: an unknown tag",
    run: async (stage) => {
      const a = await holding(stage, 1)
      await a.ack(5)
    },
  },
  {
    name: "settle: twice",
    run: async (stage) => {
      const a = await holding(stage, 1)
      await a.ack(1)
      await a.ack(1)
    },
  },
  {
    name: "settle: many, where the tag is settled already",
    run: async (stage) => {
      const a = await holding(stage, 3)
      await a.ack(2)
      await a.ack(2, true)
      await a.get(stage.name("q"))
    },
  },
  {
    name: "settle: many, where the tag is beyond",
    run: async (stage) => {
      const a = await holding(stage, 3)
      await a.ack(9, true)
    },
  },
  {
    name: "settle: all, and there are none",
    run: async (stage) => {
      const a = await holding(stage, 0)
      await a.ack(0, true)
      await a.nack(0, true)
      await a.ack(0)
    },
  },
  {
    name: "settle: reject tag 0",
    run: async (stage) => {
      const a = await holding(stage, 1)
      await a.reject(0)
    },
  },
  {
    name: "settle: nack of an unknown tag",
    run: async (stage) => {
      const a = await holding(stage, 1)
      await a.nack(7)
    },
  },
  {
    name: "settle: many go back in their order",
    run: async (stage) => {
      const a = await holding(stage, 4)
      await a.nack(3, true)
      for (let i = 0; i < 4; i++) await a.get(stage.name("q"))
    },
  },
  {
    name: "settle: one goes back to its place",
    run: async (stage) => {
      const a = await holding(stage, 2)
      await a.publish("", stage.name("q"), "3")
      await a.reject(2)
      await a.reject(1)
      for (let i = 0; i < 3; i++) await a.get(stage.name("q"))
    },
  },
  {
    name: "settle: reject for good",
    run: async (stage) => {
      const a = await holding(stage, 2)
      await a.reject(1, false)
      await a.nack(0, true, false)
      await a.queue(stage.name("q"), { passive: true })
    },
  },
  {
    name: "settle: recover",
    run: async (stage) => {
      const a = await holding(stage, 2)
      await a.send({ name: "basic.recover", requeue: true })
      await a.get(stage.name("q"))
      await a.send({ name: "basic.recover-async", requeue: true })
      await a.queue(stage.name("q"), { passive: true })
    },
  },
  {
    name: "settle: recover to the same consumer",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      await a.consume(q, "c")
      await a.publish("", q, "1")
      await a.publish("", q, "2")
      await a.send({ name: "basic.recover", requeue: true })
      await a.ack(4, true)
    },
  },
  {
    name: "settle: recover without giving back",
    run: async (stage) => {
      const a = await holding(stage, 1)
      await a.send({ name: "basic.recover", requeue: false })
    },
  },
  {
    name: "settle: recover-async without giving back",
    run: async (stage) => {
      const a = await holding(stage, 1)
      await a.send({ name: "basic.recover-async", requeue: false })
    },
  },
  {
    name: "settle: a channel that closes gives back",
    run: async (stage) => {
      const a = await stage.open()
      const q = stage.name("q")
      await a.queue(q, { exclusive: true })
      for (const body of ["1", "2", "3"]) await a.publish("", q, body)
      await a.open(2)
      await a.qos(2)
      await a.consume(q, "c")
      await a.get(q)
      await a.send({ name: "channel.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 })
      a.channel = 1
      await stage.wait(50)
      for (let i = 0; i < 3; i++) await a.get(q, true)
    },
  },
  {
    name: "settle: tags of one channel mean nothing on another",
    run: async (stage) => {
      const a = await holding(stage, 1)
      await a.open(2)
      await a.ack(1)
    },
  },
]
