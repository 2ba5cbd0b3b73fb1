/**
 * What libzmq wrote, read by our codec, and what our codec writes where the protocol determines it.
 *
 * The recordings are in `golden/`; `node scripts/zmtp/record.ts` makes them anew. A recording is replayed whole: a session
 * of ours stands where a socket of libzmq stood, hears what that heard, and writes what that wrote.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { concat, toText } from "../../../../adapters/zeromq/zmtp/bytes.ts"
import {
  decodeCommand,
  decodeError,
  decodeMetadata,
  decodePing,
  encodeCommand,
  encodeError,
  encodeMetadata,
  encodePing,
  encodePong,
} from "../../../../adapters/zeromq/zmtp/commands.ts"
import { Flag } from "../../../../adapters/zeromq/zmtp/frames.ts"
import { decodeGreeting, encodeGreeting, greetingLength } from "../../../../adapters/zeromq/zmtp/greeting.ts"
import type { SocketType } from "../../../../adapters/zeromq/zmtp/SocketType.ts"
import { type Conversation, fromPieces, type Spoken } from "../../../../scripts/zmtp/fixture.ts"
import { Party } from "../../../../scripts/zmtp/Party.ts"
import { bytes, cutting, encodeFrame, hex, hexes, readFrames, recorded, recording, unhex, valueOf } from "./support.ts"

const sides = (conversation: Conversation) => [conversation.connector, conversation.binder] as const

const framesOf = (side: Spoken) => readFrames([fromPieces(side.bytes).subarray(greetingLength)])

/** Its commands after READY, by name. */
const commandsOf = (side: Spoken) =>
  framesOf(side).frames.filter(({ command }) => command).map(({ body }) => valueOf(decodeCommand(body)))

const messagesOf = ({ messages }: Spoken) => messages.map((frames) => frames.map((frame) => hex(fromPieces(frame))))

const inClear = [...recorded].filter(([, { mechanism }]) => mechanism === "NULL")

/** Where one that was let in is heard, and hears. */
const answered = inClear.filter(([name]) => name !== "refused")

/** The kind of ours that stands for one of libzmq's. */
const ours = (type: string): SocketType => (type === "XSUB" ? "SUB" : type === "XPUB" ? "PUB" : type) as SocketType

/** A greeting without what has no meaning (eight bytes of padding), and with our own version. */
const determined = (stream: Uint8Array): string => hex(concat(unhex("ff0000000000000000 7f 0301"), stream.subarray(12)))

