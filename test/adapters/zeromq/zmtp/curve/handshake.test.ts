/**
 * CURVE handshakes that must fail, each with its own error on the side that finds it, and which settings would be in vain.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { concat } from "../../../../../adapters/zeromq/zmtp/bytes.ts"
import {
  type Command,
  decodeCommand,
  decodeError,
  encodeCommand,
  encodeError,
  encodeMetadata,
} from "../../../../../adapters/zeromq/zmtp/commands.ts"
import {
  type KeyPair,
  open,
  pairOf,
  randomBytes,
  seal,
  sharedKey,
} from "../../../../../adapters/zeromq/zmtp/curve/box.ts"
import { curveClient } from "../../../../../adapters/zeromq/zmtp/curve/client.ts"
import { nonceOf, Prefix } from "../../../../../adapters/zeromq/zmtp/curve/nonce.ts"
import { curveServer } from "../../../../../adapters/zeromq/zmtp/curve/server.ts"
import { Flag } from "../../../../../adapters/zeromq/zmtp/frames.ts"
import { encodeGreeting, greetingLength } from "../../../../../adapters/zeromq/zmtp/greeting.ts"
import type { ProtocolError } from "../../../../../adapters/zeromq/zmtp/ProtocolError.ts"
import type { SocketType } from "../../../../../adapters/zeromq/zmtp/SocketType.ts"
import { converse, Party } from "../../../../../scripts/zmtp/Party.ts"
import { bytes, encodeFrame, errorOf, hex, hexes, readFrames, unhex, valueOf } from "../support.ts"
import { hidingNothing } from "./support.ts"

const pair = (seed: number): KeyPair => pairOf(new Uint8Array(32).fill(seed))
const [server, client, other] = [pair(1), pair(2), pair(3)]

const serving = (keys = server, type: SocketType = "ROUTER", isAllowed?: (key: Uint8Array) => boolean): Party =>
  new Party(type, { curve: { role: "server", keys, ...(isAllowed === undefined ? {} : { isAllowed }) } })

const asking = (serverKey = server.publicKey, type: SocketType = "DEALER"): Party =>
  new Party(type, { curve: { role: "client", keys: client, serverKey } })

/** Every secret key of these tests, which no error may show. */
const secrets = [server, client, other].map(({ secretKey }) => hex(secretKey))

const saysOf = (error: ProtocolError | undefined): { readonly detail: string; readonly fatal: boolean } => {
  const { detail, fatal } = errorOf(error)
  for (const secret of secrets) assert.ok(!detail.includes(secret.slice(0, 16)), detail)
  return { detail, fatal }
}

const ends = (party: Party, detail: RegExp, fatal: boolean): void => {
  const said = saysOf(party.heard.error)
  assert.match(said.detail, detail)
  assert.deepEqual([said.fatal, party.heard.failures, party.session.isReady], [fatal, 1, false])
}

const commandOf = (frame: Uint8Array): Command => valueOf(decodeCommand(readFrames([frame]).frames[0]!.body))

/** Greets, and lets both say as many commands as asked for; the next one is the result, and not passed on. */
const upTo = (one: Party, two: Party, name: string): { readonly frame: Uint8Array; readonly to: Party } => {
  const greetings = [one.written(), two.written()] as const
  one.push(greetings[1].subarray(0, greetingLength))
  two.push(greetings[0].subarray(0, greetingLength))
  const rest = [greetings[0].subarray(greetingLength), greetings[1].subarray(greetingLength)]
  for (;;) {
    const [there, back] = [concat(rest[0]!, one.written()), concat(rest[1]!, two.written())]
    rest.fill(new Uint8Array(0))
    for (const [frame, to] of [[there, two], [back, one]] as const) {
      if (frame.length === 0) continue
      if (commandOf(frame).name === name) return { frame, to }
      to.push(frame)
    }
    if (there.length === 0 && back.length === 0) throw new Error(`Nobody said ${name}`)
  }
}

const flipped = (frame: Uint8Array, at: number): Uint8Array => {
  const changed = frame.slice()
  changed[at < 0 ? frame.length + at : at]! ^= 1
  return changed
}

const metadata = (type: string) => encodeMetadata([["Socket-Type", bytes(type)]])

