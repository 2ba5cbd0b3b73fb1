/**
 * What a peer may make a session hold: only what it has sent, and of that not more than the limits say.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { concat } from "../../../../adapters/zeromq/zmtp/bytes.ts"
import { encodeCommand, encodeMetadata, encodeSubscription } from "../../../../adapters/zeromq/zmtp/commands.ts"
import { pairOf } from "../../../../adapters/zeromq/zmtp/curve/box.ts"
import { Flag, writeHeader } from "../../../../adapters/zeromq/zmtp/frames.ts"
import { encodeGreeting } from "../../../../adapters/zeromq/zmtp/greeting.ts"
import type { SocketType } from "../../../../adapters/zeromq/zmtp/SocketType.ts"
import { converse, Party, type PartyOptions } from "../../../../scripts/zmtp/Party.ts"
import { bytes, encodeFrame, hexes } from "./support.ts"

const KiB = 1024
const MiB = 1024 * KiB

const header = (flags: number, size: number): Uint8Array => {
  const target = new Uint8Array(9)
  return target.subarray(0, writeHeader(flags, size, target, 0))
}

const [server, client] = [pairOf(new Uint8Array(32).fill(1)), pairOf(new Uint8Array(32).fill(2))]

/** What CURVE adds to a frame, bytes: name, nonce, box, and the flags inside. */
const sealedOverhead = 8 + 8 + 16 + 1

/** Two that talk, and one of them is limited. */
const joined = (
  mechanism: "NULL" | "CURVE",
  limits: PartyOptions,
  [type, peerType]: readonly [SocketType, SocketType] = ["PULL", "PUSH"],
): readonly [party: Party, peer: Party] => {
  const secured = mechanism === "CURVE"
  const party = new Party(type, { ...limits, curve: secured ? { role: "server", keys: server } : undefined })
  const peer = new Party(peerType, {
    curve: secured ? { role: "client", keys: client, serverKey: server.publicKey } : undefined,
  })
  converse(party, peer)
  assert.ok(party.session.isReady && peer.session.isReady)
  return [party, peer]
}

const say = (party: Party, peer: Party, message: ReadonlyArray<Uint8Array>): void => {
  peer.session.send(message)
  party.push(peer.written())
}

