/**
 * What a server gives and what it does not: time, memory, frames, connections; and that nobody else is hurt.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { writeMethod } from "../../../src/broker/amqp/mod.ts"
import { Server, Session } from "../../../src/broker/mod.ts"
import { memory } from "./memory.ts"
import { Stage, tableOf } from "./Stage.ts"

const KiB = 1024

/** Bytes that are a heartbeat. */
const isHeartbeat = (bytes: Uint8Array): boolean => bytes.length === 8 && bytes[0] === 8

describe("time", () => {
  test("a connection that is not opened in time is closed", async () => {
    const place = memory({ limits: { handshakeTime: 1_000 } })
    const stage = new Stage(place, "slow")
    const a = await stage.connect()
    await stage.wait(900)
    assert.deepEqual(stage.lines, [])
    await stage.wait(200)
    assert.deepEqual(stage.lines, ["A closed"])
    assert.equal(place.server.sessions.size, 0)
    assert.equal(a.name, "A")
  })

  test("heartbeats are sent while nothing else is, and a silent peer is closed after two of them", async () => {
    const place = memory()
    const stage = new Stage(place, "silent")
    await stage.open({ tune: { heartbeat: 10 } })
    const wire = await opened(place)
    const beats: Array<boolean> = []
    for (let i = 0; i < 4; i++) {
      assert.equal(wire.isClosed(), false)
      await place.wait(5_000)
      beats.push(...wire.take().map(isHeartbeat))
    }
    // it spoke in the first five seconds
    assert.deepEqual(beats, [true, true, true, true])
    await place.wait(5_000)
    assert.equal(wire.isClosed(), true)
    await stage.settle()
    assert.deepEqual(stage.lines, ["A closed"])
  })

  test("the first heartbeat comes in the first half of an interval", async () => {
    const place = memory()
    await place.wait(137)
    const wire = await opened(place, 1)
    await place.wait(500)
    assert.deepEqual(wire.take().map(isHeartbeat), [true])
  })

  test("a server is silent for no longer than an interval, whenever it said something", async () => {
    const place = memory()
    await place.wait(137)
    const wire = await opened(place, 1)
    let silence = 0
    for (let ms = 0; ms < 20_000; ms += 10) {
      // in another part of the interval each time
      if (ms % 1_370 === 0) {
        wire.write(writeMethod(1, { name: "basic.qos", prefetchSize: 0, prefetchCount: 1, global: false }))
      }
      silence = wire.take().length === 0 ? silence + 10 : 0
      assert.ok(silence <= 1_000, `after ${ms} ms`)
      await place.wait(10)
    }
    assert.equal(wire.isClosed(), false)
  })

  test("a peer that sends heartbeats is not closed, and one that gets something gets none", async () => {
    const place = memory()
    const wire = await opened(place)
    await place.wait(5_000)
    for (let i = 0; i < 20; i++) {
      wire.write(Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0xce))
      await place.wait(5_000)
      assert.equal(wire.take().length, 1)
    }
    assert.equal(wire.isClosed(), false)
  })

  test("a closed connection whose peer does not answer is ended", async () => {
    const place = memory()
    const stage = new Stage(place, "rude")
    const a = await stage.open()
    await a.publish("", "x", "1", {}, { immediate: true })
    assert.match(stage.lines[0]!, /connection\.close replyCode=540/)
    assert.equal(place.server.sessions.size, 1)
    await stage.wait(5_000)
    assert.deepEqual(stage.lines.slice(1), ["A closed"])
    assert.equal(place.server.sessions.size, 0)
  })
})

/** A connection with heartbeats, opened by hand, and the bytes that come. */
const opened = async (place: ReturnType<typeof memory>, seconds = 10) => {
  const wires: Array<Awaited<ReturnType<typeof place.connect>>> = []
  const stage = new Stage({
    ...place,
    connect: async () => {
      const wire = await place.connect()
      wires.push(wire)
      return wire
    },
  }, "by hand")
  await stage.open({ tune: { heartbeat: seconds } })
  wires[0]!.take()
  return wires[0]!
}

