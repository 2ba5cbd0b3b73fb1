/**
 * Processes that die for real, and connections that only seem to: another program serves, on RabbitMQ.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { hostname } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as delay } from "node:timers/promises"
import { connect, HandlerDied, NoHandler } from "warren"
import type { Background } from "../support/process.ts"
import { startProxy } from "../support/proxy.ts"
import { rabbit, skip } from "../support/rabbit.ts"
import { siblings } from "../support/siblings.ts"
import { mill } from "./fixtures/mill.ts"

const url = rabbit()

const { run } = siblings()

/** Starts the other program; ready when it serves. */
const serve = async (url: string, name: string): Promise<Background> => {
  const server = run(join(import.meta.dirname, "fixtures/mill.ts"), url, name)
  await until(server, /^ready$/m)
  return server
}

const until = async (server: Background, pattern: RegExp): Promise<RegExpExecArray> => {
  for (let i = 0; i < 1_000; i++) {
    const found = pattern.exec(server.output())
    if (found !== null) return found
    await delay(10)
  }
  throw new Error(`It did not say ${pattern} but:\n${server.output()}`)
}

const failureOf = (calling: Promise<unknown>): Promise<unknown> =>
  calling.then((value) => assert.fail(`It succeeded with ${value}`), (error: unknown) => error)

const unique = () => `m${crypto.randomUUID().slice(0, 8)}`

describe("a process that is killed while it holds a call", () => {
  test(
    "fails the call HandlerDied, long before the deadline, naming host and pid; the next is NoHandler",
    { skip },
    async () => {
      const name = unique()
      const { grind } = mill(name)
      const server = await serve(url(), name)
      // nothing is heard before this program connects
      const before = Date.now()
      await using bus = await connect({ app: "web", broker: url() })
      const calling = failureOf(bus.call(grind({ ms: 60_000 }), { timeout: 60_000 }))
      const pid = (await until(server, /^began (\d+)$/m))[1]
      // a call that is older than a round
      await delay(500)
      const killed = performance.now()
      server.kill("SIGKILL")
      const error = await calling
      const took = performance.now() - killed
      assert.ok(error instanceof HandlerDied, String(error))
      assert.match(
        error.detail,
        new RegExp(`^app "${name}" \\(instance \\S+, host "${hostname()}", pid ${pid}\\) is gone, `),
      )
      assert.match(error.consequence, /^The outcome is unknown/)
      assert.equal(error.servers, 0)
      const heard = error.lastHeartbeat ?? 0
      assert.ok(before <= heard && heard <= Date.now() - took, `Heard ${heard - before} ms after the start`)
      assert.ok(took < 4_000, `It took ${took} ms`)
      if (process.env["WARREN_TEST_TIMES"] !== undefined) {
        console.log(`HandlerDied after ${Math.round(took)} ms, heard ${heard - before} ms after the start`)
      }
      const next = await failureOf(bus.call(grind({ ms: 0 })))
      assert.ok(next instanceof NoHandler, String(next))
      assert.deepEqual([next.servers, next.lastHeartbeat], [0, error.lastHeartbeat])
    },
  )

  test("is not declared dead when only its connection breaks: the call is answered", { skip }, async () => {
    const name = unique()
    const { grind } = mill(name)
    const proxy = await startProxy(Number(new URL(url()).port))
    const server = await serve(proxy.through(url()), name)
    await using bus = await connect({ app: "web", broker: url() })
    const calling = bus.call(grind({ ms: 5_000 }), { timeout: 30_000 })
    calling.catch(() => {})
    const pid = (await until(server, /^began (\d+)$/m))[1]
    await delay(1_500)
    proxy.cut()
    assert.equal(await calling.catch(String), Number(pid))
    server.kill("SIGKILL")
    await server.ended
    await proxy.close()
  })
})
