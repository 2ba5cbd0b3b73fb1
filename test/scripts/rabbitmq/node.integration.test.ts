/**
 * The verbs of one private node, seen from a client's connection, and data that is kept.
 */
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { existsSync, readFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { afterAll, beforeAll, describe, test } from "#test"
import amqp from "amqplib"
import { certificates } from "../../../scripts/rabbitmq/certificates.ts"
import { installedServer } from "../../../scripts/rabbitmq/install.ts"
import { speaksAmqp } from "../../../scripts/rabbitmq/ports.ts"
import { type Rabbit, startRabbit } from "../../../scripts/rabbitmq.ts"
import { until } from "../../../scripts/rabbitmq/wait.ts"

const skip = process.env["WARREN_TEST_BROKER"] === "none"
  ? "WARREN_TEST_BROKER is none"
  : installedServer() === undefined || process.env["WARREN_RABBITMQ_IMAGE"]
  ? "TLS and kept data need an installed server"
  : undefined
const onBun = skip ?? (process.versions["bun"] === undefined ? "one runtime is enough: it only takes time" : undefined)

/** A client that remembers what its connection went through. */
const client = async (url: string, options: object = {}) => {
  const connection = await amqp.connect(url, options)
  const seen: Array<string> = []
  for (const event of ["blocked", "unblocked"] as const) connection.on(event, () => void seen.push(event))
  connection.on("close", (error?: Error) => void seen.push(error?.message ?? "", "close"))
  connection.on("error", (error: Error) => void seen.push(error.message))
  const channel = await connection.createConfirmChannel()
  channel.on("error", () => {})
  return { connection, channel, seen }
}

const quorum = { durable: true, arguments: { "x-queue-type": "quorum" } }

describe("a private node", () => {
  let rabbit: Rabbit
  beforeAll(async () => {
    if (skip === undefined) rabbit = await startRabbit({ management: true, tls: true })
  })
  afterAll(async () => {
    if (skip !== undefined) return
    await rabbit.stop()
    assert.ok(!existsSync(rabbit.folder), "its folder is removed")
    assert.ok(!await speaksAmqp(rabbit.port))
  })

  test("management answers with statistics, on loopback", { skip }, async () => {
    const headers = { authorization: `Basic ${btoa("guest:guest")}` }
    const answer = await fetch(`${rabbit.managementUrl}/api/overview`, { headers })
    const overview = await answer.json() as { node: string; listeners: ReadonlyArray<Record<string, unknown>> }
    assert.equal(overview.node, rabbit.node)
    for (const { protocol, ip_address } of overview.listeners) {
      if (protocol !== "clustering") assert.ok(["127.0.0.1", "::"].includes(String(ip_address)), String(protocol))
    }
  })

  test("TLS is trusted by its authority, and by nothing else", { skip }, async () => {
    const ca = readFileSync(rabbit.caFile ?? "")
    const { connection } = await client(rabbit.tlsUrl ?? "", { ca: [ca] })
    await connection.close()
    await assert.rejects(client(rabbit.tlsUrl ?? ""))
  })

  test("evaluate() returns the value, several at a time, and fails with what Erlang says", { skip }, async () => {
    assert.deepEqual(await Promise.all(["1+1.", "node().", "{ok, 3}."].map((text) => rabbit.evaluate(text))), [
      "2",
      `'${rabbit.node}'`,
      "{ok, 3}",
    ])
    await assert.rejects(rabbit.evaluate("foo:bar()."), /Cannot evaluate "foo:bar\(\)\." on .*undef/)
  })

  test("alarm() blocks publishers until it is over", { skip }, async () => {
    const { connection, channel, seen } = await client(rabbit.url)
    await channel.assertQueue("alarmed")
    await rabbit.alarm(true)
    await rabbit.alarm(true)
    let confirmed = false
    channel.sendToQueue("alarmed", Buffer.from([1]), {}, () => void (confirmed = true))
    await until("be told", () => seen.includes("blocked"))
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.equal(confirmed, false)
    await rabbit.alarm(false)
    await until("be confirmed", () => confirmed)
    assert.deepEqual(seen, ["blocked", "unblocked"])
    await connection.close()
  })

  test("closeConnections() closes all of them with the reason", { skip }, async () => {
    const clients = await Promise.all([client(rabbit.url), client(rabbit.url)])
    assert.equal(await rabbit.closeConnections('it\'s a "test"'), 2)
    await until("be closed", () => clients.every(({ seen }) => seen.includes("close")))
    for (const { seen } of clients) assert.match(seen.join(), /CONNECTION_FORCED.*it's a "test"/)
  })

  test("pause() keeps connections open and silent until resume()", { skip }, async () => {
    const { connection, channel, seen } = await client(rabbit.url)
    await rabbit.pause()
    let answered = false
    const asked = channel.assertQueue("paused").then(() => answered = true)
    await assert.rejects(rabbit.evaluate("1."), /is paused/)
    assert.equal(await speaksAmqp(rabbit.port), false)
    assert.equal(answered, false)
    await rabbit.resume()
    await asked
    assert.deepEqual(seen, [])
    await connection.close()
  })

  test(
    "kill() and start() are a power cut: same port, same data, another process",
    { skip, timeout: 60_000 },
    async () => {
      const { channel, seen } = await client(rabbit.url)
      await channel.assertQueue("survivor", quorum)
      // 3.10 loses a quorum queue declared less than a second before (seen with 0.4 s), confirmed messages and all
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      channel.sendToQueue("survivor", Buffer.from([7]), { persistent: true })
      await channel.waitForConfirms()
      const { pid } = rabbit
      await rabbit.kill()
      assert.equal(rabbit.running(), false)
      await until("notice it", () => seen.includes("close"))
      await assert.rejects(rabbit.alarm(true), /does not run/)
      await rabbit.start()
      assert.notEqual(rabbit.pid, pid)
      const { connection, channel: again } = await client(rabbit.url)
      const message = await again.get("survivor")
      assert.deepEqual(message && [...message.content], [7])
      await connection.close()
    },
  )
})

describe("data that is kept", () => {
  let folder = ""
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "warren-kept-"))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test("is there after stop() and restart(), on the same port", { skip: onBun, timeout: 60_000 }, async () => {
    const data = join(folder, "broker")
    const first = await startRabbit({ data })
    const { connection, channel } = await client(first.url)
    await channel.assertQueue("kept", quorum)
    channel.sendToQueue("kept", Buffer.from([8]), { persistent: true })
    await channel.waitForConfirms()
    await connection.close()
    await first.restart()
    await assert.rejects(startRabbit({ data }), /the broker of process \d+ runs in it/)
    await first.stop()
    const second = await startRabbit({ data })
    assert.equal(second.url, first.url)
    const { connection: again, channel: reader } = await client(second.url)
    const message = await reader.get("kept")
    assert.deepEqual(message && [...message.content], [8])
    await again.close()
    await second.stop()
  })

  test("is not put among other files, nor on a port that is taken", { skip }, async () => {
    await writeFile(join(folder, "mine.txt"), "")
    await assert.rejects(startRabbit({ data: folder }), /other files are in it/)
    assert.ok(!existsSync(join(folder, "ports.json")))
    const server = createServer()
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
    })
    await assert.rejects(startRabbit({ port }), new RegExp(`Cannot listen on port ${port}: another program does`))
    server.close()
  })

  test("certificates() say when openssl is missing", { skip }, async () => {
    await assert.rejects(certificates(join(folder, "tls"), "openssl-is-missing"), /cannot run "openssl-is-missing"/)
  })
})
