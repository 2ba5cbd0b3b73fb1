/**
 * Servers that can be called straight: which one is asked, and that links are kept to those that are there and to no others.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import { Directory } from "../../../src/runtime/Directory.ts"
import { Sent, type Straight } from "../../../src/runtime/lanes/Sent.ts"
import { type Server, Servers } from "../../../src/runtime/lanes/Servers.ts"
import { Ways } from "../../../src/runtime/lanes/Ways.ts"
import { type Announcement, helloParts, type PresenceState, readLaneMessage } from "../../../src/wire/mod.ts"
import { properties } from "../../wire/properties.ts"
import { inYard, type Yard } from "./Yard.ts"

const type = "parts.lookup"
const home = "zmq+tcp://10.0.0.1:1"
const placeOf = (instance: string) => `zmq+tcp://10.0.1.${instance.charCodeAt(0)}:1`

interface Said {
  readonly state?: PresenceState
  readonly types?: ReadonlyArray<string>
  readonly kind?: "call" | "listener"
  readonly direct?: string | undefined
  readonly every?: number
}

const announcement = (instance: string, said: Said = {}): Announcement => ({
  instance,
  apps: [{
    app: "parts",
    handlers: (said.types ?? [type]).map((subject) => ({
      name: "lookup",
      kind: said.kind ?? "call",
      subject,
      queue: "q",
      schema: "s",
      version: "1",
      idempotent: false,
    })),
  }],
  emits: [],
  calls: [],
  host: "h",
  pid: 1,
  runtime: "bun 1",
  version: "",
  startedAt: 0,
  state: said.state ?? "running",
  every: said.every ?? 5_000,
  inHand: 0,
  handled: 0,
  failed: 0,
  ...("direct" in said ? said.direct !== undefined && { direct: said.direct } : {
    direct: `${placeOf(instance)}/${instance}`,
  }),
})

/** The servers that one process knows. */
const aCaller = (yard: Yard) => {
  const { now, deadlines, network } = yard
  const station = network.join(home, "peer-home")
  const ways = new Ways({ now, deadlines }, station, ({ instance }) => helloParts(now(), instance, now()))
  station.listen((from, parts) => {
    if (readLaneMessage(parts)?._tag === "Welcome") ways.onWelcome(from)
  })
  const directory = new Directory("home", now, 5_000)
  const down: Array<string> = []
  const servers = new Servers(directory, ways, ({ instance }) => down.push(instance))
  const hear = (instance: string, said?: Said) => directory.heard(announcement(instance, said))
  /** Hears of some that are there, and waits for their links. */
  const meet = async (...names: ReadonlyArray<string>) => {
    for (const name of names) {
      yard.neighbour(placeOf(name), name)
      hear(name)
    }
    servers.of(type, now())
    await yard.advance(10)
  }
  const choose = () => servers.choose(type, now())?.instance
  return { ways, directory, servers, down, hear, meet, choose }
}

const nobody: Straight = { onReply: () => {}, onRefused: () => {}, onLost: () => {}, onDead: () => {} }

/** Gives a server so many outstanding calls. */
const burden = (server: Server | undefined, calls: number): void => {
  for (const call of server!.calls) server!.calls.delete(call)
  for (let i = 0; i < calls; i++) server!.calls.add(new Sent(`t${i}`, nobody, server))
}

