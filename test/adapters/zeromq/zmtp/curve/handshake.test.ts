/**
 * CURVE handshakes that must fail, each with its own error on the side that finds it, and which settings would be in vain.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { concat } from "../../../../../adapters/zeromq/zmtp/bytes.ts"
import { decodeError, encodeCommand, encodeError } from "../../../../../adapters/zeromq/zmtp/commands.ts"
import { seal } from "../../../../../adapters/zeromq/zmtp/curve/box.ts"
import { nonceOf, Prefix } from "../../../../../adapters/zeromq/zmtp/curve/nonce.ts"
import { curveServer } from "../../../../../adapters/zeromq/zmtp/curve/server.ts"
import { Flag } from "../../../../../adapters/zeromq/zmtp/frames.ts"
import { encodeGreeting, greetingLength } from "../../../../../adapters/zeromq/zmtp/greeting.ts"
import { converse, Party } from "../../../../../scripts/zmtp/Party.ts"
import { bytes, encodeFrame, errorOf, hex, readFrames, unhex, valueOf } from "../support.ts"
import {
  asking,
  byHand,
  client,
  commandOf,
  ends,
  flipped,
  metadata,
  other,
  pair,
  saysOf,
  server,
  serving,
  upTo,
  welcomeByHand,
} from "./parties.ts"
import { hidingNothing } from "./support.ts"

describe("a CURVE handshake", () => {
  test("succeeds between these keys, and each knows the other's", () => {
    const [one, two] = [serving(), asking()]
    converse(one, two)
    assert.equal(hex(one.heard.peer!.key!), hex(client.publicKey))
    assert.equal(hex(two.heard.peer!.key!), hex(server.publicKey))
    assert.ok("done" in byHand())
  })

  test("fails with another server's key: the server cannot open what is not for it", () => {
    const [one, two] = [serving(), asking(other.publicKey)]
    converse(one, two)
    ends(one, /sends a HELLO for a server with another key; expected one for this server's/, false)
    assert.deepEqual([two.heard.error, two.session.isReady], [undefined, false])
  })

  test("fails at the client when the server is another, in vain for good", () => {
    // it passes on what only the real server can answer
    const [one, two] = [serving(other), asking()]
    const { frame } = upTo(one, two, "HELLO")
    ends((one.push(frame), one), /HELLO for a server with another key/, false)
    two.push(encodeFrame(Flag.command, encodeCommand("WELCOME", new Uint8Array(160))))
    ends(two, /cannot write a WELCOME for us: its key is not the one that was given for it/, true)
  })

  test("fails with a box that was changed, in whichever command", () => {
    const changes = [
      ["HELLO", /HELLO for a server with another key/, false],
      ["WELCOME", /cannot write a WELCOME for us/, true],
      ["INITIATE", /INITIATE that its key does not open/, false],
      ["READY", /READY that its key does not open/, false],
    ] as const
    for (const [name, detail, fatal] of changes) {
      const { frame, to } = upTo(serving(), asking(), name)
      to.push(flipped(frame, -1))
      ends(to, detail, fatal)
    }
  })

  test("fails with a changed cookie, and with that of another connection", () => {
    const changed = upTo(serving(), asking(), "INITIATE")
    changed.to.push(flipped(changed.frame, 9 + 9 + 20))
    ends(changed.to, /INITIATE with another's cookie/, false)
    const [one, two] = [upTo(serving(), asking(), "INITIATE"), upTo(serving(), asking(), "INITIATE")]
    one.to.push(two.frame)
    ends(one.to, /INITIATE with another's cookie/, false)
    const cookieOf = (frame: Uint8Array) => frame.subarray(18, 18 + 96)
    const swapped = two.frame.slice()
    swapped.set(cookieOf(one.frame), 18)
    two.to.push(swapped)
    ends(two.to, /INITIATE with another's cookie/, false)
  })

  test("fails with a client that is not allowed, which is told 400 and does not come again", () => {
    const asked: Array<string> = []
    const one = serving(server, "ROUTER", (key) => {
      asked.push(hex(key))
      return false
    })
    const two = asking()
    const { frame } = upTo(one, two, "INITIATE")
    one.push(frame)
    const answer = one.written()
    const { name, data } = commandOf(answer)
    assert.deepEqual([name, decodeError(data), asked], ["ERROR", '"400"', [hex(client.publicKey)]])
    two.push(answer)
    ends(one, /key that is not allowed here/, true)
    ends(two, /refuses this client: "400"/, true)
  })

  test("fails between two servers, and between two clients", () => {
    const servers = [serving(server), serving(other)] as const
    converse(...servers)
    for (const one of servers) ends(one, /is a server of CURVE too; expected a client/, true)
    const clients = [asking(), asking()] as const
    converse(...clients)
    for (const one of clients) ends(one, /is a client of CURVE too; expected a server/, true)
  })

  test("waits for a server that does not say it is one, as libzmq's do not", () => {
    const two = asking()
    two.push(encodeGreeting("CURVE", false))
    assert.equal(two.heard.error, undefined)
    const one = serving()
    one.push(encodeGreeting("CURVE", false))
    assert.equal(one.heard.error, undefined)
  })

  test("fails between NULL and CURVE, on both sides, for good", () => {
    for (const secured of [serving(), asking()]) {
      const plain = new Party("DEALER")
      converse(secured, plain)
      ends(secured, /wants the mechanism "NULL"; this socket has "CURVE"/, true)
      ends(plain, /wants the mechanism "CURVE"; this socket has "NULL"/, true)
    }
  })

  test("fails with the nonce of HELLO again, or a lower one", () => {
    for (const initiateNonce of ["0000000000000001", "0000000000000000"]) {
      assert.match(
        saysOf(errorOf(byHand({ initiateNonce }))).detail,
        /nonce of its HELLO again; expected a greater one/,
      )
    }
    const high = { helloNonce: "ffffffff00000000", initiateNonce: "ffffffff00000001" }
    assert.ok("done" in byHand(high))
    assert.match(
      saysOf(errorOf(byHand({ ...high, initiateNonce: "fffffffeffffffff" }))).detail,
      /expected a greater one/,
    )
  })

  test("fails when the client cannot vouch for its key, for this connection, to this server", () => {
    const cases = [
      { permanent: other.publicKey },
      { vouched: other.publicKey },
      { vouchedTo: other.publicKey },
    ]
    for (const wrong of cases) {
      assert.match(saysOf(errorOf(byHand(wrong))).detail, /cannot vouch for the key it claims to have/)
    }
  })

  test("fails with public keys that hide nothing, wherever they stand", () => {
    for (const key of hidingNothing.map(unhex)) {
      assert.match(saysOf(errorOf(byHand({ transient: key }))).detail, /HELLO for a server with another key/)
      assert.match(saysOf(errorOf(byHand({ permanent: key }))).detail, /cannot vouch for the key/)
      assert.match(saysOf(errorOf(welcomeByHand(key).welcomed)).detail, /WELCOME with a key that hides nothing/)
      const [one, two] = [serving(), asking(key)]
      const { frame } = upTo(one, two, "HELLO")
      assert.equal(frame.length, 202)
      two.push(encodeFrame(Flag.command, encodeCommand("WELCOME", new Uint8Array(160))))
      ends(two, /cannot write a WELCOME for us/, true)
    }
    assert.ok("send" in welcomeByHand(pair(8).publicKey).welcomed)
  })

  test("goes on counting the nonces of its READY", () => {
    const transient = pair(8)
    for (
      const [nonce, ok] of [["0000000000000004", false], ["0000000000000005", false], [
        "0000000000000006",
        true,
      ]] as const
    ) {
      const { session, cipher } = welcomeByHand(transient.publicKey, "0000000000000005").ready(transient.secretKey)
      const box = seal(session, nonceOf(Prefix.fromServer, unhex(nonce)), bytes("\0hi"))
      const opened = cipher.open(concat(bytes("\x07MESSAGE"), unhex(nonce), box))
      if (ok) assert.equal(hex(valueOf(opened).body), hex(bytes("hi")))
      else assert.match(errorOf(opened).detail, new RegExp(`nonce ${nonce} again`))
    }
  })

  test("fails with another version of CURVE, and with broken properties", () => {
    assert.match(errorOf(byHand({ version: unhex("0200") })).detail, /speaks version 2.0 of CURVE; expected 1.0/)
    assert.match(errorOf(byHand({ metadata: unhex("0b") })).detail, /end in the middle of a name/)
    assert.match(
      errorOf(byHand({ metadata: new Uint8Array(0), cookie: new Uint8Array(96) })).detail,
      /another's cookie/,
    )
  })

  test("fails with commands out of turn, and of other lengths", () => {
    const wrong = [
      [serving(), "INITIATE", 300, /sends "INITIATE" of 300 bytes; expected HELLO of CURVE/],
      [serving(), "HELLO", 193, /sends "HELLO" of 193 bytes; expected HELLO/],
      [serving(), "READY", 30, /sends "READY" of 30 bytes; expected HELLO/],
      [serving(), "OTHER", 194, /sends "OTHER" of 194 bytes; expected HELLO/],
      [asking(), "OTHER", 160, /sends "OTHER" of 160 bytes; expected WELCOME/],
      [asking(), "READY", 30, /sends "READY" of 30 bytes; expected WELCOME/],
      [asking(), "WELCOME", 159, /sends "WELCOME" of 159 bytes; expected WELCOME/],
      [asking(), "MESSAGE", 40, /sends "MESSAGE" of 40 bytes; expected WELCOME/],
    ] as const
    for (const [party, name, length, detail] of wrong) {
      party.push(
        concat(encodeGreeting("CURVE", false), encodeFrame(Flag.command, encodeCommand(name, new Uint8Array(length)))),
      )
      ends(party, detail, false)
    }
    const twice = upTo(serving(), asking(), "INITIATE")
    const hello = encodeFrame(Flag.command, encodeCommand("HELLO", new Uint8Array(194)))
    twice.to.push(hello)
    ends(twice.to, /sends "HELLO" of 194 bytes; expected INITIATE/, false)
    const short = upTo(serving(), asking(), "READY")
    short.to.push(encodeFrame(Flag.command, encodeCommand("READY", new Uint8Array(23))))
    ends(short.to, /sends "READY" of 23 bytes; expected READY/, false)
  })

  test("fails with ERROR of the server, at each step, for good", () => {
    for (const step of ["WELCOME", "READY"]) {
      const { to } = upTo(serving(), asking(), step)
      to.push(encodeFrame(Flag.command, encodeError("300")))
      ends(to, /refuses this client: "300"/, true)
    }
  })

  test("fails when the kinds do not fit: the server says so instead of READY", () => {
    const [one, two] = [serving(server, "PUB"), asking(server.publicKey, "DEALER")]
    const { frame } = upTo(one, two, "INITIATE")
    one.push(frame)
    const answer = one.written()
    assert.deepEqual([commandOf(answer).name, readFrames([answer]).frames.length], ["ERROR", 1])
    two.push(answer)
    ends(one, /It is a "DEALER"; expected one of SUB, XSUB for a PUB/, true)
    ends(two, /refuses this client: "Invalid socket type"/, true)
  })

  test("fails when the server turns out to be of the wrong kind: the client says nothing", () => {
    const two = asking()
    const liar = curveServer(server, () => true, metadata("PULL"))
    const greeting = two.written()
    two.push(encodeGreeting("CURVE", true))
    const answerTo = (frame: Uint8Array): Uint8Array => {
      const step = liar.receive(commandOf(frame))
      return concat(...(step.send ?? []).map((body) => encodeFrame(Flag.command, body)))
    }
    two.push(answerTo(concat(greeting.subarray(greetingLength), two.written())))
    two.push(answerTo(two.written()))
    ends(two, /It is a "PULL"; expected one of REP, DEALER, ROUTER for a DEALER/, true)
    assert.equal(two.written().length, 0)
  })
})
