/**
 * The ways of a process to others: whom they believe, which ones are given up, and that none is kept that nobody wants.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Ways } from "../../../src/runtime/lanes/Ways.ts"
import { helloParts, readLaneMessage, welcomeParts } from "../../../src/wire/mod.ts"
import type { LinkPeer } from "../../../src/transport/mod.ts"
import { inYard, isQuiet, type Yard } from "./Yard.ts"

const home = "zmq+tcp://10.0.0.1:1"
const there = "zmq+tcp://10.0.0.2:2"

/** Ways of one process, as the lanes run them. */
const aProcess = (yard: Yard, endpoint = home) => {
  const station = yard.network.join(endpoint, "peer-a")
  const { now, deadlines } = yard
  const ways = new Ways({ now, deadlines }, station, ({ instance }) => helloParts(now(), instance, now()))
  station.listen((from, parts) => {
    if (readLaneMessage(parts)?._tag === "Welcome") ways.onWelcome(from)
  })
  return { station, ways }
}

/** Ways of one process, of which the one to a neighbour is up. */
const withNeighbour = async (yard: Yard) => {
  const neighbour = yard.neighbour(there, "b")
  const { ways } = aProcess(yard)
  const way = ways.to(`${there}/b`)!
  await yard.advance(10)
  assert.ok(way.isUp())
  return { neighbour, ways, way }
}

