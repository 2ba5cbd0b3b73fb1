/**
 * The way of a call, as it is told: by the caller, by the server, by the calls in between; and whatever others tell instead.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import {
  type CallTrail,
  readCallTrail,
  readServerTrail,
  type ServerTrail,
  Trail,
  writeServerTrail,
} from "../../../src/runtime/Trail.ts"
import { Header, readLaneMessage, replyParts } from "../../../src/wire/mod.ts"
import { properties } from "../../wire/properties.ts"
import { meet, Parts, parts } from "./contracts.ts"
import { inWorld, kindOf, type Process, type World } from "./World.ts"

const hop = fc.record({ at: fc.double({ noNaN: true, noDefaultInfinity: true }), what: fc.string() }).chain((one) =>
  fc.option(fc.string()).map((detail) => detail === null ? one : { ...one, detail })
)

const { callTrail } = fc.letrec<{ callTrail: CallTrail; serverTrail: ServerTrail }>((tie) => ({
  callTrail: fc.record({
    call: fc.string(),
    id: fc.string(),
    app: fc.string(),
    from: fc.double({ noNaN: true, noDefaultInfinity: true }),
    hops: fc.array(hop, { maxLength: 3 }),
  }).chain((one) =>
    fc.option(tie("serverTrail"), { depthSize: "small", maxDepth: 3 }).map((server) =>
      server === null ? one : { ...one, server }
    )
  ),
  serverTrail: fc.record({
    handler: fc.string(),
    instance: fc.string(),
    host: fc.string(),
    pid: fc.nat(),
    hops: fc.array(hop, { maxLength: 3 }),
    calls: fc.array(tie("callTrail"), { maxLength: 2 }),
  }),
}))

const server = (part: Partial<ServerTrail> = {}): ServerTrail => ({
  handler: "parts.lookup",
  instance: "i",
  host: "h",
  pid: 1,
  hops: [{ at: 0, what: "arrived" }],
  calls: [],
  ...part,
})

const aCall = (detail: string): CallTrail => ({
  call: "a.b",
  id: "i",
  app: "a",
  from: 0,
  hops: [{ at: 0, what: "w", detail }],
})

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

describe("Trail", () => {
  test("counts from its beginning, on a clock finer than ms", () => {
    let now = 5_000.25
    const trail = new Trail(() => now)
    trail.add("first")
    now += 0.1239
    trail.add("second", "why")
    assert.deepEqual(trail.hops, [{ at: 0, what: "first" }, { at: 0.124, what: "second", detail: "why" }])
    assert.equal(trail.elapsed, 0.124)
  })

  test("follows a hundred calls of one handler, and no more", () => {
    const trail = new Trail(() => 0)
    for (let i = 0; i < 5_000; i++) trail.addCall(aCall(String(i)))
    assert.equal(trail.calls.length, 100)
  })
})

describe("what a server tells", () => {
  test("is read as it was written", () =>
    properties(fc.property(callTrail, (one) => {
      assert.deepEqual(readCallTrail(JSON.stringify(one)), JSON.parse(JSON.stringify(one)))
      const told = server({ calls: [one] })
      assert.deepEqual(readServerTrail(writeServerTrail(told)), JSON.parse(JSON.stringify(told)))
    })))

  test("has at most 32000 bytes, whatever it is written in: the calls of its handler are left out beyond them", () => {
    for (const character of ["x", "é", "漢", "🦊", "\u0001", '"']) {
      for (const length of [100, 1_000, 8_000, 30_000]) {
        const told = server({ calls: Array.from({ length: 4 }, () => aCall(character.repeat(length / 4))) })
        const text = writeServerTrail(told)
        assert.ok(bytesOf(text) <= 32_000, `${character} ${length}: ${bytesOf(text)}`)
        const read = readServerTrail(text)
        assert.ok(read !== undefined && (read.calls.length === 4 || read.calls.length === 0))
        assert.equal(read.calls.length === 4, bytesOf(JSON.stringify(told)) <= 32_000)
      }
    }
  })

  test("fits a message of a link", () => {
    const told = writeServerTrail(server({ calls: Array.from({ length: 100 }, () => aCall("漢".repeat(100))) }))
    const packet = {
      id: "",
      type: "",
      app: "",
      timestamp: 0,
      contentType: "",
      persistent: false,
      headers: { [Header.hops]: told },
      body: new Uint8Array(0),
    }
    const read = readLaneMessage(replyParts("0123456789abcdef", packet))
    assert.ok(read?._tag === "Reply" && read.hops === told)
  })
})

describe("what somebody else tells", () => {
  test("is believed only as far as it has the form, and never throws", () => {
    for (
      const value of [
        undefined,
        7,
        true,
        "",
        "1",
        "null",
        "[]",
        "{}",
        "{",
        '"text"',
        JSON.stringify(server({ pid: "1" as never })),
        JSON.stringify(server({ hops: [{ at: "now" as never, what: "x" }] })),
        JSON.stringify(server({ hops: {} as never })),
        JSON.stringify(server({ calls: [{}] as never })),
        JSON.stringify(server()).replace('"pid":1', '"pid":1e999'),
        "[".repeat(32_000),
        '{"calls":'.repeat(3_000),
        " ".repeat(40_000),
      ]
    ) assert.equal(readServerTrail(value), undefined, String(value).slice(0, 60))
    assert.equal(readCallTrail(null), undefined)
    properties(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      readServerTrail(text)
      readCallTrail(text)
    }))
  })

  test("may be nested as deep as it has room", () => {
    let text = JSON.stringify(server({ hops: [] }))
    for (;;) {
      const more = JSON.stringify(server({ hops: [], calls: [{ ...aCall(""), hops: [], server: JSON.parse(text) }] }))
      if (more.length > 32_000) break
      text = more
    }
    const read = readServerTrail(text)
    let depth = 0
    for (let one = read; one !== undefined; one = one.calls[0]?.server) depth++
    assert.ok(depth > 100, String(depth))
  })
})

/** Calls, and gives the way of it. */
const followed = async (world: World, caller: Process, message: ReturnType<typeof Parts.lookup>) => {
  let trail: CallTrail | undefined
  const one = caller.call(message as never, { onTrail: (told) => trail = told })
  await world.answered(one)
  assert.ok(trail !== undefined)
  return { one, trail: trail as CallTrail }
}

