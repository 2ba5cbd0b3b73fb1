/**
 * Two sessions joined: whatever pieces their bytes come in, what one sends the other hears, in 3.1 and in 3.0.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { pairOf } from "../../../../adapters/zeromq/zmtp/curve/box.ts"
import type { Message } from "../../../../adapters/zeromq/zmtp/Session.ts"
import { hasIdentity, type SocketType } from "../../../../adapters/zeromq/zmtp/SocketType.ts"
import { converse, Party, type PartyOptions } from "../../../../scripts/zmtp/Party.ts"
import { bytes, cutting, hex, hexes } from "./support.ts"

/** Every pair of kinds that may talk, and which of them may send messages. */
const pairs: ReadonlyArray<readonly [one: SocketType, other: SocketType, oneSends: boolean, otherSends: boolean]> = [
  ["REQ", "REP", true, true],
  ["REQ", "ROUTER", true, true],
  ["DEALER", "REP", true, true],
  ["DEALER", "DEALER", true, true],
  ["DEALER", "ROUTER", true, true],
  ["ROUTER", "ROUTER", true, true],
  ["PUSH", "PULL", true, false],
  ["SUB", "PUB", false, true],
]

const frame = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(16_384, 16_385, 70_000).map((size) => new Uint8Array(size).fill(size % 256)),
  },
)
const message: fc.Arbitrary<Message> = fc.array(frame, { minLength: 1, maxLength: 5 })
const identity = fc.oneof(
  fc.constant(new Uint8Array(0)),
  fc.uint8Array({ minLength: 1, maxLength: 255 }).filter(([first]) => first !== 0),
)
const talk = fc.record({
  pair: fc.constantFrom(...pairs),
  identities: fc.tuple(identity, identity),
  there: fc.array(message, { maxLength: 4 }),
  back: fc.array(message, { maxLength: 4 }),
  topics: fc.array(fc.record({ wanted: fc.boolean(), topic: fc.uint8Array({ maxLength: 300 }) }), { maxLength: 3 }),
  ttl: fc.integer({ min: 1, max: 70_000 }),
  cut: cutting,
})

/** What each says of the other once they are joined. */
const checkTalk = (
  { pair: [oneType, otherType, oneSends, otherSends], identities, there, back, topics, ttl, cut }: typeof talk extends
    fc.Arbitrary<infer A> ? A : never,
  minor: number,
  [oneOptions, otherOptions]: readonly [PartyOptions, PartyOptions] = [{}, {}],
): void => {
  const one = new Party(oneType, { identity: identities[0], ...oneOptions })
  const other = new Party(otherType, { identity: identities[1], ...otherOptions })
  // each takes the other for one of this minor version
  const [greeting, answer] = [one.written(), other.written()]
  greeting[11] = minor
  answer[11] = minor
  for (const piece of cut(greeting)) other.push(piece)
  for (const piece of cut(answer)) one.push(piece)
  converse(one, other, cut)
  for (
    const [self, peer, type, identity] of [[one, otherType, oneType, identities[1]], [
      other,
      oneType,
      otherType,
      identities[0],
    ]] as const
  ) {
    assert.deepEqual([self.heard.error, self.session.isReady, self.heard.peer?.type], [undefined, true, peer])
    assert.equal(self.heard.peer!.minor, minor)
    // it is kept for long, and nothing else with it
    assert.equal(self.heard.peer!.identity.buffer.byteLength, self.heard.peer!.identity.length)
    assert.equal(hex(self.heard.peer!.identity), type === "ROUTER" && hasIdentity(peer) ? hex(identity) : "")
  }
  const said = oneSends ? there : []
  const answered = otherSends ? back : []
  for (const message of said) one.session.send(message)
  for (const message of answered) other.session.send(message)
  const changes = oneType === "SUB" ? topics : []
  for (const subscription of changes) one.session.sendSubscription(subscription)
  assert.equal(one.session.sendPing(ttl), minor > 0)
  converse(one, other, cut)
  assert.deepEqual([one.heard.error, other.heard.error], [undefined, undefined])
  assert.deepEqual(other.heard.messages.map(hexes), said.map(hexes))
  assert.deepEqual(one.heard.messages.map(hexes), answered.map(hexes))
  assert.deepEqual(
    other.heard.subscriptions.map(({ wanted, topic }) => ({ wanted, topic: hex(topic) })),
    changes.map(({ wanted, topic }) => ({ wanted, topic: hex(topic) })),
  )
  assert.deepEqual(other.heard.ttls, minor > 0 ? [Math.ceil(ttl / 100) * 100] : [])
}

