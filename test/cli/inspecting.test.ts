/**
 * Who may inspect a process that `warren run` started, and how that ends.
 */
import assert from "node:assert/strict"
import { Effect, Result, Stream } from "effect"
import { afterEach, describe, test } from "#test"
import { request } from "../../src/gateway/mod.ts"
import { cleanUp, post, serving, warren } from "./support.ts"

afterEach(cleanUp)

const refusal = "urn:warren:problem:inspection-off"

/** What the gateway of a process that was started like this says to a question. */
const asked = async (args: ReadonlyArray<string>, env: Record<string, string> = {}) => {
  const started = warren(["run", "workers", ...args], { env })
  const { gateway } = await started.said(/^ready$/)
  const { status, body } = await post(`${gateway}/inspect/ps`, {})
  return { url: String(gateway), status, body: body as Readonly<Record<string, unknown>> }
}

describe("warren run", () => {
  // six processes that start: what differs between the runtimes is in the other tests
  const skip = "Bun" in globalThis ? undefined : "tested on Bun; it takes some seconds"

  test("answers on loopback, and elsewhere only when told to", { skip }, async () => {
    const cases = [
      [["--http", "127.0.0.1:0"], {}, 200],
      [["--http", "localhost:0"], {}, 200],
      [["--http", "127.0.0.1:0", "--no-inspect"], {}, 403],
      [["--http", "127.0.0.1:0"], { WARREN_INSPECT: "0" }, 403],
      [["--http", "0.0.0.0:0", "--insecure"], {}, 403],
      [["--http", "0.0.0.0:0", "--insecure", "--inspect"], {}, 200],
    ] as const
    for (const [args, env, expected] of cases) {
      const { status, body } = await asked(args, env)
      assert.equal(status, expected, `${args.join(" ")} ${JSON.stringify(body).slice(0, 300)}`)
      if (expected === 403) assert.equal(body["type"], refusal)
      await cleanUp()
    }
  })

  test("where it is off, a command says what to do instead", async () => {
    const { url } = await asked(["--http", "127.0.0.1:0", "--no-inspect"])
    const ps = warren(["ps", "--url", url])
    assert.equal(await ps.ended, 1)
    assert.match(ps.stderr(), /does not let anybody inspect[^\n]*\n.*--inspect \(WARREN_INSPECT=1\).*--broker/)
  })

  test("ends what it goes on telling when it is told to end, and waits for nobody who listens", async () => {
    const { url, signal, ended } = await serving(["workers", "--grace", "20s"])
    let told = 0
    const following = request(url).follow("ps.watch", { every: 500 }).pipe(
      Stream.runForEach(() => Effect.sync(() => told++ === 0 ? signal("SIGTERM") : undefined)),
      Effect.result,
      Effect.runPromise,
    )
    assert.ok(Result.isSuccess(await following))
    assert.equal(await ended, 0)
    assert.ok(told > 0)
  })
})
