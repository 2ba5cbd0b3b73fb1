/**
 * CURVE as libzmq writes it: what of a recorded handshake can be opened afterwards, and live handshakes on Node.
 *
 * HELLO and WELCOME open with the server's permanent key; what follows is closed with keys that nobody kept.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { Redacted } from "effect"
import { runtime } from "../../../../../adapters/runtime/mod.ts"
import { decodeCommand, decodeError } from "../../../../../adapters/zeromq/zmtp/commands.ts"
import { keyLength, open, pairOf, sharedKey } from "../../../../../adapters/zeromq/zmtp/curve/box.ts"
import { curveClient, helloLength, welcomeLength } from "../../../../../adapters/zeromq/zmtp/curve/client.ts"
import { keysOf, readKey } from "../../../../../adapters/zeromq/zmtp/curve/keys.ts"
import { nonceOf, Prefix } from "../../../../../adapters/zeromq/zmtp/curve/nonce.ts"
import { greetingLength } from "../../../../../adapters/zeromq/zmtp/greeting.ts"
import { type Conversation, fromPieces, type Spoken } from "../../../../../scripts/zmtp/fixture.ts"
import { type Curve, Party } from "../../../../../scripts/zmtp/Party.ts"
import { bytes, errorOf, hex, hexes, readFrames, recorded, recording, valueOf } from "../support.ts"

const curves = [...recorded].filter(([, { mechanism }]) => mechanism === "CURVE")

const keysIn = ({ keys }: Conversation) => {
  const pair = (secretKey: string) => pairOf(valueOf(readKey(secretKey)))
  return { server: pair(keys!.server.secretKey), client: pair(keys!.client.secretKey) }
}

const framesOf = (side: Spoken) => readFrames([fromPieces(side.bytes).subarray(greetingLength)]).frames

/** The two commands that open, and the key that opens them. */
const opening = (conversation: Conversation) => {
  const hello = valueOf(decodeCommand(framesOf(conversation.connector)[0]!.body))
  const welcome = valueOf(decodeCommand(framesOf(conversation.binder)[0]!.body))
  const client = hello.data.subarray(74, 74 + keyLength)
  return { hello, welcome, key: valueOf(sharedKey(client, keysIn(conversation).server.secretKey)) }
}

/** A connection to something that listens on a port of this machine, with a session of ours on it. */
const attach = (socket: Socket, party: Party): void => {
  socket.setNoDelay(true)
  socket.on("error", () => {})
  socket.on("data", (chunk: Uint8Array) => {
    party.push(chunk)
    socket.write(party.written())
  })
  socket.write(party.written())
}

/** Waits for something that the network brings. */
const until = async (happened: () => boolean): Promise<void> => {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 1))
}

const onNode = runtime.name === "node" ? undefined : "the zeromq package runs on Node alone"

