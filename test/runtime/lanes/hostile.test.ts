/**
 * Strangers and broken programs on a link: whatever they send harms nobody, is counted where it cannot be read, and leaves nothing.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import type { Packet, Parts } from "../../../src/transport/mod.ts"
import {
  callPacket,
  callParts,
  Header,
  helloParts,
  readLaneMessage,
  receiptParts,
  refusalParts,
  replyParts,
  welcomeParts,
} from "../../../src/wire/mod.ts"
import { properties } from "../../wire/properties.ts"
import { meet, Parts as Api, parts, type Run } from "./contracts.ts"
import { inWorld, kindOf, type World } from "./World.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const tokenOf = (n: number): string => String(n).padStart(16, "0")

const company = async (world: World, concurrency = 16) => {
  const ledger: Array<Run> = []
  const server = await world.start({ apps: parts("s", world, ledger, concurrency) })
  const caller = await world.start({ lane: "direct" })
  await meet(world, caller, server)
  world.network.sent.length = ledger.length = 0
  return { server, caller, ledger }
}

/** Somebody who speaks to a process without being one of the team; what it was answered. */
const stranger = async (world: World, to: string, name = "stranger") => {
  const answers: Array<Parts> = []
  const station = world.network.join(`zmq+tcp://10.66.0.1:${name.length + 1}`, name)
  station.listen((_, message) => answers.push(message))
  const link = station.open(to, { onUp: () => {}, onDown: () => {} })!
  await world.advance(5)
  return {
    answers: () => answers.map((message) => readLaneMessage(message)),
    kinds: () => answers.map((message) => kindOf({ parts: message })),
    say: (...messages: ReadonlyArray<Parts>) => {
      for (const message of messages) assert.ok(link.send(message))
      return world.advance(5)
    },
  }
}

const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true }

/** A call as any program could write it. */
const foreignCall = (world: World, part: Partial<Packet> = {}, timeout = 5_000): Packet => {
  const now = 1_800_000_000_000 + world.now()
  const origin = {
    id: "foreign",
    type: Api.lookup.type,
    app: "x",
    now,
    trace,
    version: "",
    schema: "",
    cause: undefined,
  }
  return { ...callPacket(origin, bytes('{"n":1}'), "nowhere", now + timeout), ...part }
}

describe("messages that mean nothing", () => {
  test(
    "are dropped and counted, by servers and callers, and calls go on",
    inWorld(async (world) => {
      const { caller, server, ledger } = await company(world)
      const garbage: ReadonlyArray<Parts> = [
        [],
        [new Uint8Array(0)],
        [bytes("GET / HTTP/1.1")],
        [Uint8Array.of(1)],
        [new Uint8Array(17).fill(1), bytes("{}"), bytes("")],
        [new Uint8Array(17).fill(2, 0, 1)],
        [Uint8Array.of(99), bytes("x")],
        [Uint8Array.of(6), bytes("[]")],
        Array.from({ length: 8 }, () => new Uint8Array(1_000)),
      ]
      for (const process of [server, caller]) {
        const before = process.facts("stray-reply").length
        const one = await stranger(world, process.endpoint)
        await one.say(...garbage)
        assert.deepEqual(one.answers(), [])
        const counted = process.facts("stray-reply").slice(before)
        assert.equal(counted.length, garbage.length)
        assert.match(counted[0]?.error ?? "", /cannot be read/)
      }
      const call = caller.call(Api.lookup({ n: 4 }))
      await world.answered(call)
      assert.deepEqual([call.value(), ledger.length], [4, 1])
    }),
  )

  test(
    "of any bytes never throw in whoever gets them",
    inWorld(async (world) => {
      const { caller, server } = await company(world)
      const one = await stranger(world, server.endpoint)
      const other = await stranger(world, caller.endpoint, "another")
      const messages: Array<Parts> = []
      properties(fc.property(
        fc.nat(8),
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }),
        fc.boolean(),
        (kind, more, isPlausible) => {
          const first = Uint8Array.of(kind, ...(isPlausible ? bytes(tokenOf(kind)) : (more[0] ?? [])))
          messages.push([first, ...more.slice(1)])
        },
      ))
      await one.say(...messages)
      await other.say(...messages)
      const call = caller.call(Api.lookup({ n: 4 }))
      await world.answered(call)
      assert.equal(call.value(), 4)
      assert.deepEqual([caller.core.lanes?.client.waiting, server.core.lanes?.server.inHand], [0, 0])
    }),
  )
})