const wordsOf = ({ hops }: { readonly hops: ReadonlyArray<{ readonly what: string }> }) => hops.map(({ what }) => what)

describe("a call that is followed", () => {
  test(
    "straight: both sides tell what they did, and the calls in between are there",
    inWorld(async (world) => {
      const { lookup, relay } = parts("s", world, [])["parts"]!
      const far = await world.start({ apps: { far: { lookup } } })
      const near = await world.start({ apps: { near: { relay } }, lane: "direct" })
      const caller = await world.start({ lane: "direct" })
      await meet(world, near, far)
      await world.answered(caller.call(Parts.relay({ n: 0 })))
      const { one, trail } = await followed(world, caller, Parts.relay({ n: 3 }) as never)
      assert.equal(one.value(), 3)
      assert.deepEqual([trail.call, trail.app, trail.from], ["parts.relay", "world", 0])
      assert.deepEqual(wordsOf(trail), ["sent straight", "replied", "answered"])
      assert.match(
        trail.hops[0]?.detail ?? "",
        /^to instance .*, past the broker: 1 of 1 server can be reached straight/,
      )
      assert.deepEqual([trail.server?.handler, trail.server?.instance], ["near.relay", near.instance])
      assert.deepEqual(wordsOf(trail.server!), ["arrived", "started", "handled"])
      const [inner] = trail.server?.calls ?? []
      assert.deepEqual([inner?.call, inner?.app, inner?.server?.handler], ["parts.lookup", "near", "far.lookup"])
      assert.deepEqual(wordsOf(inner!), ["sent straight", "replied", "answered"])
    }),
  )

  for (const lane of ["broker", "reply"] as const) {
    test(
      `on the lane ${lane}: the same, and why it went that way`,
      inWorld(async (world) => {
        await world.start({ apps: parts("s", world, []) })
        const caller = await world.start({ lane })
        await meet(world, caller)
        const { trail } = await followed(world, caller, Parts.lookup({ n: 3 }))
        // in memory the broker confirms once its consumers are through
        assert.deepEqual(wordsOf(trail).filter((word) => word !== "confirmed"), ["published", "replied", "answered"])
        const published = trail.hops.find(({ what }) => what === "published")
        assert.match(published?.detail ?? "", new RegExp(`the lane "${lane}" was asked for`))
        assert.deepEqual(wordsOf(trail.server!), ["arrived", "started", "handled"])
        assert.equal(trail.server?.hops[0]?.detail, "through the broker")
      }),
    )
  }

  test(
    "tells errors, and where it went on by another way",
    inWorld(async (world) => {
      const server = await world.start({ apps: parts("s", world, [], 1) })
      const caller = await world.start({ lane: "direct" })
      await meet(world, caller, server)
      const failed = await followed(world, caller, Parts.lookup({ n: -1 }))
      assert.deepEqual(wordsOf(failed.trail), ["sent straight", "replied", "refused"])
      assert.match(failed.trail.hops.at(-1)?.detail ?? "", /Unknown/)
      for (let n = 0; n < 2; n++) caller.call(Parts.slow({ n, ms: 100 }))
      await world.advance(10)
      const { one, trail } = await followed(world, caller, Parts.slow({ n: 5, ms: 0 }) as never)
      assert.equal(one.value(), 5)
      assert.deepEqual(wordsOf(trail).slice(0, 3), ["sent straight", "rerouted", "published"])
      assert.match(trail.hops[1]?.detail ?? "", /too many calls in hand/)
    }),
  )

  test(
    "that nobody asked about is not followed: nothing of it travels",
    inWorld(async (world) => {
      const server = await world.start({ apps: parts("s", world, []) })
      const caller = await world.start({ lane: "direct" })
      await meet(world, caller, server)
      world.network.sent.length = 0
      await world.answered(caller.call(Parts.lookup({ n: 3 })))
      const [reply] = world.network.sent.filter((sent) => kindOf(sent) === "reply")
      assert.equal(reply?.parts.length, 3)
    }),
  )

  test(
    "ends as it should where whoever wanted to know throws",
    inWorld(async (world) => {
      const server = await world.start({ apps: parts("s", world, []) })
      const caller = await world.start({ lane: "direct" })
      await meet(world, caller, server)
      const onTrail = () => {
        throw new Error("the screen is full")
      }
      const [one, other, given] = [
        caller.call(Parts.lookup({ n: 3 }), { onTrail }),
        caller.call(Parts.lookup({ n: -3 }), { onTrail }),
        caller.call(Parts.slow({ n: 3, ms: 5_000 }), { onTrail }),
      ]
      await world.advance(50)
      given.interrupt()
      await world.answered(one, other, given)
      assert.equal(one.value(), 3)
      assert.equal((other.error() as { _tag: string })._tag, "Unknown")
      assert.equal(caller.core.lanes?.client.waiting, 0)
    }),
  )

  test(
    "has its answer, and its own hops, whatever its server tells of itself",
    inWorld(async (world) => {
      const server = await world.start({ apps: parts("s", world, []) })
      const caller = await world.start({ lane: "direct" })
      await meet(world, caller, server)
      for (const garbage of ["", "{", "null", "[".repeat(30_000), '{"handler":1}', "\u0000\u001b[31m"]) {
        server.core.lanes?.server.serve(Parts.lookup.type, ({ packet, straight }) => {
          straight?.answer(
            { ...packet, headers: { [Header.hops]: garbage }, body: new TextEncoder().encode("7") },
            () => {},
          )
          straight?.done()
          return true
        })
        const { one, trail } = await followed(world, caller, Parts.lookup({ n: 3 }))
        assert.equal(one.value(), 7)
        assert.deepEqual([trail.server, wordsOf(trail)], [undefined, ["sent straight", "replied", "answered"]])
      }
    }),
  )
})
