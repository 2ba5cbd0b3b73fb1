/**
 * How `warren run` ends: drained at the first signal, forced at the second or when the grace is over, nothing left.
 */
import assert from "node:assert/strict"
import { afterEach, describe, test } from "#test"
import process from "node:process"
import { cleanUp, isFree, post, serving, type Warren } from "./support.ts"

const team = "test/cli/fixtures/team"

/** Starts it, and a call that takes so long. */
const busy = async (ms: number, ...args: ReadonlyArray<string>) => {
  const running = await serving([team, ...args])
  const answer = post(`${running.url}/calls/clerk/wait`, { ms }).catch((error: unknown) => error)
  await running.said(/^waiting$/)
  return { running, answer }
}

/** Whether the process is gone: nothing can be sent to it. */
const isGone = ({ child }: Warren): boolean => {
  try {
    process.kill(child.pid!, 0)
    return false
  } catch {
    return true
  }
}

describe("warren run", () => {
  afterEach(cleanUp)

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    test(`${signal} finishes the handler in hand, then ends with 0`, async () => {
      const { running, answer } = await busy(900)
      running.signal(signal)
      await running.said(new RegExp(`^Ending \\(${signal}\\); 1 in hand, at most 10000 ms`))
      assert.ok(await isFree(running.url), "it still accepts requests")
      assert.deepEqual(await answer, { status: 200, body: { waited: 900 } })
      assert.equal(await running.ended, 0)
      assert.equal(running.lines().at(-1)?.["message"], "Ended")
      assert.equal(running.stderr(), "")
      assert.ok(isGone(running))
    })
  }

  test("what is in hand can still call other handlers while it ends", async () => {
    const running = await serving([team])
    const answer = post(`${running.url}/calls/clerk/relay`, { ms: 300 })
    await running.said(/^waiting$/)
    assert.equal((await post(`${running.url}/events/clerk/noted`, { what: "slowly" })).status, 202)
    await running.said(/^noted slowly$/)
    running.signal("SIGTERM")
    assert.deepEqual(await answer, { status: 200, body: "Hello late" })
    await running.said(/^Hello listener$/)
    assert.equal(await running.ended, 0)
  })

  test("a second signal ends it at once, with 128 and the signal's number", async () => {
    const { running } = await busy(4_900)
    running.signal("SIGINT")
    await running.said(/^Ending/)
    running.signal("SIGINT")
    assert.equal(await running.ended, 130)
    assert.ok(await isFree(running.url))
  })

  test("the end of the grace forces it, and says what was not finished", async () => {
    const { running } = await busy(4_900, "--grace", "200ms")
    running.signal("SIGTERM")
    assert.equal(await running.ended, 143)
    await running.said(/^1 not finished within 200 ms/)
  })

  test("what the in-process broker has queued is worked off before the end", async () => {
    const running = await serving(["test/cli/fixtures/queue"])
    for (let i = 0; i < 12; i++) assert.equal((await post(`${running.url}/events/queue/came`, { i })).status, 202)
    running.signal("SIGTERM")
    assert.equal(await running.ended, 0)
    for (let i = 0; i < 12; i++) await running.said(new RegExp(`^done ${i}$`))
    const first = running.lines().find(({ message }) => message === "done 0")
    assert.deepEqual([first?.["app"], first?.["handler"]], ["queue", "queue.work"])
    // by which a gateway's answer is found in the log
    assert.match(String(first?.["trace"]), /^[0-9a-f]{32}$/)
  })

  test("queued messages that go down with the in-process broker are told", async () => {
    const running = await serving(["test/cli/fixtures/slow", "--grace", "100ms"])
    for (let i = 0; i < 3; i++) assert.equal((await post(`${running.url}/events/slow/came`, { i })).status, 202)
    running.signal("SIGTERM")
    assert.equal(await running.ended, 143)
    await running.said(/^3 queued messages are lost with the in-process broker/)
  })
})