describe("limits of a session", () => {
  test("before the peer is known, a command has at most 8 KiB", () => {
    for (const [size, ok] of [[8 * KiB, true], [8 * KiB + 1, false], [2 ** 53, false]] as const) {
      const party = new Party("PULL")
      party.push(concat(encodeGreeting("NULL", false), header(Flag.command, size)))
      if (ok) assert.equal(party.heard.error, undefined)
      else assert.match(party.heard.error!.detail, /command of \d+ bytes; expected at most 8192/)
      assert.equal(party.session.held, 0)
    }
    const party = new Party("PULL")
    party.push(concat(encodeGreeting("NULL", false), header(0, 8 * KiB + 1)))
    assert.match(party.heard.error!.detail, /frame of 8193 bytes; expected at most 8192/)
  })

  test("before the peer is known, nothing is held but its greeting and one command", () => {
    const party = new Party("PULL")
    const greeting = encodeGreeting("NULL", false)
    for (let at = 0; at < greeting.length; at++) {
      assert.equal(party.session.held, at)
      party.push(greeting.subarray(at, at + 1))
    }
    assert.equal(party.session.held, 0)
    party.push(header(Flag.command, 8 * KiB))
    for (let sent = 0; sent < 8 * KiB - 1; sent += 64) {
      party.push(new Uint8Array(64))
      assert.ok(party.session.held <= 8 * KiB)
    }
  })

  for (const mechanism of ["NULL", "CURVE"] as const) {
    const overhead = mechanism === "CURVE" ? sealedOverhead : 0

    test(`a frame that is too long is refused when its size is known, with ${mechanism}`, () => {
      for (const size of [1 * MiB + 1, 64 * MiB, 2 ** 53, 2 ** 63]) {
        const [party] = joined(mechanism, { maxMessageBytes: 1 * MiB })
        party.push(header(0, size + overhead))
        assert.match(party.heard.error!.detail, /frame of \d+ bytes; expected at most \d+/)
        assert.equal(party.session.held, 0)
      }
    })

    test(`who announces 64 MiB and sends nothing, or little, gets no memory for it, with ${mechanism}`, () => {
      const [party] = joined(mechanism, { maxMessageBytes: 64 * MiB })
      party.push(header(0, 64 * MiB))
      assert.deepEqual([party.heard.error, party.session.held], [undefined, 0])
      party.push(new Uint8Array(1))
      assert.ok(party.session.held <= 64 * KiB)
      party.push(new Uint8Array(MiB))
      assert.ok(party.session.held <= 2 * MiB + 2)
    })

    test(`the frames of a message count together, with ${mechanism}`, () => {
      const limit = 100 * KiB
      const part = new Uint8Array(25 * KiB)
      const [party, peer] = joined(mechanism, { maxMessageBytes: limit })
      say(party, peer, [part, part, part, part])
      assert.deepEqual(party.heard.messages.map((message) => message.map(({ length }) => length)), [
        [25 * KiB, 25 * KiB, 25 * KiB, 25 * KiB],
      ])
      // one byte more is one too many, in whichever frame
      say(party, peer, [part, part, part, part, Uint8Array.of(1)])
      assert.match(party.heard.error!.detail, /frame of \d+ bytes; expected at most \d+/)
      assert.equal(party.heard.messages.length, 1)
      assert.equal(party.session.held, 0)
    })

    test(`a message may be as long as the limit says, and not longer, with ${mechanism}`, () => {
      for (const limit of [1, 100, 70 * KiB]) {
        const [party, peer] = joined(mechanism, { maxMessageBytes: limit })
        say(party, peer, [new Uint8Array(limit)])
        assert.equal(party.heard.messages.length, 1)
        say(party, peer, [new Uint8Array(limit + 1)])
        // what is sealed is refused as such when it is longer than a command may be, and else when it is open
        const shown = limit > 64 * KiB ? limit + overhead : limit
        assert.equal(party.heard.error?.detail, `It sends a frame of ${shown + 1} bytes; expected at most ${shown}`)
      }
    })

    test(`a heartbeat fits where a message has no room left, with ${mechanism}`, () => {
      const [party, peer] = joined(mechanism, { maxMessageBytes: 10 })
      peer.session.send([new Uint8Array(10), new Uint8Array(0)])
      const stream = peer.written()
      peer.session.sendPing(100)
      const ping = peer.written()
      if (mechanism === "NULL") {
        const first = 2 + 10
        party.push(concat(stream.subarray(0, first), ping, stream.subarray(first)))
      } else {
        // sealed frames count up: they come in the order in which they were written
        party.push(concat(stream, ping))
        say(party, peer, [new Uint8Array(10)])
      }
      assert.equal(party.heard.error, undefined)
      assert.deepEqual(party.heard.ttls, [100])
      assert.equal(party.heard.messages[0]!.length, 2)
    })

    test(`a message has at most so many frames, with ${mechanism}`, () => {
      const [party, peer] = joined(mechanism, { maxFrames: 3 })
      const frames = (count: number) => Array.from({ length: count }, () => new Uint8Array(0))
      say(party, peer, frames(3))
      assert.deepEqual(party.heard.messages.map(hexes), [["", "", ""]])
      say(party, peer, frames(4))
      assert.match(party.heard.error!.detail, /message of more than 3 frames/)
      assert.equal(party.heard.messages.length, 1)
    })

    test(`empty frames without end are refused, with ${mechanism}`, () => {
      const [party, peer] = joined(mechanism, {})
      peer.session.send(Array.from({ length: 1_026 }, () => new Uint8Array(0)))
      party.push(peer.written())
      assert.match(party.heard.error!.detail, /more than 1024 frames/)
    })

    test(`a command has at most 64 KiB, with ${mechanism}`, () => {
      const topic = (length: number) => ({ wanted: true, topic: new Uint8Array(length) })
      const name = "SUBSCRIBE".length + 1
      const [pub, sub] = joined(mechanism, { maxMessageBytes: MiB }, ["PUB", "SUB"])
      sub.session.sendSubscription(topic(64 * KiB - name))
      pub.push(sub.written())
      assert.deepEqual([pub.heard.error, pub.heard.subscriptions[0]?.topic.length], [undefined, 64 * KiB - name])
      sub.session.sendSubscription(topic(64 * KiB - name + 1))
      pub.push(sub.written())
      assert.match(pub.heard.error!.detail, /command of 65537 bytes; expected at most 65536/)
      assert.equal(pub.heard.subscriptions.length, 1)
    })

    test(`a subscription in the form of a message has no more, with ${mechanism}`, () => {
      const [pub, sub] = joined(mechanism, { maxMessageBytes: MiB }, ["PUB", "SUB"])
      const subscription = (length: number) => encodeSubscription(0, { wanted: true, topic: new Uint8Array(length) })
      say(pub, sub, [subscription(64 * KiB)])
      assert.deepEqual([pub.heard.error, pub.heard.subscriptions.length], [undefined, 1])
      // what is none may be longer: nobody keeps it
      say(pub, sub, [new Uint8Array(100 * KiB).fill(9)])
      assert.equal(pub.heard.error, undefined)
      say(pub, sub, [subscription(64 * KiB + 1)])
      assert.match(pub.heard.error!.detail, /command of 65537 bytes; expected at most 65536/)
    })
  }

  test("properties are counted, within the little that a handshake may have", () => {
    const many = encodeMetadata(Array.from({ length: 65 }, (_, i) => [`X-${i}`, new Uint8Array(0)] as const))
    const party = new Party("PULL")
    party.push(concat(encodeGreeting("NULL", false), encodeFrame(Flag.command, encodeCommand("READY", many))))
    assert.match(party.heard.error!.detail, /more than 64 properties/)
  })

  test("a value that is longer than what there is is no reason to make room", () => {
    const party = new Party("PULL")
    const property = concat(Uint8Array.of(1), bytes("A"), Uint8Array.of(0x7f, 0xff, 0xff, 0xff))
    party.push(concat(encodeGreeting("NULL", false), encodeFrame(Flag.command, encodeCommand("READY", property))))
    assert.match(party.heard.error!.detail, /middle of a value/)
  })
})
