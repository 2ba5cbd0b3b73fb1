/**
 * `warren broker`: hosts the embedded broker alone, says where it is and no password, and refuses what cannot be.
 */
import assert from "node:assert/strict"
import { readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { afterEach, describe, test } from "#test"
import { onChannel } from "../support/onChannel.ts"
import { cleanUp, folderWith, warren } from "./support.ts"

afterEach(cleanUp)

/** What a command that ends by itself said, and how it ended. */
const ended = async (args: ReadonlyArray<string>, env: Record<string, string> = {}) => {
  const started = warren(args, { env })
  const code = await started.ended
  return { code, text: `${started.stdout()}${started.stderr()}` }
}

describe("warren broker", () => {
  test("hosts it until it is told to end, and keeps what it was given", async () => {
    const data = join(folderWith({}), "data")
    const first = warren(["broker", "--data", data, "--json"])
    const ready = await first.said(/^ready$/)
    const { user, password, port } = JSON.parse(readFileSync(join(data, "address.json"), "utf8"))
    assert.deepEqual([ready["address"], ready["keeps"], ready["messages"]], [`127.0.0.1:${port}`, true, 0])
    const url = `amqp://${user}:${password}@127.0.0.1:${port}`
    await onChannel(url, async (channel) => {
      await channel.assertQueue("q")
      channel.sendToQueue("q", Buffer.from("x"), { persistent: true })
    })
    const second = await ended(["broker", "--data", data])
    assert.equal(second.code, 1)
    assert.match(
      second.text,
      new RegExp(`the process ${first.child.pid} hosts its broker already, on 127.0.0.1:${port}`),
    )
    first.signal("SIGTERM")
    assert.equal(await first.ended, 0)
    assert.equal(`${first.stdout()}${first.stderr()}${second.text}`.includes(password), false)

    const again = warren(["broker", "--data", data, "--json"])
    const there = await again.said(/^ready$/)
    assert.deepEqual([there["address"], there["messages"]], [`127.0.0.1:${port}`, 1])
    again.signal("SIGINT")
    assert.equal(await again.ended, 0)
  })

  test("refuses a port that is taken, other machines without credentials, and a file that is damaged", async () => {
    const folder = folderWith({ "damaged/queues.db": "no database" })
    const other = createServer()
    const port = await new Promise<number>((resolve) =>
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { readonly port: number }).port))
    )
    const taken = await ended(["broker", "--data", join(folder, "a"), "--listen", String(port)])
    other.close()
    assert.equal(taken.code, 1)
    assert.match(taken.text, new RegExp(`Cannot listen on 127.0.0.1:${port} for AMQP: .*choose another port`))
    const open = await ended(["broker", "--data", join(folder, "b"), "--listen", "0.0.0.0:0"])
    assert.equal(open.code, 1)
    assert.match(open.text, /Say who may connect, with WARREN_BROKER_USER and WARREN_BROKER_PASSWORD/)
    const damaged = await ended(["broker", "--data", join(folder, "damaged")])
    assert.equal(damaged.code, 1)
    assert.match(
      damaged.text,
      /Cannot use ".*queues\.db" for the queues of the embedded broker: it is cut off; restore it/,
    )
    assert.equal(readFileSync(join(folder, "damaged/queues.db"), "utf8"), "no database")
    rmSync(folder, { recursive: true, force: true })
  })

  test("lets other machines in with credentials, which it does not print", async () => {
    const data = join(folderWith({}), "data")
    const open = warren(["broker", "--data", data, "--json", "--listen", "0.0.0.0:0", "--ephemeral"], {
      env: { WARREN_BROKER_USER: "shop", WARREN_BROKER_PASSWORD: "secret-of-shop" },
    })
    const ready = await open.said(/^ready$/)
    assert.deepEqual([ready["user"], ready["keeps"]], ["shop", false])
    const port = /:(\d+)$/.exec(String(ready["address"]))?.[1]
    await onChannel(
      `amqp://shop:secret-of-shop@127.0.0.1:${port}`,
      async (channel) => void await channel.assertQueue("q"),
    )
    open.signal("SIGTERM")
    assert.equal(await open.ended, 0)
    assert.doesNotMatch(`${open.stdout()}${open.stderr()}`, /secret-of-shop/)
  })
})