describe("Servers.choose()", () => {
  test(
    "gives nobody where nobody serves the call, nobody can be reached straight, or no link is up yet",
    inYard(async (yard) => {
      const { choose, hear, servers } = aCaller(yard)
      assert.equal(choose(), undefined)
      hear("a", { direct: undefined })
      hear("b", { types: ["parts.other"] })
      hear("c", { kind: "listener" })
      hear("d", { state: "draining" })
      hear("e", { direct: `${placeOf("e")}/another` })
      hear("f", { direct: "nonsense" })
      assert.deepEqual([choose(), servers.size, yard.network.dialled], [undefined, 0, 0])
      assert.equal(servers.of(type, yard.now()).alive, 3)
      yard.neighbour(placeOf("g"), "g")
      hear("g")
      assert.equal(choose(), undefined)
      await yard.advance(10)
      assert.equal(choose(), "g")
    }),
  )

  test(
    "asks those with equally many calls in turn",
    inYard(async (yard) => {
      const { choose, meet } = aCaller(yard)
      await meet("a", "b", "c")
      const asked = Array.from({ length: 300 }, choose)
      for (const one of ["a", "b", "c"]) assert.equal(asked.filter((name) => name === one).length, 100)
      for (let i = 3; i < asked.length; i++) assert.equal(asked[i], asked[i - 3])
    }),
  )

  test(
    "asks the one with the fewest outstanding calls, whatever the turn",
    inYard(async (yard) => {
      const { meet, servers } = aCaller(yard)
      const names = ["a", "b", "c", "d", "e"]
      await meet(...names)
      const all = servers.of(type, yard.now()).servers
      properties(
        fc.property(fc.array(fc.nat(6), { minLength: 5, maxLength: 5 }), fc.nat(4), (burdens, turns) => {
          all.forEach((server, i) => burden(server, burdens[i]!))
          for (let i = 0; i < turns; i++) servers.choose(type, yard.now())
          const chosen = servers.choose(type, yard.now())
          assert.equal(chosen?.calls.size, Math.min(...burdens))
        }),
        300,
      )
    }),
  )

  test(
    "passes over those that refused a call just now, until their time is over, and those whose link is down",
    inYard(async (yard) => {
      const { choose, meet, servers } = aCaller(yard)
      await meet("a", "b")
      const [a, b] = servers.of(type, yard.now()).servers
      a!.avoidUntil = yard.now() + 20
      burden(b, 100)
      assert.deepEqual([choose(), choose()], ["b", "b"])
      b!.avoidUntil = yard.now() + 10
      assert.equal(choose(), undefined)
      await yard.advance(10)
      assert.equal(choose(), "b")
      await yard.advance(10)
      assert.equal(choose(), "a")
      yard.network.cut(home, placeOf("a"))
      assert.deepEqual([choose(), choose()], ["b", "b"])
      await yard.advance(1_100)
      assert.equal(choose(), "a")
    }),
  )

  test(
    "knows a process that serves several calls as one, with all its calls",
    inYard(async (yard) => {
      const { hear, servers, ways } = aCaller(yard)
      for (const name of ["a", "b"]) {
        yard.neighbour(placeOf(name), name)
        hear(name, { types: [type, "parts.other"] })
      }
      const now = yard.now()
      assert.deepEqual(servers.of(type, now).servers, servers.of("parts.other", now).servers)
      assert.deepEqual([ways.size, servers.size, yard.network.dialled], [2, 2, 2])
      await yard.advance(10)
      burden(servers.of(type, now).servers[0], 1)
      assert.equal(servers.choose("parts.other", yard.now()), servers.of(type, now).servers[1])
    }),
  )
})

