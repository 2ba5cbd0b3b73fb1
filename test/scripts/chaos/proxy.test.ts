/**
 * The proxy of links: it fails as networks do, and otherwise carries every byte in its order.
 */
import assert from "node:assert/strict"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { afterAll, describe, test } from "#test"
import { type ChaosProxy, startChaosProxy } from "../../../scripts/chaos/proxy.ts"

const ends: Array<() => unknown> = []
afterAll(async () => {
  for (const end of ends.toReversed()) await end()
})

/** A server that sends back what it gets, behind a proxy. */
const start = async (): Promise<{
  readonly proxy: ChaosProxy
  readonly dial: () => Promise<Client>
  /** The server says something of its own, to everyone. */
  readonly say: (what: string) => void
}> => {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.on("data", (data) => socket.write(data))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const proxy = await startChaosProxy((server.address() as AddressInfo).port)
  ends.push(() => server.close(), () => sockets.forEach((socket) => socket.destroy()), () => proxy.close())
  return {
    proxy,
    say: (what) => sockets.forEach((socket) => socket.write(what)),
    dial: () =>
      new Promise((resolve) => {
        const socket = connect(proxy.port, "127.0.0.1")
        let text = ""
        let wake = () => {}
        const closed = new Promise<string>((resolve) => {
          socket.on("error", (error) => resolve((error as { readonly code?: string }).code ?? "error"))
          socket.on("close", () => resolve("closed"))
        })
        socket.on("data", (data) => {
          text += data.toString("latin1")
          wake()
        })
        const client: Client = {
          send: (what) => void socket.write(what, "latin1"),
          text: () => text,
          heard: async (what) => {
            while (!text.includes(what)) await new Promise<void>((resolve) => wake = resolve)
          },
          closed,
        }
        // one that is refused may have been connected, or not
        socket.on("connect", () => resolve(client))
        void closed.then(() => resolve(client))
        ends.push(() => socket.destroy())
      }),
  }
}

interface Client {
  readonly send: (what: string) => void
  readonly text: () => string
  /** Resolves when that was heard. */
  readonly heard: (what: string) => Promise<void>
  /** How it ended. */
  readonly closed: Promise<string>
}

const moment = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const greeting = (mechanism: string) =>
  `\xff${"\0".repeat(8)}\x7f\x03\x00${mechanism.padEnd(20, "\0")}${"\0".repeat(32)}`

describe("startChaosProxy()", () => {
  test("carries bytes in both directions, and tells the mechanism of each greeting", async () => {
    const { proxy, dial } = await start()
    const [first, second] = [await dial(), await dial()]
    const [whole, bytes] = [greeting("CURVE"), greeting("NULL")]
    first.send(whole)
    for (const byte of bytes) second.send(byte)
    await first.heard(whole)
    await second.heard(bytes)
    assert.deepEqual([...proxy.mechanisms()].toSorted(), [["CURVE", 1], ["NULL", 1]])
  })

  test("cut() resets every connection and refuses new ones for a while", async () => {
    const { proxy, dial } = await start()
    const client = await dial()
    client.send("a")
    await client.heard("a")
    proxy.cut(60_000)
    assert.match(await client.closed, /ECONNRESET|closed/)
    assert.match(await (await dial()).closed, /ECONNRESET|closed/)
    proxy.cut(0)
    const next = await dial()
    next.send("b")
    await next.heard("b")
  })

  test("delay() carries each byte later, in its order, also when it becomes shorter", async () => {
    const { proxy, dial } = await start()
    const client = await dial()
    proxy.delay(150)
    client.send("a")
    await moment(20)
    assert.equal(client.text(), "")
    proxy.delay(0)
    client.send("b")
    await client.heard("b")
    assert.equal(client.text(), "ab")
  })

  test("hold() carries nothing and ends nothing; release() carries what was kept", async () => {
    const { proxy, dial } = await start()
    const client = await dial()
    proxy.hold(["out"], false)
    client.send("kept")
    const late = await dial()
    late.send("late")
    await moment(50)
    assert.deepEqual([client.text(), late.text()], ["", ""])
    proxy.release()
    await client.heard("kept")
    await late.heard("late")
  })

  test("hold() that loses keeps the connection open, and release() resets it, but not one that lost nothing", async () => {
    const { proxy, dial } = await start()
    const [client, other] = [await dial(), await dial()]
    let hasEnded = false
    void client.closed.then(() => hasEnded = true)
    proxy.hold(["in", "out"], true)
    client.send("lost")
    await moment(50)
    assert.ok(!hasEnded)
    proxy.release()
    assert.match(await client.closed, /ECONNRESET|closed/)
    other.send("kept")
    await other.heard("kept")
    assert.equal(client.text(), "")
  })

  test("hold() that loses one way carries the other way", async () => {
    const { proxy, dial, say } = await start()
    const client = await dial()
    client.send("a")
    await client.heard("a")
    proxy.hold(["in"], true)
    client.send("lost")
    await moment(50)
    say("said")
    await client.heard("said")
    proxy.release()
    assert.match(await client.closed, /ECONNRESET|closed/)
    assert.equal(client.text(), "asaid")
  })

  test("ends a connection where the process behind it is not there, once it tries", async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const proxy = await startChaosProxy(port)
    ends.push(() => proxy.close())
    const socket = connect(proxy.port, "127.0.0.1")
    socket.on("error", () => {})
    await new Promise<void>((resolve) => socket.on("close", () => resolve()))
  })
})