describe("replies, refusals and receipts that nobody is owed", () => {
  test(
    "are not believed: a call ends with its own reply alone",
    inWorld(async (world) => {
      const { caller, server } = await company(world)
      const one = await stranger(world, caller.endpoint)
      const call = caller.call(Api.slow({ n: 4, ms: 200 }))
      await world.advance(50)
      const value = { ...foreignCall(world), headers: {}, body: bytes("666") }
      for (let i = 0; i < 50; i++) {
        await one.say(replyParts(tokenOf(i), value), refusalParts(tokenOf(i), "Stopped"), receiptParts([tokenOf(i)]))
      }
      await world.answered(call)
      assert.equal(call.value(), 4)
      assert.equal(caller.facts("stray-reply").length, 50)
      // it is told that they have arrived, or it would send them again
      assert.ok(one.kinds().every((kind) => kind === "receipt"))
      assert.equal(server.facts("rerouted").length, 0)
    }),
  )

  test(
    "a welcome to a hello that was not said makes no link",
    inWorld(async (world) => {
      const { caller } = await company(world)
      const one = await stranger(world, caller.endpoint)
      const before = caller.core.lanes?.links()
      await one.say(welcomeParts, welcomeParts)
      assert.equal(caller.core.lanes?.links(), before)
    }),
  )

  test(
    "a hello to another process gets no answer",
    inWorld(async (world) => {
      const { server } = await company(world)
      const one = await stranger(world, server.endpoint)
      await one.say(helloParts(1, "somebody else", 1))
      assert.deepEqual(one.answers(), [])
      await one.say(helloParts(1, server.instance, 1))
      assert.deepEqual(one.kinds(), ["welcome"])
    }),
  )
})