describe("Session", () => {
  test("two of them hear what the other says, in 3.1", () => {
    fc.assert(fc.property(talk, (talk) => checkTalk(talk, 1)), { numRuns: 60 })
  })

  test("two that take each other for 3.0 do too, with subscriptions as messages and without heartbeats", () => {
    fc.assert(fc.property(talk, (talk) => checkTalk(talk, 0)), { numRuns: 40 })
  })

  test("two of them hear what the other says, with CURVE", () => {
    const [server, client] = [pairOf(new Uint8Array(32).fill(1)), pairOf(new Uint8Array(32).fill(2))]
    const serving: PartyOptions = { curve: { role: "server", keys: server } }
    const asking: PartyOptions = { curve: { role: "client", keys: client, serverKey: server.publicKey } }
    // a handshake is several ms of arithmetic
    fc.assert(
      fc.property(
        talk,
        fc.boolean(),
        fc.constantFrom(0, 1),
        (talk, oneServes, minor) => checkTalk(talk, minor, oneServes ? [serving, asking] : [asking, serving]),
      ),
      { numRuns: 15 },
    )
  })

  test("a peer of 3.7 is spoken to as one of 3.1", () => {
    const sub = new Party("SUB")
    const greeting = new Party("PUB").written()
    greeting[11] = 7
    sub.push(greeting)
    const pub = new Party("PUB")
    pub.push(sub.written())
    sub.push(pub.written().subarray(64))
    assert.equal(sub.heard.peer?.minor, 1)
    assert.equal(sub.session.sendPing(0), true)
    sub.session.sendSubscription({ wanted: true, topic: bytes("a") })
    pub.push(sub.written())
    assert.deepEqual(pub.heard.subscriptions, [{ wanted: true, topic: bytes("a") }])
  })

  test("writes nothing but its handshake before it is over, and nothing after it has ended", () => {
    const key = pairOf(new Uint8Array(32).fill(1))
    const parties = [
      new Party("DEALER"),
      new Party("DEALER", { curve: { role: "server", keys: key } }),
      new Party("DEALER", { curve: { role: "client", keys: key, serverKey: key.publicKey } }),
    ]
    for (const party of parties) {
      const greeting = party.written()
      assert.equal(greeting.length, 64)
      const talk = () => {
        party.session.send([bytes("a secret")])
        party.session.sendSubscription({ wanted: true, topic: bytes("a secret") })
        party.session.sendPing(0)
        return party.written().length
      }
      assert.equal(talk(), 0)
      party.push(greeting.subarray(0, 63))
      assert.equal(talk(), 0)
      party.push(bytes("?"))
      party.written()
      assert.equal(talk(), 0)
      party.session.stop()
      assert.equal(talk(), 0)
    }
  })

  test("gives no more messages after one was not to be followed, until it is resumed", () => {
    let room = 2
    const pull = new Party("PULL", { onMessage: () => --room > 0 })
    const push = new Party("PUSH")
    converse(pull, push)
    for (let i = 0; i < 5; i++) push.session.send([Uint8Array.of(i)])
    pull.push(push.written())
    assert.deepEqual(pull.heard.messages.map(hexes), [["00"], ["01"]])
    // what comes meanwhile waits, too
    push.session.send([Uint8Array.of(5)])
    pull.push(push.written())
    assert.equal(pull.heard.messages.length, 2)
    room = 3
    pull.session.resume()
    assert.equal(pull.heard.messages.length, 5)
    room = 10
    pull.session.resume()
    assert.deepEqual(pull.heard.messages.map(hexes), ["00", "01", "02", "03", "04", "05"].map((frame) => [frame]))
    // nothing is left to go on with
    pull.session.resume()
    assert.equal(pull.heard.messages.length, 6)
    assert.equal(pull.session.held, 0)
  })

  test("takes nothing more once it is stopped, and says nothing of it", () => {
    const [pull, push] = [new Party("PULL"), new Party("PUSH")]
    converse(pull, push)
    push.session.send([bytes("one"), bytes("two")])
    const stream = push.written()
    pull.push(stream.subarray(0, 7))
    pull.session.stop()
    pull.push(stream.subarray(7))
    pull.push(bytes("what is this?"))
    pull.session.resume()
    assert.deepEqual([pull.heard.messages, pull.heard.failures, pull.session.isReady], [[], 0, false])
  })

  test("may be stopped while it hears a message, and gives no further one", () => {
    const pull: Party = new Party("PULL", {
      onMessage: () => {
        pull.session.stop()
        return true
      },
    })
    const push = new Party("PUSH")
    converse(pull, push)
    push.session.send([bytes("one")])
    push.session.send([bytes("two")])
    pull.push(push.written())
    assert.deepEqual(pull.heard.messages.map(hexes), [[hex(bytes("one"))]])
  })
})