describe("Ways", () => {
  test(
    "opens one link for each address, and sends once the other end has said that it is meant",
    inYard(async (yard) => {
      yard.neighbour(there, "b")
      const { ways } = aProcess(yard)
      const way = ways.to(`${there}/b`)
      assert.ok(way !== undefined)
      assert.equal(ways.to(`${there}/b`), way)
      assert.deepEqual([way.isUp(), way.send(welcomeParts), ways.up], [false, false, 0])
      await yard.advance(10)
      assert.deepEqual([way.isUp(), way.send(welcomeParts), ways.up], [true, true, 1])
      assert.equal(yard.network.dialled, 1)
      ways.close()
      assert.equal(yard.network.dialled, 0)
      await yard.advance(120_000)
      isQuiet(yard)
    }),
  )

  test(
    "gives none to what is no address, or must not be reached",
    inYard((yard) => {
      const { ways } = aProcess(yard)
      yard.network.refuses = (_, to) => to.includes("127.0.0.1")
      for (const text of ["", "tcp://10.0.0.2:2/b", there, "zmq+tcp://127.0.0.1:9/b"]) {
        assert.equal(ways.to(text), undefined, text)
      }
      assert.equal(yard.network.dialled, 0)
      isQuiet(yard)
    }),
  )

  test(
    "another process that has the port now is not believed; the one that is meant is, when it comes",
    inYard(async (yard) => {
      const stranger = yard.neighbour(there, "c")
      const { ways } = aProcess(yard)
      const way = ways.to(`${there}/b`, true)!
      way.onDown(() => {})
      await yard.advance(5_000)
      assert.equal(yard.network.up(home), 1)
      assert.ok(!way.isUp() && !way.send(welcomeParts))
      stranger.vanish()
      yard.neighbour(there, "b")
      await yard.advance(200)
      assert.ok(way.isUp())
    }),
  )

  test(
    "after a restart at the same port the old name gets no answer, and a way to the new one takes its place",
    inYard(async (yard) => {
      const old = yard.neighbour(there, "b")
      const { ways } = aProcess(yard)
      const way = ways.to(`${there}/b`, true)!
      way.onDown(() => {})
      await yard.advance(10)
      assert.ok(way.isUp())
      old.vanish()
      yard.neighbour(there, "b2")
      await yard.advance(5_000)
      assert.ok(!way.isUp())
      const next = ways.to(`${there}/b2`, true)!
      next.onDown(() => {})
      await yard.advance(10)
      assert.ok(next.isUp() && way.isClosed)
      assert.equal(yard.network.dialled, 1)
    }),
  )

  test(
    "an old address of a port takes nothing from the process that is proven to have it, or that is called there",
    inYard(async (yard) => {
      const { neighbour, ways, way } = await withNeighbour(yard)
      for (let i = 0; i < 3; i++) assert.equal(ways.to(`${there}/before`), undefined)
      assert.ok(way.isUp() && way.send(welcomeParts))
      // one that is called is wanted though it is away for a moment
      way.onDown(() => {})
      neighbour.vanish()
      await yard.advance(10)
      assert.equal(ways.to(`${there}/before`), undefined)
      assert.ok(!way.isClosed)
    }),
  )

  test(
    "a welcome over a link that was given up is none",
    inYard((yard) => {
      const { station, ways } = aProcess(yard)
      const stale: LinkPeer = { name: there, send: () => true }
      const way = ways.to(`${there}/b`)!
      ways.onWelcome(stale)
      assert.ok(!way.isUp())
      ways.onWelcome({ name: "zmq+tcp://10.0.0.9:9", send: () => true })
      ways.onWelcome({ name: station.identity, send: () => true })
      assert.equal(ways.up, 0)
    }),
  )

  test(
    "one that nobody keeps is given up when it does not come up within 3 s, and dialled again when it is wanted again",
    inYard(async (yard) => {
      const { ways } = aProcess(yard)
      const way = ways.to(`${there}/b`)!
      await yard.advance(2_900)
      assert.equal(yard.network.dialled, 1)
      await yard.advance(200)
      assert.equal(yard.network.dialled, 0)
      // it is remembered that it failed
      assert.equal(ways.to(`${there}/b`), way)
      assert.equal(yard.network.dialled, 0)
      yard.neighbour(there, "b")
      await yard.advance(1_000)
      assert.equal(ways.to(`${there}/b`), way)
      await yard.advance(10)
      assert.ok(way.isUp())
    }),
  )

  test(
    "one that nobody keeps is given up when it is lost, and left alone for a while",
    inYard(async (yard) => {
      const { ways, way } = await withNeighbour(yard)
      yard.network.cut(home, there)
      await yard.advance(500)
      assert.equal(yard.network.dialled, 0)
      assert.ok(!way.isUp())
      ways.to(`${there}/b`)
      assert.equal(yard.network.dialled, 0)
      await yard.advance(600)
      ways.to(`${there}/b`)
      await yard.advance(10)
      assert.ok(way.isUp())
    }),
  )

  test(
    "one that is kept is dialled at once, even where it was given up before, and comes back by itself",
    inYard(async (yard) => {
      const { ways, way } = await withNeighbour(yard)
      yard.network.cut(home, there)
      await yard.advance(10)
      assert.equal(yard.network.dialled, 0)
      assert.equal(ways.to(`${there}/b`, true), way)
      way.onDown(() => {})
      assert.equal(yard.network.dialled, 1)
      await yard.advance(2_000)
      assert.ok(way.isUp())
      for (let i = 0; i < 3; i++) {
        yard.network.cut(home, there)
        await yard.advance(60_000)
        assert.ok(way.isUp())
      }
    }),
  )

  test(
    "one that is neither used nor kept is closed after a minute or two; those that are stay",
    inYard(async (yard) => {
      const names = ["unused", "used", "kept"]
      const endpoints = names.map((_, i) => `zmq+tcp://10.0.1.${i}:1`)
      endpoints.forEach((endpoint, i) => yard.neighbour(endpoint, names[i]!))
      const { ways } = aProcess(yard)
      const [unused, used, kept] = endpoints.map((endpoint, i) => ways.to(`${endpoint}/${names[i]}`)!)
      kept!.onDown(() => {})
      for (let i = 0; i < 12; i++) {
        await yard.advance(10_000)
        assert.equal(ways.to(`${endpoints[1]}/used`), used)
      }
      assert.deepEqual([unused!.isClosed, used!.isClosed, kept!.isClosed], [true, false, false])
      assert.ok(used!.isUp() && kept!.isUp())
      await yard.advance(120_000)
      assert.deepEqual([used!.isClosed, kept!.isClosed], [true, false])
      ways.close()
      await yard.advance(60_000)
      isQuiet(yard)
    }),
  )

  test(
    "there are 1,024 of them at most; those that were given up make room, those that are up do not",
    inYard(async (yard) => {
      const { ways } = aProcess(yard)
      const addressOf = (i: number) => `zmq+tcp://10.1.${i >> 8}.${i & 255}:1/i${i}`
      for (let i = 0; i < 1_024; i++) {
        if (i % 2 === 0) yard.neighbour(addressOf(i).slice(0, addressOf(i).lastIndexOf("/")), `i${i}`)
        assert.ok(ways.to(addressOf(i)) !== undefined)
      }
      assert.equal(ways.to(addressOf(1_024)), undefined)
      await yard.advance(4_000)
      // half of them never came up
      assert.equal(ways.up, 512)
      for (let i = 1_024; i < 1_024 + 512; i++) {
        yard.neighbour(addressOf(i).slice(0, addressOf(i).lastIndexOf("/")), `i${i}`)
        assert.ok(ways.to(addressOf(i)) !== undefined, String(i))
      }
      await yard.advance(10)
      assert.equal(ways.up, 1_024)
      assert.equal(ways.to(addressOf(9_999)), undefined)
      ways.close()
      assert.equal(yard.network.dialled, 0)
    }),
  )

  test(
    "nothing is left of thousands of processes that came, were answered and went",
    inYard(async (yard) => {
      const { ways } = aProcess(yard)
      for (let i = 0; i < 3_000; i++) {
        const endpoint = `zmq+tcp://10.2.${i >> 8}.${i & 255}:1`
        const caller = yard.neighbour(endpoint, `i${i}`)
        const way = ways.to(`${endpoint}/i${i}`)
        assert.ok(way !== undefined, String(i))
        let isUp: boolean | undefined
        way.whenUp(5, (found) => isUp = found)
        await yard.advance(5)
        assert.equal(isUp, true, String(i))
        caller.vanish()
      }
      assert.equal(yard.network.dialled, 0)
      await yard.advance(130_000)
      assert.deepEqual([ways.size, ways.up], [0, 0])
      isQuiet(yard)
    }),
  )
})