describe("CURVE of libzmq", () => {
  for (const [name, conversation] of curves) {
    test(`${name}: the keys in the recording belong together`, () => {
      for (const { publicKey, secretKey } of Object.values(conversation.keys!)) {
        assert.equal(keysOf(Redacted.make(secretKey))?.publicKey, publicKey)
      }
    })

    test(`${name}: HELLO opens to 64 zeros`, () => {
      const { hello, key } = opening(conversation)
      assert.deepEqual([hello.name, hello.data.length], ["HELLO", helloLength])
      assert.equal(hex(hello.data.subarray(0, 74)), `0100${"00".repeat(72)}`)
      const nonce = hello.data.subarray(106, 114)
      assert.equal(hex(nonce), "0000000000000001")
      const text = valueOf(open(key, nonceOf(Prefix.hello, nonce), hello.data.subarray(114)))
      assert.equal(hex(text), "00".repeat(64))
    })

    test(`${name}: WELCOME opens to a key and a cookie, which INITIATE brings back`, () => {
      const { welcome, key } = opening(conversation)
      assert.deepEqual([welcome.name, welcome.data.length], ["WELCOME", welcomeLength])
      const text = valueOf(
        open(key, nonceOf(Prefix.welcome, welcome.data.subarray(0, 16)), welcome.data.subarray(16)),
      )
      assert.equal(text.length, keyLength + 96)
      const initiate = valueOf(decodeCommand(framesOf(conversation.connector)[1]!.body))
      assert.equal(initiate.name, "INITIATE")
      assert.equal(hex(initiate.data.subarray(0, 96)), hex(text.subarray(keyLength)))
      assert.equal(hex(initiate.data.subarray(96, 104)), "0000000000000002")
    })

    test(`${name}: a server of ours with the same key answers its HELLO`, () => {
      const server = new Party("ROUTER", { curve: { role: "server", keys: keysIn(conversation).server } })
      server.written()
      server.push(fromPieces(conversation.connector.bytes).subarray(0, greetingLength + 202))
      assert.equal(server.heard.error, undefined)
      const { frames: [welcome] } = readFrames([server.written()])
      assert.deepEqual(
        { ...valueOf(decodeCommand(welcome!.body)), command: welcome!.command, data: welcome!.body.length },
        { name: "WELCOME", command: true, data: 8 + welcomeLength },
      )
      // and lets nobody in who brings back a cookie that it did not give
      server.push(fromPieces(conversation.connector.bytes).subarray(greetingLength + 202))
      assert.match(errorOf(server.heard.error).detail, /INITIATE with another's cookie/)
    })
  }

  test("its messages are frames of messages that hold a MESSAGE, with nonces that count on from the handshake", () => {
    const conversation = recording("curve")
    for (const [side, from] of [[conversation.connector, 3], [conversation.binder, 2]] as const) {
      const frames = framesOf(side).slice(2)
      assert.equal(frames.length, side.messages.flat().length)
      frames.forEach(({ command, more, body }, i) => {
        assert.deepEqual({ command, more }, { command: false, more: false })
        const { name, data } = valueOf(decodeCommand(body))
        assert.equal(name, "MESSAGE")
        assert.equal(hex(data.subarray(0, 8)), (from + i).toString(16).padStart(16, "0"))
        assert.equal(data.length, 8 + 16 + 1 + fromPieces(side.messages.flat()[i]!).length)
      })
    }
  })

  test("its refusal reads as one, and nothing helps then", () => {
    const { name, data } = valueOf(decodeCommand(framesOf(recording("curve-refused").binder)[1]!.body))
    assert.deepEqual([name, decodeError(data)], ["ERROR", '"400"'])
    const { server, client } = keysIn(recording("curve-refused"))
    const error = errorOf(curveClient(client, server.publicKey, new Uint8Array(0)).receive({ name, data }))
    assert.deepEqual([error.detail, error.fatal], ['It refuses this client: "400"', true])
  })

  test("a client of ours and a server of libzmq talk", { skip: onNode }, async () => {
    const { Router, curveKeyPair } = await import("zeromq")
    const keys = curveKeyPair()
    const router = new Router({ linger: 0, curveServer: true, curveSecretKey: keys.secretKey })
    await router.bind("tcp://127.0.0.1:*")
    const own = pairOf(new Uint8Array(32).fill(7))
    const curve: Curve = { role: "client", keys: own, serverKey: valueOf(readKey(keys.publicKey)) }
    const party = new Party("DEALER", { curve, identity: bytes("ours") })
    const socket = connect(Number(/\d+$/.exec(router.lastEndpoint ?? "")?.[0]), "127.0.0.1")
    try {
      attach(socket, party)
      await until(() => party.heard.peer !== undefined || party.heard.error !== undefined)
      assert.equal(party.heard.error, undefined)
      assert.deepEqual([party.heard.peer?.type, hex(party.heard.peer!.key!)], ["ROUTER", hex(curve.serverKey)])
      party.session.send([bytes("one"), new Uint8Array(0), new Uint8Array(70_000).fill(3)])
      assert.ok(party.session.sendPing(0))
      socket.write(party.written())
      const [from, ...frames] = await router.receive()
      assert.deepEqual([from!, ...frames.slice(0, 2)].map(String), ["ours", "one", ""])
      assert.equal(frames[2]!.length, 70_000)
      await router.send(["ours", "two", "", Buffer.alloc(70_000, 4)])
      await until(() => party.heard.messages.length > 0)
      assert.deepEqual(hexes(party.heard.messages[0]!), [hex(bytes("two")), "", "04".repeat(70_000)])
    } finally {
      socket.destroy()
      router.close()
    }
  })

  test("a server of ours and a client of libzmq talk", { skip: onNode }, async () => {
    const { Dealer, curveKeyPair } = await import("zeromq")
    const [theirs, own] = [curveKeyPair(), curveKeyPair()]
    const clientKey = valueOf(readKey(theirs.publicKey))
    const party = new Party("ROUTER", {
      curve: {
        role: "server",
        keys: pairOf(valueOf(readKey(own.secretKey))),
        isAllowed: (key) => hex(key) === hex(clientKey),
      },
    })
    const listener = createServer((socket) => {
      listener.close()
      attach(socket, party)
      sockets.push(socket)
    })
    const sockets: Array<Socket> = []
    listener.listen(0, "127.0.0.1")
    await once(listener, "listening")
    const dealer = new Dealer({
      linger: 0,
      routingId: "theirs",
      heartbeatInterval: 20,
      heartbeatTimeToLive: 3_000,
      curveServerKey: own.publicKey,
      curvePublicKey: theirs.publicKey,
      curveSecretKey: theirs.secretKey,
    })
    try {
      dealer.connect(`tcp://127.0.0.1:${(listener.address() as AddressInfo).port}`)
      await dealer.send(["one", "", Buffer.alloc(70_000, 3)])
      await until(() => party.heard.messages.length > 0 || party.heard.error !== undefined)
      assert.equal(party.heard.error, undefined)
      assert.deepEqual(
        { ...party.heard.peer, identity: String(party.heard.peer!.identity), key: hex(party.heard.peer!.key!) },
        { type: "DEALER", identity: String(bytes("theirs")), minor: 1, key: hex(clientKey) },
      )
      assert.deepEqual(hexes(party.heard.messages[0]!), [hex(bytes("one")), "", "03".repeat(70_000)])
      party.session.send([bytes("two"), new Uint8Array(0)])
      sockets[0]!.write(party.written())
      assert.deepEqual((await dealer.receive()).map(String), ["two", ""])
      await until(() => party.heard.ttls.length > 1)
      assert.equal(party.heard.ttls[0], 3_000)
    } finally {
      for (const socket of sockets) socket.destroy()
      dealer.close()
    }
  })
})
