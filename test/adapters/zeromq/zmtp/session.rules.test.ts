/**
 * What a peer may not do, and what becomes of it: the session ends once, and says why.
 *
 * Also what a peer may do although we never would.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { concat } from "../../../../adapters/zeromq/zmtp/bytes.ts"
import {
  decodeCommand,
  encodeCommand,
  encodeError,
  encodeMetadata,
  encodePing,
  encodePong,
} from "../../../../adapters/zeromq/zmtp/commands.ts"
import { Flag } from "../../../../adapters/zeromq/zmtp/frames.ts"
import { encodeGreeting, greetingLength } from "../../../../adapters/zeromq/zmtp/greeting.ts"
import type { SocketType } from "../../../../adapters/zeromq/zmtp/SocketType.ts"
import { Party, type PartyOptions } from "../../../../scripts/zmtp/Party.ts"
import { bytes, encodeFrame, hex, hexes, readFrames, unhex, valueOf } from "./support.ts"

const greeting = encodeGreeting("NULL", false)

const command = (name: string, ...data: ReadonlyArray<Uint8Array>) =>
  encodeFrame(Flag.command, encodeCommand(name, ...data))

const ready = (type: string, identity?: Uint8Array) =>
  command(
    "READY",
    encodeMetadata([
      ["Socket-Type", bytes(type)],
      ...(identity === undefined ? [] : [["Identity", identity] as const]),
    ]),
  )

/** A session whose handshake is over. */
const talking = (type: SocketType, peer: string, options: PartyOptions = {}): Party => {
  const party = new Party(type, options)
  party.push(concat(greeting, ready(peer)))
  assert.equal(party.heard.error, undefined)
  party.written()
  return party
}

/** A session that was told all this, byte by byte. */
const told = (type: SocketType, ...stream: ReadonlyArray<Uint8Array>): Party => {
  const party = new Party(type)
  for (const byte of concat(...stream)) party.push(Uint8Array.of(byte))
  return party
}

/** The commands that it wrote after its greeting and READY. */
const commandsOf = (party: Party) =>
  readFrames([party.written().subarray(greetingLength)]).frames.slice(1).map(({ body }) => valueOf(decodeCommand(body)))

const ends = (party: Party, detail: RegExp, fatal: boolean): void => {
  const { error, failures } = party.heard
  assert.match(error?.detail ?? "no error", detail)
  assert.deepEqual([error!.fatal, failures, party.session.isReady], [fatal, 1, false])
  // it is over: nothing that comes now is heard
  const { length } = party.heard.messages
  party.push(concat(greeting, ready("REQ"), encodeFrame(0, bytes("late"))))
  assert.deepEqual([party.heard.failures, party.heard.messages.length, party.session.held], [1, length, 0])
}