describe("recordings of libzmq", () => {
  for (const [name, conversation] of inClear) {
    test(`${name}: its greetings, properties, messages and subscriptions are read`, () => {
      for (const side of sides(conversation)) {
        const stream = fromPieces(side.bytes)
        const greeting = valueOf(decodeGreeting(stream.subarray(0, greetingLength)))
        assert.deepEqual(greeting, { minor: conversation.minor, mechanism: "NULL", asServer: false })
        const { frames, error } = framesOf(side)
        assert.equal(error, undefined)
        const first = valueOf(decodeCommand(frames[0]!.body))
        if (name === "refused" && side === conversation.binder) {
          assert.deepEqual([first.name, decodeError(first.data), frames.length], ["ERROR", '"400"', 1])
          continue
        }
        assert.equal(first.name, "READY")
        const properties = valueOf(decodeMetadata(first.data))
        assert.equal(toText(properties.get("socket-type")!), side.type)
        const identity = ["REQ", "DEALER", "ROUTER"].includes(side.type) ? side.identity : undefined
        assert.equal(properties.has("identity") ? hex(properties.get("identity")!) : undefined, identity)
        const messages: Array<Array<string>> = [[]]
        for (const { command, more, body } of frames) {
          if (command) continue
          messages.at(-1)!.push(hex(body))
          if (!more) messages.push([])
        }
        messages.pop()
        // in 3.0, and where XSUB writes them itself, subscriptions are messages
        const asMessages = conversation.minor === 0 || side.type === "XSUB"
          ? side.subscriptions.map(({ wanted, topic }) => [`${wanted ? "01" : "00"}${topic}`])
          : []
        assert.deepEqual(messages, [...asMessages, ...messagesOf(side)])
        const asCommands = commandsOf(side).filter(({ name }) => name === "SUBSCRIBE" || name === "CANCEL")
        assert.deepEqual(
          asCommands.map(({ name, data }) => ({ wanted: name === "SUBSCRIBE", topic: hex(data) })),
          asMessages.length > 0 ? [] : side.subscriptions,
        )
      }
    })
  }

  test("its READY is what we write for the same kind and identity", () => {
    for (const [, conversation] of answered) {
      for (const { type, identity, bytes: all } of sides(conversation)) {
        const named = ["REQ", "DEALER", "ROUTER"].includes(type)
        const body = encodeCommand(
          "READY",
          encodeMetadata([
            ["Socket-Type", bytes(type)],
            ...(named ? [["Identity", unhex(identity)] as const] : []),
          ]),
        )
        const expected = hex(encodeFrame(Flag.command, body))
        assert.equal(hex(fromPieces(all).subarray(greetingLength, greetingLength + expected.length / 2)), expected)
      }
    }
  })

  test("its heartbeats are what we write for the same time to live, and its answers are ours", () => {
    const { connector, binder } = recording("heartbeats")
    for (const [side, ttl] of [[connector, 2_000], [binder, 0]] as const) {
      const sent = framesOf(side).frames.filter(({ command }) => command).slice(1).map(({ body }) => hex(body))
      const [ping, pong] = [hex(encodePing(ttl)), hex(encodePong(new Uint8Array(0)))]
      assert.deepEqual([...new Set(sent)].sort(), [ping, pong].sort())
      const pings = commandsOf(side).filter(({ name }) => name === "PING")
      assert.deepEqual(
        pings.map(({ data }) => decodePing(data)),
        pings.map(() => ({ ttl, context: new Uint8Array(0) })),
      )
      // each is asked and answers: what the recording waited for
      assert.ok(pings.length >= 2)
    }
  })

  test("its refusal is what we write for the same reason", () => {
    const stream = fromPieces(recording("refused").binder.bytes)
    assert.equal(hex(stream.subarray(greetingLength)), hex(encodeFrame(Flag.command, encodeError("400"))))
    const dealer = new Party("DEALER")
    dealer.push(stream)
    assert.deepEqual(dealer.heard.error, {
      _tag: "ProtocolError",
      detail: 'It refuses this socket: "400"',
      fatal: true,
    })
  })

  test("its greetings are ours, but for the padding", () => {
    for (const [, { mechanism, minor, ...conversation }] of recorded) {
      for (const side of [conversation.connector, conversation.binder]) {
        const stream = fromPieces(side.bytes)
        assert.equal(stream[11], minor)
        assert.equal(determined(stream.subarray(0, greetingLength)), hex(encodeGreeting(mechanism, false)))
      }
    }
  })

  for (const [name, conversation] of answered) {
    test(`${name}: a session of ours hears what libzmq said, in whatever pieces it comes`, () => {
      const [connector, binder] = sides(conversation)
      for (const [speaker, listener] of [[connector, binder], [binder, connector]] as const) {
        const stream = fromPieces(speaker.bytes)
        fc.assert(
          fc.property(cutting, (cut) => {
            const party = new Party(ours(listener.type))
            for (const piece of cut(stream)) party.push(piece)
            const { heard } = party
            assert.equal(heard.error, undefined)
            assert.equal(heard.peer?.type, speaker.type)
            assert.equal(heard.peer.minor, conversation.minor)
            assert.equal(hex(heard.peer.identity), listener.type === "ROUTER" ? speaker.identity : "")
            assert.deepEqual(heard.messages.map(hexes), messagesOf(speaker))
            assert.deepEqual(
              heard.subscriptions.map(({ wanted, topic }) => ({ wanted, topic: hex(topic) })),
              speaker.subscriptions,
            )
            const pings = commandsOf(speaker).filter(({ name }) => name === "PING")
            const ttls = pings.map(({ data }) => valueOf(decodePing(data)).ttl).filter((ttl) => ttl > 0)
            assert.deepEqual(heard.ttls, ttls)
          }),
          { numRuns: stream.length > 10_000 ? 4 : 20 },
        )
      }
    })
  }

  // heartbeats come between messages as the clock has it, and XSUB and XPUB are kinds that we do not have
  for (const [name, conversation] of answered.filter(([name]) => !/^heartbeats$|^sub-xpub$|^xsub-pub$/.test(name))) {
    test(`${name}: a session of ours that says the same writes the same bytes`, () => {
      const [connector, binder] = sides(conversation)
      for (const [speaker, listener] of [[connector, binder], [binder, connector]] as const) {
        const party = new Party(ours(speaker.type), { identity: unhex(speaker.identity) })
        party.push(fromPieces(listener.bytes))
        for (const { wanted, topic } of speaker.subscriptions) {
          party.session.sendSubscription({ wanted, topic: unhex(topic) })
        }
        for (const message of speaker.messages) party.session.send(message.map(fromPieces))
        assert.equal(determined(party.written()), determined(fromPieces(speaker.bytes)))
      }
    })
  }
})