describe("Servers and who is there", () => {
  test(
    "those that drain are asked no more; those that are gone are forgotten, with their links",
    inYard(async (yard) => {
      const { choose, hear, meet, servers, ways, directory } = aCaller(yard)
      await meet("a", "b", "c")
      hear("a", { state: "draining" })
      assert.ok(Array.from({ length: 6 }, choose).every((name) => name !== "a"))
      assert.equal(yard.network.dialled, 3)
      hear("a", { state: "gone" })
      directory.gone("b", yard.now())
      assert.equal(choose(), "c")
      assert.deepEqual([servers.size, ways.size, yard.network.dialled], [1, 1, 1])
    }),
  )

  test(
    "a link with calls on it stays though its server is gone, until they are through",
    inYard(async (yard) => {
      const { choose, hear, meet, servers } = aCaller(yard)
      await meet("a", "b")
      const a = servers.of(type, yard.now()).servers.find(({ instance }) => instance === "a")!
      burden(a, 1)
      hear("a", { state: "gone" })
      assert.equal(choose(), "b")
      assert.ok(a.way.isUp())
      burden(a, 0)
      hear("b", { types: [type, "parts.more"] })
      choose()
      assert.ok(a.way.isClosed)
      assert.equal(servers.size, 1)
    }),
  )

  test(
    "those that have not been heard for long, as when the broker is away, are asked as long as their link is up",
    inYard(async (yard) => {
      const { choose, hear, meet, servers } = aCaller(yard)
      await meet("a", "b")
      await yard.advance(60_000)
      assert.notEqual(choose(), undefined)
      // whatever changes in the directory
      hear("c", { types: ["parts.other"], direct: undefined })
      assert.deepEqual(new Set([choose(), choose()]), new Set(["a", "b"]))
      assert.equal(servers.of(type, yard.now()).alive, 2)
      // and for calls that were not made before
      hear("a", { types: [type, "parts.new"] })
      hear("b", { types: [type, "parts.new"] })
      await yard.advance(60_000)
      assert.notEqual(servers.choose("parts.new", yard.now()), undefined)
      yard.network.cut(home, placeOf("a"), true)
      yard.network.cut(home, placeOf("b"), true)
      assert.equal(choose(), undefined)
    }),
  )

  test(
    "one that announces another address is reached there",
    inYard(async (yard) => {
      const { choose, hear, meet, servers, ways, down } = aCaller(yard)
      await meet("a")
      const before = servers.of(type, yard.now()).servers[0]!
      burden(before, 1)
      const moved = "zmq+tcp://10.9.9.9:9"
      yard.neighbour(moved, "a")
      hear("a", { direct: `${moved}/a` })
      choose()
      await yard.advance(10)
      assert.equal(choose(), "a")
      assert.ok(before.way.isClosed)
      // whoever waits for a call that was under way hears of it
      assert.deepEqual(down, ["a"])
      assert.deepEqual([servers.size, ways.size, yard.network.dialled], [1, 1, 1])
      hear("a", { direct: undefined })
      assert.equal(choose(), undefined)
    }),
  )

  test(
    "after a crash and a restart at the same port the new process is asked, though nobody knows yet that the old one is gone",
    inYard(async (yard) => {
      const { choose, hear, servers, directory } = aCaller(yard)
      const place = placeOf("a")
      const old = yard.neighbour(place, "a")
      hear("a")
      servers.of(type, yard.now())
      await yard.advance(10)
      assert.equal(choose(), "a")
      old.vanish()
      yard.neighbour(place, "z")
      await yard.advance(500)
      hear("z", { direct: `${place}/z` })
      choose()
      await yard.advance(10)
      assert.deepEqual([choose(), choose()], ["z", "z"])
      assert.equal(directory.get("a")?.life, "running")
      // the last words of the old one take nothing away
      directory.gone("a", yard.now())
      assert.equal(choose(), "z")
      assert.equal(yard.network.dialled, 1)
    }),
  )

  test(
    "one whose place seems to be taken is tried again a second later",
    inYard(async (yard) => {
      const { choose, hear, meet, servers, directory } = aCaller(yard)
      await meet("a")
      // its machine is gone without a word, and another one has its address; nobody has noticed
      yard.network.deafen(placeOf("a"), home)
      yard.neighbour(placeOf("a"), "z")
      hear("z", { direct: `${placeOf("a")}/z` })
      assert.deepEqual(servers.of(type, yard.now()).servers, [])
      await yard.advance(3_001)
      yard.network.mend(placeOf("a"), home)
      choose()
      await yard.advance(200)
      assert.equal(choose(), "z")
      assert.equal(directory.get("a")?.life, "running")
    }),
  )

  test(
    "one that was answered over a link before, which was lost, is dialled when it is to be called",
    inYard(async (yard) => {
      const { choose, hear, ways } = aCaller(yard)
      yard.neighbour(placeOf("a"), "a")
      ways.to(`${placeOf("a")}/a`)
      await yard.advance(10)
      yard.network.cut(home, placeOf("a"))
      hear("a")
      assert.equal(choose(), undefined)
      await yard.advance(2_000)
      assert.equal(choose(), "a")
    }),
  )

  test(
    "one whose way was given to another finds back when it is there after all",
    inYard(async (yard) => {
      const { choose, hear, meet, servers, ways } = aCaller(yard)
      await meet("a")
      ways.drop(servers.of(type, yard.now()).servers[0]!.way)
      assert.equal(choose(), undefined)
      await yard.advance(10)
      assert.equal(choose(), "a")
      hear("a", { state: "gone" })
      choose()
      assert.deepEqual([servers.size, ways.size, yard.network.dialled], [0, 0, 0])
    }),
  )

  test(
    "nothing is left of hundreds of servers that came and went, with a goodbye or without",
    inYard(async (yard) => {
      const { choose, hear, directory, servers, ways } = aCaller(yard)
      for (let i = 0; i < 300; i++) {
        const name = `s${i}`
        const place = `zmq+tcp://10.3.${i >> 8}.${i & 255}:1`
        const server = yard.neighbour(place, name)
        hear(name, { direct: `${place}/${name}` })
        choose()
        await yard.advance(5)
        assert.equal(choose(), name)
        if (i % 2 === 0) hear(name, { state: "gone" })
        else directory.gone(name, yard.now())
        choose()
        server.vanish()
      }
      assert.deepEqual([servers.size, ways.size, yard.network.dialled], [0, 0, 0])
    }),
  )
})
