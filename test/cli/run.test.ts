/**
 * `warren run`, `call`, `emit` and `topology` as processes: what they print, and with which code they end.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, test } from "#test"
import { cleanUp, serving, type Warren, warren } from "./support.ts"

const team = "test/cli/fixtures/team"

describe("warren run", () => {
  let running: Warren & { readonly url: string }
  beforeAll(async () => {
    running = await serving([team, "--log-level", "debug"])
  })
  afterAll(cleanUp)

  /** Runs a command against the running process. */
  const ask = async (args: ReadonlyArray<string>, input?: string) => {
    const asked = warren([...args, "--url", running.url], input === undefined ? {} : { input })
    const code = await asked.ended
    return { code, stdout: asked.stdout(), stderr: asked.stderr() }
  }

  test("says in one line what it runs", () => {
    const ready = running.lines().find((line) => line["message"] === "ready")!
    assert.equal(ready["broker"], "in-process")
    assert.match(String(ready["gateway"]), /^http:\/\/127\.0\.0\.1:\d+$/)
    const [clerk] = ready["apps"] as ReadonlyArray<Record<string, unknown>>
    assert.deepEqual(clerk!["calls"], ["clerk.greet", "clerk.hidden", "clerk.relay", "clerk.wait"])
    assert.deepEqual(clerk!["listeners"], [{ name: "note", event: "clerk.noted" }])
    const [schedule] = clerk!["schedules"] as ReadonlyArray<{ readonly next: string }>
    assert.match(schedule!.next, /T03:00:00\.000Z$/)
  })

  test("warren call prints the value", async () => {
    const { code, stdout, stderr } = await ask(["call", "clerk.greet", '{"name":"Ada"}'])
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '{"text":"Hello Ada"}\n', stderr: "" })
  })

  test("warren call reads the payload from standard input", async () => {
    const { code, stdout } = await ask(["call", "clerk.greet", "-"], '{"name":"Bob"}\n')
    assert.deepEqual({ code, stdout }, { code: 0, stdout: '{"text":"Hello Bob"}\n' })
  })

  test("warren call prints a declared error and ends with 1", async () => {
    const { code, stdout, stderr } = await ask(["call", "clerk.greet", '{"name":"nobody"}'])
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" })
    assert.match(stderr, /^error {2}Unknown: Cannot find "nobody"\n.*\{"_tag":"Unknown","name":"nobody"\}/)
  })

  test("warren call prints one of Warren's errors with what follows from it", async () => {
    const { code, stderr } = await ask(["call", "clerk.greet", "{}"])
    assert.equal(code, 1)
    assert.match(stderr, /InvalidPayload: .*field "name" is missing\n.*Nothing was run/)
  })

  test("warren call of what is not exposed says so", async () => {
    const { code, stderr } = await ask(["call", "clerk.hidden"])
    assert.equal(code, 1)
    assert.match(stderr, /clerk\.hidden/)
  })

  test("warren emit prints the id, and the handler's lines carry it", async () => {
    const { code, stdout } = await ask(["emit", "clerk.noted", '{"what":"rain"}'])
    assert.equal(code, 0)
    const { id } = JSON.parse(stdout) as { readonly id: string }
    const line = await running.said(/^noted rain$/)
    assert.deepEqual([line["level"], line["app"], line["handler"], line["id"]], ["info", "clerk", "clerk.note", id])
    assert.match(String(line["trace"]), /^[0-9a-f]{32}$/)
    const unheard = await running.said(/^emitted clerk\.missed, and nobody listens to it$/)
    assert.equal(unheard["cause"], id)
  })

  test("warren topology shows handlers and queues", async () => {
    const { code, stdout } = await ask(["topology"])
    assert.equal(code, 0)
    assert.match(stdout, /clerk\.note +listener +clerk\.noted +warren\.on\.clerk\.note/)
    const report = JSON.parse((await ask(["topology", "--json"])).stdout) as { readonly transport: string }
    assert.equal(report.transport, "in-process")
  })

  test("a promise that nobody awaits is logged and ends nothing", async () => {
    assert.equal((await ask(["emit", "clerk.noted", '{"what":"stray"}'])).code, 0)
    const line = await running.said(/outside every handler/)
    assert.deepEqual([line["level"], line["error"]], ["error", "nobody awaits this"])
    assert.equal((await ask(["call", "clerk.greet", '{"name":"Eve"}'])).code, 0)
  })
})