/** A client that does by hand what curve/client.ts does, so that it can do it wrong. */
const byHand = (wrong: {
  readonly transient?: Uint8Array
  readonly version?: Uint8Array
  readonly helloNonce?: string
  readonly initiateNonce?: string
  readonly cookie?: Uint8Array
  readonly permanent?: Uint8Array
  readonly vouched?: Uint8Array
  readonly vouchedTo?: Uint8Array
  readonly metadata?: Uint8Array
} = {}) => {
  const handshake = curveServer(server, () => true, metadata("ROUTER"))
  const transient = pair(9)
  const shared = valueOf(sharedKey(server.publicKey, transient.secretKey))
  const helloNonce = unhex(wrong.helloNonce ?? "0000000000000001")
  const hello = handshake.receive({
    name: "HELLO",
    data: concat(
      wrong.version ?? unhex("0100"),
      new Uint8Array(72),
      wrong.transient ?? transient.publicKey,
      helloNonce,
      seal(shared, nonceOf(Prefix.hello, helloNonce), new Uint8Array(64)),
    ),
  })
  if (!("send" in hello) || hello.send?.[0] === undefined) return hello
  const { data } = valueOf(decodeCommand(hello.send[0]))
  const welcome = valueOf(open(shared, nonceOf(Prefix.welcome, data.subarray(0, 16)), data.subarray(16)))
  const session = valueOf(sharedKey(welcome.subarray(0, 32), transient.secretKey))
  const vouching = valueOf(sharedKey(welcome.subarray(0, 32), client.secretKey))
  const vouchNonce = randomBytes(16)
  const vouched = concat(wrong.vouched ?? transient.publicKey, wrong.vouchedTo ?? server.publicKey)
  const nonce = unhex(wrong.initiateNonce ?? "0000000000000002")
  const inside = concat(
    wrong.permanent ?? client.publicKey,
    vouchNonce,
    seal(vouching, nonceOf(Prefix.vouch, vouchNonce), vouched),
    wrong.metadata ?? metadata("DEALER"),
  )
  return handshake.receive({
    name: "INITIATE",
    data: concat(wrong.cookie ?? welcome.subarray(32), nonce, seal(session, nonceOf(Prefix.initiate, nonce), inside)),
  })
}

/** A server that does by hand what curve/server.ts does; what the client makes of its WELCOME, and then of its READY. */
const welcomeByHand = (transient: Uint8Array, readyNonce = "0000000000000001") => {
  const handshake = curveClient(client, server.publicKey, metadata("DEALER"))
  const { data } = valueOf(decodeCommand(handshake.begin()[0]!))
  const shared = valueOf(sharedKey(data.subarray(74, 106), server.secretKey))
  const nonce = randomBytes(16)
  const box = seal(shared, nonceOf(Prefix.welcome, nonce), concat(transient, new Uint8Array(96)))
  const welcomed = handshake.receive({ name: "WELCOME", data: concat(nonce, box) })
  const ready = (secretKey: Uint8Array) => {
    const session = valueOf(sharedKey(data.subarray(74, 106), secretKey))
    const nonce = unhex(readyNonce)
    const read = handshake.receive({
      name: "READY",
      data: concat(nonce, seal(session, nonceOf(Prefix.ready, nonce), metadata("ROUTER"))),
    })
    return { session, cipher: valueOf("done" in read ? read.done?.cipher : undefined) }
  }
  return { welcomed, ready }
}

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

describe("traffic after a CURVE handshake", () => {
  /** Two that talk, and the frames of what the client says. */
  const said = (...messages: ReadonlyArray<ReadonlyArray<Uint8Array>>) => {
    const [one, two] = [serving(), asking()]
    converse(one, two)
    const frames = messages.map((message) => {
      two.session.send(message)
      return two.written()
    })
    return { one, two, frames }
  }

  test("is heard in order", () => {
    const { one, frames } = said([bytes("a")], [bytes("b"), new Uint8Array(0)])
    for (const frame of frames) one.push(frame)
    assert.deepEqual(one.heard.messages.map(hexes), [["61"], ["62", ""]])
  })

  test("ends it when it comes again, or in another order", () => {
    const { one, frames } = said([bytes("a")])
    one.push(concat(frames[0]!, frames[0]!))
    ends(one, /uses the nonce 0000000000000003 again; expected a greater one/, false)
    assert.equal(one.heard.messages.length, 1)
    const swapped = said([bytes("a")], [bytes("b")])
    swapped.one.push(concat(swapped.frames[1]!, swapped.frames[0]!))
    ends(swapped.one, /uses the nonce 0000000000000003 again/, false)
    assert.deepEqual(swapped.one.heard.messages.map(hexes), [["62"]])
  })

  test("ends it when any of its bytes was changed", () => {
    for (let at = 2; at < 2 + 8 + 8 + 16 + 1 + 1; at++) {
      const { one, frames } = said([bytes("a")])
      one.push(flipped(frames[0]!, at))
      assert.match(
        saysOf(one.heard.error).detail,
        at < 10 ? /expected a MESSAGE of at least 33$/ : /that its key does not open|expected a greater one/,
      )
      assert.deepEqual(one.heard.messages, [])
    }
  })

  test("ends it when it comes back to its sender", () => {
    const { two, frames } = said([bytes("a")])
    two.push(frames[0]!)
    ends(two, /MESSAGE that its key does not open/, false)
  })

  test("ends it when it is in clear, or too short", () => {
    for (
      const frame of [
        encodeFrame(0, bytes("in clear")),
        encodeFrame(Flag.command, encodeCommand("PING", unhex("0000"))),
        encodeFrame(Flag.command, encodeError("400")),
        encodeFrame(0, encodeCommand("MESSAGE", new Uint8Array(24))),
        encodeFrame(0, new Uint8Array(0)),
      ]
    ) {
      const { one } = said()
      one.push(frame)
      ends(one, /expected a MESSAGE of at least 33$/, false)
    }
  })

  test("may be a command, as RFC 26 has it, or a message, as libzmq has it", () => {
    const { one, frames } = said([bytes("a")])
    const frame = frames[0]!.slice()
    assert.equal(frame[0], 0)
    frame[0] = Flag.command
    one.push(frame)
    assert.deepEqual(one.heard.messages.map(hexes), [["61"]])
  })
})