describe("a peer's greeting", () => {
  test("of something else ends it", () => {
    ends(told("PULL", bytes("GET / HTTP/1.1\r\n\r\n")), /greets with 47, which is not ZMTP/, false)
    const old = greeting.slice()
    old[10] = 2
    ends(told("PULL", old), /speaks version 2/, true)
  })

  test("with another mechanism ends it, for good", () => {
    ends(told("PULL", encodeGreeting("CURVE", false)), /wants the mechanism "CURVE"; this socket has "NULL"/, true)
    const plain = greeting.slice()
    plain.set(bytes("PLAIN"), 12)
    ends(told("PULL", plain), /wants the mechanism "PLAIN"/, true)
    const nullAndMore = greeting.slice()
    nullAndMore[30] = 0x58
    ends(told("PULL", nullAndMore), /wants the mechanism "NULL\\u0000/, true)
  })

  test("may say that it is a server, which means nothing with NULL", () => {
    const party = told("PULL", encodeGreeting("NULL", true), ready("PUSH"))
    assert.equal(party.heard.peer?.type, "PUSH")
  })
})

describe("a peer's handshake", () => {
  test("with a message in it ends it", () => {
    ends(told("PULL", greeting, encodeFrame(0, bytes("hi"))), /sends a message before its handshake is over/, false)
  })

  test("with another command than READY or ERROR ends it", () => {
    ends(told("PULL", greeting, command("PING", unhex("0000"))), /sends "PING"; expected READY/, false)
    ends(told("PULL", greeting, command("ready")), /sends "ready"; expected READY/, false)
    ends(told("PULL", greeting, encodeFrame(Flag.command, unhex("00"))), /command of 1 bytes without a name/, false)
  })

  test("with ERROR ends it, for good, and says the reason", () => {
    ends(told("PULL", greeting, encodeFrame(Flag.command, encodeError("400"))), /refuses this socket: "400"/, true)
    ends(told("PULL", greeting, command("ERROR")), /refuses this socket: no reason given/, true)
  })

  test("with broken properties ends it", () => {
    ends(told("PULL", greeting, command("READY", unhex("0b"))), /end in the middle of a name/, false)
  })

  test("of a kind that does not fit ends it, for good, and tells the peer", () => {
    for (
      const [type, other] of [["PULL", "PULL"], ["REQ", "DEALER"], ["REP", "ROUTER"], ["SUB", "SUB"], [
        "PULL",
        "push",
      ]] as const
    ) {
      const party = told(type, greeting, ready(other))
      const [error] = commandsOf(party)
      assert.deepEqual([error?.name, hex(error!.data)], ["ERROR", hex(encodeError("Invalid socket type").subarray(6))])
      ends(party, new RegExp(`It is a "${other}"; expected one of [A-Z, ]+ for a ${type}$`), true)
    }
    ends(told("PULL", greeting, command("READY")), /It is a socket of no kind; expected one of PUSH/, true)
    ends(told("PULL", greeting, ready("X".repeat(500))), /It is a "X{64}"…; expected/, true)
  })

  test("with an identity is heard by ROUTER alone", () => {
    for (
      const [type, peer, heard] of [["ROUTER", "DEALER", "me"], ["REP", "REQ", ""], ["DEALER", "ROUTER", ""]] as const
    ) {
      assert.equal(hex(told(type, greeting, ready(peer, bytes("me"))).heard.peer!.identity), hex(bytes(heard)))
    }
    // where it means nothing, it cannot be wrong either
    assert.equal(told("REP", greeting, ready("REQ", new Uint8Array(300))).heard.error, undefined)
  })

  test("with an identity that a ROUTER cannot use ends it, for good, and tells the peer", () => {
    const long = told("ROUTER", greeting, ready("DEALER", new Uint8Array(256).fill(1)))
    assert.equal(hex(commandsOf(long)[0]!.data), hex(encodeError("Invalid identity").subarray(6)))
    ends(long, /identity of 256 bytes; expected at most 255/, true)
    assert.equal(told("ROUTER", greeting, ready("DEALER", new Uint8Array(255).fill(1))).heard.error, undefined)
    // a name such as ROUTERs give
    const taken = told("ROUTER", greeting, ready("DEALER", unhex("00 01020304")))
    ends(taken, /identity that begins with 0/, true)
  })

  test("may have more properties, and names in any case", () => {
    const properties = encodeMetadata([["X-Colour", bytes("red")], ["SOCKET-TYPE", bytes("DEALER")], [
      "identity",
      bytes("me"),
    ]])
    const { peer } = told("ROUTER", greeting, command("READY", properties)).heard
    assert.deepEqual([peer?.type, hex(peer!.identity)], ["DEALER", hex(bytes("me"))])
  })

  test("may be followed at once by messages", () => {
    const party = new Party("PULL")
    party.push(concat(greeting, ready("PUSH"), encodeFrame(Flag.more, bytes("a")), encodeFrame(0, bytes("b"))))
    assert.deepEqual(party.heard.messages.map(hexes), [["61", "62"]])
  })
})

describe("a peer's traffic", () => {
  test("may hold commands that nobody knows, between messages and within one", () => {
    const party = talking("PULL", "PUSH")
    const other = concat(
      command("JOIN", bytes("group")),
      command("READY"),
      encodeFrame(Flag.command, encodePong(bytes("x"))),
    )
    party.push(concat(other, encodeFrame(Flag.more, bytes("a")), other, encodeFrame(0, bytes("b")), other))
    assert.deepEqual(party.heard.messages.map(hexes), [["61", "62"]])
    assert.deepEqual([party.heard.error, hex(party.written())], [undefined, ""])
  })

  test("is answered where it asks, within a message too", () => {
    const party = talking("PULL", "PUSH")
    const ping = encodeFrame(Flag.command, concat(encodePing(500), bytes("context")))
    party.push(concat(ping, encodeFrame(Flag.more, bytes("a")), ping, encodeFrame(0, bytes("b"))))
    const pong = hex(encodeFrame(Flag.command, encodePong(bytes("context"))))
    assert.deepEqual([hex(party.written()), party.heard.ttls], [pong + pong, [500, 500]])
  })

  test("is not answered while the stream is full, so that answers cannot pile up", () => {
    let full = false
    const party = talking("PULL", "PUSH", { isFull: () => full })
    const ping = encodeFrame(Flag.command, encodePing(300))
    party.push(ping)
    assert.equal(party.written().length, 7)
    full = true
    for (let i = 0; i < 10_000; i++) party.push(ping)
    assert.equal(party.written().length, 0)
    assert.equal(party.heard.ttls.length, 10_001)
    full = false
    party.push(ping)
    assert.equal(party.written().length, 7)
  })

  test("with a broken command ends it", () => {
    ends(
      told("PULL", greeting, ready("PUSH"), encodeFrame(Flag.command, unhex(""))),
      /command of 0 bytes without/,
      false,
    )
    ends(told("PULL", greeting, ready("PUSH"), command("PING", unhex("00"))), /PING of 1 bytes/, false)
    ends(told("PULL", greeting, ready("PUSH"), command("PING", new Uint8Array(19))), /context of over 16 bytes/, false)
    ends(told("PULL", greeting, ready("PUSH"), unhex("10")), /flags 16/, false)
  })

  test("with ERROR ends it, for good", () => {
    ends(
      told("PULL", greeting, ready("PUSH"), encodeFrame(Flag.command, encodeError("no"))),
      /refuses this socket: "no"/,
      true,
    )
  })

  test("of a subscriber is heard by PUB in both forms, and by nobody else", () => {
    const stream = concat(
      command("SUBSCRIBE", bytes("a")),
      encodeFrame(0, bytes("\x01b")),
      command("CANCEL", bytes("a")),
      encodeFrame(0, bytes("\x00b")),
      // no subscriptions: an XSUB may send what it likes
      encodeFrame(0, bytes("news")),
      encodeFrame(0, unhex("")),
      encodeFrame(Flag.more, bytes("\x01c")),
      encodeFrame(0, bytes("d")),
    )
    const pub = talking("PUB", "XSUB")
    pub.push(stream)
    assert.deepEqual(pub.heard.subscriptions.map(({ wanted, topic }) => [wanted, hex(topic)]), [
      [true, "61"],
      [true, "62"],
      [false, "61"],
      [false, "62"],
    ])
    assert.deepEqual([pub.heard.messages, pub.heard.error], [[], undefined])
    const dealer = talking("DEALER", "DEALER")
    dealer.push(stream)
    assert.deepEqual([dealer.heard.subscriptions, dealer.heard.messages.length], [[], 5])
  })
})
