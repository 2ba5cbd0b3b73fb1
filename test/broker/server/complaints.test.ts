/**
 * Why connections are ended is told to whoever hosts the server, and to nobody where a peer did nothing wrong.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import type { Complaint } from "../../../src/broker/mod.ts"
import { memory } from "./memory.ts"
import { capabilities, type Opening, Stage, tableOf } from "./Stage.ts"

const rig = () => {
  const told: Array<string> = []
  const onComplaint = ({ user, reason, detail }: Complaint) => void told.push(`${reason} ${user}: ${detail}`)
  const place = memory({ onComplaint, limits: { handshakeTime: 1_000 } })
  return { told, place, stage: new Stage(place, "complaints") }
}

describe("a complaint", () => {
  test("names who could not log in, also where the peer does not know how to be told", async () => {
    for (const can of [capabilities, []]) {
      const { told, stage } = rig()
      await stage.open({ user: "guest", password: "wrong", capabilities: can })
      assert.equal(told.length, 1)
      assert.match(told[0]!, /^login guest: ACCESS_REFUSED/)
      assert.doesNotMatch(told[0]!, /wrong/)
    }
  })

  const cases: ReadonlyArray<readonly [string, Opening, RegExp]> = [
    ["another virtual host", { vhost: "other" }, /^protocol guest: NOT_ALLOWED - vhost other not found/],
    ["another mechanism", { mechanism: "EXTERNAL" }, /^protocol : COMMAND_INVALID - .*EXTERNAL/],
    ["a frame that is too large", { tune: { frameMax: 1_000_000 } }, /^protocol guest: NOT_ALLOWED - .*frame_max/],
  ]
  for (const [what, opening, expected] of cases) {
    test(`says that a peer wants ${what}`, async () => {
      const { told, stage } = rig()
      await stage.open(opening)
      assert.equal(told.length, 1, told.join("\n"))
      assert.match(told[0]!, expected)
    })
  }

  test("says that what comes is no AMQP, or another one", async () => {
    const { told, stage } = rig()
    for (const text of ["\x16\x03\x01\x02\x00\x01\x00\x01", "AMQP\x03\x01\x00\x00"]) {
      const actor = await stage.connect()
      await actor.bytes(Uint8Array.from(text, (letter) => letter.charCodeAt(0)))
    }
    assert.equal(told.length, 2)
    for (const one of told) assert.match(one, /^protocol : ./)
  })

  test("says what broke a connection that was open", async () => {
    const { told, stage } = rig()
    const a = await stage.open()
    await a.bytes(Uint8Array.of(9, 0, 1, 0, 0, 0, 0, 0xce))
    assert.equal(told.length, 1)
    assert.match(told[0]!, /^protocol guest: /)
  })

  test("says who has been silent: before the log-in, and for two heartbeats", async () => {
    const { told, place, stage } = rig()
    await stage.connect()
    await place.wait(2_000)
    assert.deepEqual(told, ["silence : it has not logged in within 1000 ms"])
    await stage.open({ tune: { heartbeat: 10 } })
    await place.wait(30_000)
    assert.deepEqual(told.slice(1), ["silence guest: nothing came from it for two heartbeats of 10 s"])
  })

  test("is not made of what is no mistake of the peer's", async () => {
    const { told, place, stage } = rig()
    const a = await stage.open()
    // a channel that ends is the peer's to tell of
    await a.queue("none", { passive: true })
    await a.send({ name: "connection.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 }, 0)
    const b = await stage.open()
    await b.send({
      name: "exchange.declare",
      exchange: "e",
      type: "direct",
      passive: false,
      durable: false,
      autoDelete: false,
      internal: false,
      noWait: false,
      arguments: tableOf({}),
    })
    place.server.close("the host ends")
    await place.wait(10_000)
    for (const session of [...place.server.sessions.keys()]) session.lost()
    assert.deepEqual(told, [])
  })
})
