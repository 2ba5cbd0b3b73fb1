/**
 * What waits for the disk, and what does not: a store that is on disk when the test says so.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import type { Content, Durability, Journal } from "../../../src/broker/mod.ts"
import { memory } from "./memory.ts"
import { Stage } from "./Stage.ts"

/** A store that writes down everything that is durable, when it is told to. */
const makeStore = () => {
  let recorded = 0
  let waiting: Array<readonly [count: number, then: (isStored: boolean) => void]> = []
  const record = () => void recorded++
  const journal: Journal<Content> = {
    exchangeDeclared: record,
    exchangeDeleted: record,
    queueDeclared: record,
    queueDeleted: record,
    bound: record,
    unbound: record,
    entered: ({ packet }) => {
      const isKept = packet.properties.deliveryMode === 2
      if (isKept) record()
      return isKept
    },
    handed: record,
    returned: record,
    left: record,
  }
  const durability: Durability = {
    recorded: () => recorded,
    whenStored: (count, then) => void waiting.push([count, then]),
  }
  const settle = (isStored: boolean) => {
    const [now, later] = [waiting.filter(([count]) => count <= recorded), waiting.filter(([count]) => count > recorded)]
    waiting = later
    for (const [, then] of now) then(isStored)
  }
  return { journal: () => journal, durability, settle, waiting: () => waiting.length }
}

/** A stage on a server with such a store, and a channel that confirms. */
const open = async (name: string) => {
  const store = makeStore()
  const place = memory({ journal: store.journal, durability: store.durability })
  store.settle(true)
  const stage = new Stage(place, name)
  const a = await stage.open()
  await a.queue("durable", { durable: true })
  store.settle(true)
  await a.queue("transient")
  await a.confirm()
  stage.lines.length = 0
  /** Writes everything and says what was heard. */
  const write = async (isStored = true) => {
    store.settle(isStored)
    await stage.settle()
    return stage.lines.splice(0)
  }
  return { place, stage, a, write }
}

const persistent = { deliveryMode: 2 }

describe("a confirm", () => {
  test("of a persistent message in a durable queue waits; others overtake it", async () => {
    const { stage, a, write } = await open("confirms")
    await a.publish("", "durable", "1", persistent)
    await a.publish("", "durable", "2")
    await a.publish("", "transient", "3", persistent)
    await a.publish("", "none", "4", persistent, { mandatory: true })
    assert.deepEqual(stage.lines.splice(0), [
      "A 1 basic.ack deliveryTag=2 multiple=false",
      "A 1 basic.ack deliveryTag=3 multiple=false",
      "A 1 basic.return replyCode=312 replyText='NO_ROUTE' exchange='' routingKey='none'",
      "A 1 header 1 deliveryMode=2",
      'A 1 body "4"',
      "A 1 basic.ack deliveryTag=4 multiple=false",
    ])
    await a.publish("", "durable", "5", persistent)
    assert.deepEqual(stage.lines, [])
    assert.deepEqual(await write(), [
      "A 1 basic.ack deliveryTag=1 multiple=false",
      "A 1 basic.ack deliveryTag=5 multiple=false",
    ])
    await a.publish("", "durable", "6", persistent)
    await a.publish("", "durable", "7", persistent)
    assert.deepEqual(await write(), [
      "A 1 basic.ack deliveryTag=6 multiple=false",
      "A 1 basic.ack deliveryTag=7 multiple=false",
    ])
  })

  test("is a nack where it cannot be stored", async () => {
    const { a, write } = await open("nacks")
    await a.publish("", "durable", "1", persistent)
    assert.deepEqual(await write(false), ["A 1 basic.nack deliveryTag=1 multiple=true requeue=true"])
  })

  test("is not sent to a channel that is closed meanwhile", async () => {
    const { stage, a, write } = await open("gone")
    await a.publish("", "durable", "1", persistent)
    await a.publish("none", "", "2")
    assert.match(stage.lines.splice(0).join(), /^A 1 channel\.close replyCode=404/)
    assert.deepEqual(await write(), [])
  })
})

describe("an answer to a declaration", () => {
  test("waits, and what the channel says after it waits behind it; other channels go on", async () => {
    const { stage, a, write } = await open("answers")
    await a.queue("more", { durable: true })
    await a.queue("transient", { passive: true })
    await a.publish("", "none", "x", {}, { mandatory: true })
    assert.deepEqual(stage.lines, [])
    await a.open(2)
    await a.queue("transient", { passive: true })
    assert.equal(stage.lines.splice(0).length, 2)
    assert.deepEqual((await write()).map((line) => line.slice(0, 24)), [
      "A 1 queue.declare-ok que",
      "A 1 queue.declare-ok que",
      "A 1 basic.return replyCo",
      "A 1 header 1",
      'A 1 body "x"',
      "A 1 basic.ack deliveryTa",
    ])
  })

  test("keeps messages in their queues meanwhile", async () => {
    const { place, stage, a, write } = await open("meanwhile")
    await a.consume("transient", "c", { noAck: true })
    stage.lines.length = 0
    await a.queue("more", { durable: true })
    const b = await stage.open()
    for (const body of ["1", "2", "3"]) await b.publish("", "transient", body)
    assert.equal(place.server.engine()?.queue("transient")?.ready, 3)
    assert.deepEqual(stage.lines, [])
    const heard = await write()
    assert.match(heard[0]!, /queue\.declare-ok queue='more'/)
    assert.deepEqual(heard.filter((line) => line.includes("body")), ['A 1 body "1"', 'A 1 body "2"', 'A 1 body "3"'])
  })

  test("does not wait where nothing is to be kept, or nothing is new", async () => {
    const { stage, a } = await open("nothing new")
    await a.queue("durable", { durable: true })
    await a.queue("", { exclusive: true, durable: true })
    await a.bind("", "amq.topic", "x")
    await a.exchange("e", "fanout")
    assert.equal(stage.lines.length, 4)
  })

  test("ends the connection where it cannot be stored", async () => {
    const { a, write } = await open("unstored")
    await a.exchange("e", "fanout", { durable: true })
    assert.match((await write(false)).join(), /connection\.close replyCode=320 .*cannot be stored/)
  })
})

describe("a commit", () => {
  test("is told once what it published is on disk", async () => {
    const { stage, a, write } = await open("commit")
    await a.open(2)
    await a.send({ name: "tx.select" })
    await a.publish("", "durable", "1", persistent)
    stage.lines.length = 0
    await a.send({ name: "tx.commit" })
    assert.deepEqual(stage.lines, [])
    assert.deepEqual(await write(), ["A 2 tx.commit-ok"])
  })
})