describe("calls of a broken program", () => {
  test(
    "the same message twice while it is in hand is one call",
    inWorld(async (world) => {
      const { server, ledger } = await company(world)
      const one = await stranger(world, server.endpoint)
      const packet = foreignCall(world, { type: Api.slow.type, body: bytes('{"n":7,"ms":100}') })
      const message = callParts(tokenOf(1), 5, packet)
      await one.say(message, message, message)
      await world.advance(200)
      assert.deepEqual(ledger.map(({ n }) => n), [7])
      assert.deepEqual(one.kinds(), ["reply"])
      assert.equal(server.core.lanes?.server.inHand, 0)
    }),
  )

  test(
    "with fields that make no sense are refused, skipped or answered, and hold no place for ever",
    inWorld(async (world) => {
      const { caller, server } = await company(world, 2)
      const one = await stranger(world, server.endpoint)
      const odd: ReadonlyArray<Partial<Packet>> = [
        { type: "no.such" },
        { headers: {} },
        { headers: { [Header.timeout]: -1 } },
        { headers: { [Header.timeout]: 0 } },
        { headers: { [Header.timeout]: 1e300, [Header.deadline]: 1e300 } },
        { headers: { [Header.timeout]: "soon", [Header.deadline]: "later" } },
        { headers: { [Header.timeout]: true } },
        { headers: { [Header.deadline]: -5, [Header.timeout]: 1_000 } },
        { headers: { [Header.attempt]: 1e9 } },
        { headers: { [Header.attempt]: -3 } },
        { headers: { [Header.hops]: "not what you think" } },
        { headers: { [Header.traceparent]: "garbage", [Header.tracestate]: "x".repeat(5_000) } },
        { headers: { [Header.reply]: "zmq+tcp://10.0.0.1:1/i/00" } },
        { headers: { __proto__: null, constructor: "x", toString: "y" } as unknown as Packet["headers"] },
        { body: bytes("") },
        { body: bytes("{") },
        { body: bytes('{"n":"one"}') },
        { body: new Uint8Array(100_000) },
        { replyTo: "x".repeat(255) },
        { replyTo: "amq.rabbitmq.reply-to.whatever" },
        { id: "é".repeat(255), correlationId: "é".repeat(255) },
        { timestamp: -1e15, app: "\u0000" },
      ]
      for (const [i, part] of odd.entries()) {
        await one.say(callParts(tokenOf(i), -1e9 + i, foreignCall(world, part)))
        await world.advance(100)
      }
      await world.advance(10_000)
      assert.equal(server.core.lanes?.server.inHand, 0)
      assert.ok(one.kinds().length >= odd.length - 6, `${one.kinds().length} of ${odd.length}`)
      const calls = Array.from({ length: 10 }, (_, n) => caller.call(Api.lookup({ n })))
      await world.answered(...calls)
      calls.forEach((call, n) => assert.equal(call.value(), n))
    }),
  )

  test(
    "whose replies nobody takes, over the link or through the broker, are over soon",
    inWorld(async (world) => {
      const { server, ledger, caller } = await company(world, 2)
      const one = await stranger(world, server.endpoint)
      for (let i = 0; i < 40; i++) {
        await one.say(callParts(tokenOf(i), i, foreignCall(world, { id: `f${i}`, correlationId: `f${i}` })))
      }
      await world.advance(2_000)
      assert.equal(ledger.length, 40)
      assert.equal(server.core.lanes?.server.inHand, 0)
      // no receipt came, and the queue it named does not exist
      assert.equal(server.facts("rerouted").length, 40)
      const call = caller.call(Api.lookup({ n: 4 }))
      await world.answered(call)
      assert.equal(call.value(), 4)
    }),
  )

  test(
    "in a flood are refused beyond what a server works on and lets wait, whoever sends them, and memory has a bound",
    inWorld(async (world) => {
      const { server, ledger } = await company(world, 4)
      const strangers = await Promise.all(
        ["a", "bb", "ccc"].map((name) => stranger(world, server.endpoint, name)),
      )
      const body = bytes('{"n":1,"ms":60000}')
      let most = 0
      for (let i = 0; i < 2_000; i++) {
        const packet = foreignCall(world, { type: Api.slow.type, body, id: `f${i}`, correlationId: `f${i}` }, 90_000)
        await strangers[i % 3]!.say(callParts(tokenOf(i), i, packet))
        most = Math.max(most, server.core.lanes?.server.inHand ?? 99)
      }
      assert.equal(most, 8)
      assert.equal(ledger.length, 4)
      const refused = strangers.flatMap((one) => one.answers()).filter((answer) => answer?._tag === "Refusal")
      assert.equal(refused.length, 2_000 - 8)
      assert.ok(refused.every((answer) => answer?._tag === "Refusal" && answer.reason === "Overloaded"))
    }),
  )

  test(
    "to a queue of calls, that all name one token for their replies, each end once",
    inWorld(async (world) => {
      const { server, caller, ledger } = await company(world, 2)
      const address = `${caller.endpoint}/${caller.instance}/${"ab".repeat(16)}`
      const publish = (id: string) =>
        world.publish(
          { exchange: "warren.calls", key: Api.lookup.type },
          foreignCall(world, {
            id,
            correlationId: id,
            headers: { [Header.reply]: address, [Header.timeout]: 5_000 },
          }),
        )
      for (let i = 0; i < 20; i++) await publish(`same-${i}`)
      await world.advance(5_000)
      assert.equal(ledger.length, 20)
      const [queue] = world.broker.engine.view().queues.filter(({ name }) => name.endsWith(Api.lookup.type))
      assert.deepEqual([queue?.ready, queue?.unacked], [0, 0])
      const call = caller.call(Api.lookup({ n: 4 }))
      await world.answered(call)
      assert.equal(call.value(), 4)
      assert.ok(server.host.isReady())
    }),
  )
})