describe("size", () => {
  test("a message that is too long ends its channel with 406, and the connection goes on", async () => {
    const stage = new Stage(memory({ limits: { messageBytes: 100 } }), "long")
    const a = await stage.open()
    await a.publish("", "x", "y".repeat(100), {}, { mandatory: true })
    await a.publish("", "x", "y".repeat(101), {}, { mandatory: true })
    await a.send({ name: "channel.close-ok" })
    await a.open()
    assert.deepEqual(stage.lines.slice(1).map((line) => line.slice(0, 150)), [
      "A 1 header 100",
      "A 1 body 100 bytes",
      "A 1 channel.close replyCode=406 replyText='PRECONDITION_FAILED - message size 101 is larger than configured max " +
      "size 100' classId=60 methodId=40",
      "A 1 channel.open-ok",
    ])
  })

  test("a frame that is too long ends its connection with 501, and no other", async () => {
    const stage = new Stage(memory(), "frames")
    const [a, b] = [await stage.open({ tune: { frameMax: 4096 } }), await stage.open()]
    await a.sendContent(
      { name: "basic.publish", exchange: "", routingKey: "x", mandatory: true, immediate: false },
      {},
      "x".repeat(5_000),
      8192,
    )
    await b.queue("", { exclusive: true })
    assert.match(stage.lines[0]!, /^A 0 connection.close replyCode=501/)
    assert.match(stage.lines[1]!, /^B 1 queue.declare-ok/)
  })

  test("many begun messages on one connection end it with 506", async () => {
    const place = memory({ limits: { messageBytes: 100 * KiB } })
    const stage = new Stage(place, "begun")
    const a = await stage.open()
    const part = new Uint8Array(80 * KiB)
    for (let channel = 2; channel < 9 && stage.lines.length === 0; channel++) {
      a.isHeard = false
      await a.open(channel)
      a.isHeard = true
      await a.send({ name: "basic.publish", exchange: "", routingKey: "x", mandatory: false, immediate: false })
      await a.bytes(header(channel, 90 * KiB))
      await a.bytes(body(channel, part))
    }
    assert.match(stage.lines[0]!, /connection\.close replyCode=506 replyText='RESOURCE_ERROR/)
  })
})

/** The header of a message of so many bytes. */
const header = (channel: number, size: number): Uint8Array =>
  Uint8Array.of(2, 0, channel, 0, 0, 0, 14, 0, 60, 0, 0, 0, 0, 0, 0, 0, size >> 16, size >> 8, size, 0, 0, 0xce)

/** A part of a body. */
const body = (channel: number, bytes: Uint8Array): Uint8Array => {
  const { length } = bytes
  return Uint8Array.from([3, 0, channel, 0, length >> 16, length >> 8, length, ...bytes, 0xce])
}

describe("memory", () => {
  test("above the mark publishers are not read and told so; below it they go on", async () => {
    const place = memory({ limits: { memoryHigh: 100 * KiB, memoryLow: 50 * KiB } })
    const stage = new Stage(place, "full")
    const [a, b] = [await stage.open(), await stage.open()]
    const q = stage.name("q")
    await b.queue(q)
    for (let i = 0; i < 11; i++) await a.publish("", q, "x".repeat(10 * KiB))
    assert.deepEqual(stage.lines.slice(1), ["A 0 connection.blocked reason='low on memory'"])
    assert.deepEqual([...place.server.sessions.keys()].map((session) => session.wantsInput), [false, true])
    assert.equal(place.server.figures().memory.alarm, "low on memory")
    await b.purge(q)
    await stage.wait(100)
    assert.deepEqual(stage.lines.slice(2), ["B 1 queue.purge-ok messageCount=11", "A 0 connection.unblocked"])
    assert.equal([...place.server.sessions.keys()].every((session) => session.wantsInput), true)
  })

  test("counts headers as well as bodies", async () => {
    const place = memory({ limits: { memoryHigh: 100 * KiB, memoryLow: 50 * KiB } })
    const stage = new Stage(place, "headers")
    const a = await stage.open()
    const q = stage.name("q")
    await a.queue(q)
    const headers = new Map([["h", { type: "longstr" as const, value: "x".repeat(3 * KiB) }]])
    for (let i = 0; i < 30; i++) await a.publish("", q, "", { headers })
    assert.deepEqual(stage.lines.slice(1), ["A 0 connection.blocked reason='low on memory'"])
    assert.equal(place.server.figures().virtualHosts[0]?.queues[0]?.bytes, 0)
  })

  test("whoever is not read is told what others have for it: messages, and replies to its calls", async () => {
    const place = memory({ limits: { memoryHigh: 100 * KiB, memoryLow: 50 * KiB } })
    const stage = new Stage(place, "told")
    const [a, b] = [await stage.open(), await stage.open()]
    const q = stage.name("q")
    const calls = stage.name("calls")
    await b.queue(q)
    await b.queue(calls)
    await b.consume(calls, "server", { noAck: true })
    await a.consume("amq.rabbitmq.reply-to", "caller", { noAck: true })
    await a.publish("", calls, "call", { replyTo: "amq.rabbitmq.reply-to" })
    for (let i = 0; i < 11; i++) await a.publish("", q, "x".repeat(10 * KiB))
    assert.equal(stage.lines.at(-1), "A 0 connection.blocked reason='low on memory'")
    b.isHeard = false
    await b.publish("", b.lastReplyTo, "reply")
    assert.equal(stage.lines.at(-1), 'A 1 body "reply"')
  })

  test("a client that does not understand is stopped all the same, without a word", async () => {
    const place = memory({ limits: { memoryHigh: 100 * KiB, memoryLow: 50 * KiB } })
    const stage = new Stage(place, "mute")
    const a = await stage.open({ capabilities: [] })
    await a.queue(stage.name("q"))
    for (let i = 0; i < 11; i++) await a.publish("", stage.name("q"), "x".repeat(10 * KiB))
    assert.equal(stage.lines.length, 1)
    assert.deepEqual([...place.server.sessions.keys()].map((session) => session.wantsInput), [false])
  })

  test("whoever begins to publish while memory is short is stopped then", async () => {
    const place = memory({ limits: { memoryHigh: 100 * KiB, memoryLow: 50 * KiB } })
    const stage = new Stage(place, "later")
    const [a, b] = [await stage.open(), await stage.open()]
    await a.queue(stage.name("q"))
    for (let i = 0; i < 11; i++) await a.publish("", stage.name("q"), "x".repeat(10 * KiB))
    await b.queue(stage.name("q"), { passive: true })
    assert.match(stage.lines.at(-1)!, /^B 1 queue.declare-ok/)
    await b.publish("", "nowhere", "x")
    assert.equal(stage.lines.at(-1), "B 0 connection.blocked reason='low on memory'")
  })
})

/** A session whose bytes are taken only when it is asked, and what goes in by hand. */
const lazy = (server: Server): Session => {
  const session = server.accept({ origin: { host: "127.0.0.1", port: 1 }, onChange: () => {} })
  assert.ok(session !== undefined)
  return session
}

describe("peers that do not read", () => {
  test("a consumer is passed over while its peer does not read, and others get the messages", async () => {
    const place = memory({ limits: { outputBytes: 64 * KiB } })
    const sessions: Array<Session> = []
    const stage = new Stage({
      ...place,
      connect: () => {
        const session = lazy(place.server)
        sessions.push(session)
        let isReading = true
        return Promise.resolve({
          write: (bytes: Uint8Array) => session.receive(bytes),
          take: () => {
            const taken: Array<Uint8Array> = []
            // the first one stops to read once it consumes
            if (session === sessions[0] && session.channels.get(1)?.consumers.size === 1) isReading = false
            if (!isReading) return taken
            for (let bytes = session.take(); bytes !== undefined; bytes = session.take()) {
              taken.push(bytes)
              session.sent(bytes.length)
            }
            return taken
          },
          isClosed: () => session.isOver,
        })
      },
    }, "lazy")
    const q = stage.name("q")
    const [a, b] = [await stage.open(), await stage.open()]
    await b.queue(q)
    await a.consume(q, "asleep", { noAck: true })
    const message = "x".repeat(10 * KiB)
    for (let i = 0; i < 100; i++) await b.publish("", q, message)
    const [asleep] = sessions
    assert.ok(asleep !== undefined && asleep.waiting > 64 * KiB && asleep.waiting < 100 * KiB, `${asleep?.waiting}`)
    const got = Math.floor(asleep.waiting / (10 * KiB))
    await b.queue(q, { passive: true })
    assert.match(stage.lines.at(-1)!, new RegExp(`messageCount=${100 - got} consumerCount=1`))
    await b.consume(q, "awake", { noAck: true })
    await b.queue(q, { passive: true })
    assert.match(stage.lines.at(-1)!, /messageCount=0 consumerCount=2/)
    // once it reads, it gets its share again
    for (let bytes = asleep.take(); bytes !== undefined; bytes = asleep.take()) asleep.sent(bytes.length)
    assert.equal(asleep.waiting, 0)
    await b.publish("", q, "1")
    await b.publish("", q, "2")
    assert.ok(asleep.waiting > 0)
  })

  test("whoever asks without reading the answers is not read any more", async () => {
    const place = memory({ limits: { outputBytes: 16 * KiB } })
    const stage = new Stage(place, "greedy")
    const b = await stage.open()
    await b.queue(stage.name("q"), { exclusive: false })
    const session = lazy(place.server)
    const greedy = new Stage({
      ...place,
      connect: () =>
        Promise.resolve({ write: (bytes) => session.receive(bytes), take: () => [], isClosed: () => session.isOver }),
    }, "greedy")
    const a = await greedy.open()
    await a.publish("", stage.name("q"), "x".repeat(10 * KiB))
    for (let i = 0; i < 20 && session.wantsInput; i++) {
      await a.get(stage.name("q"))
      await a.nack(0, true)
    }
    assert.equal(session.wantsInput, false)
    assert.ok(session.waiting < 160 * KiB, `${session.waiting}`)
    for (let bytes = session.take(); bytes !== undefined; bytes = session.take()) session.sent(bytes.length)
    assert.equal(session.wantsInput, true)
  })
})

test("one connection too many is refused", () => {
  const server = new Server({ users: [], now: () => 0, limits: { connections: 2 } })
  const accept = () => server.accept({ origin: { host: "::1", port: 1 }, onChange: () => {} })
  const [first] = [accept(), accept()]
  assert.equal(accept(), undefined)
  first?.lost()
  assert.ok(accept() !== undefined)
  assert.deepEqual([server.figures().accepted, server.figures().refused], [3, 1])
})

test("the figures say who consumes what", async () => {
  const place = memory()
  const stage = new Stage(place, "figures")
  const a = await stage.open()
  const q = stage.name("q")
  await a.queue(q, { args: { "x-single-active-consumer": true } })
  await a.qos(5)
  await a.consume(q, "one", { args: { "x-priority": 3 } })
  await a.open(2)
  await a.confirm()
  await a.consume(q, "two", { noAck: true })
  await a.publish("", q, "1")
  const { virtualHosts: [vhost], connections: [connection] } = place.server.figures()
  assert.deepEqual(
    vhost?.consumers.map((
      { tag, channel, prefetch, unacked, noAck, priority, active },
    ) => [tag, channel, prefetch, unacked, noAck, priority, active]),
    [["one", 1, 5, 1, false, 3, true], ["two", 2, 0, 0, true, 0, false]],
  )
  assert.deepEqual(vhost?.queues.map(({ name, unacked, consumers }) => [name, unacked, consumers]), [[q, 1, 2]])
  assert.deepEqual(connection?.channels.map(({ number, confirms, published }) => [number, confirms, published]), [
    [1, false, 0],
    [2, true, 1],
  ])
  assert.equal(connection?.user, "guest")
  assert.equal(tableOf({}).size, 0)
})
