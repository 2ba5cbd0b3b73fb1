/**
 * `warren run --watch`: a new process takes over after an edit, and nothing in hand, queued or delayed is lost.
 */
import assert from "node:assert/strict"
import { renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, test } from "#test"
import { cleanUp, folderWith, isFree, post, serving } from "./support.ts"

const api = `
import { Schema } from "effect"
import { api, call, event } from "warren"
export const Desk = api("desk", {
  version: call({ wait: Schema.Boolean }, { returns: Schema.String }),
  queued: event({ n: Schema.Int }),
  tried: event({ n: Schema.Int }),
}, { expose: true })
`

const worker = (version: string) => `
import { existsSync } from "node:fs"
import { handle, on } from "warren"
import { Desk } from "./apis/desk.ts"
import { prefix } from "../lib/prefix.ts"
const go = async (sleep) => {
  while (!existsSync(import.meta.dirname + "/go")) await sleep(20)
}
export const version = handle(Desk.version, async ({ wait }, { sleep, log }) => {
  if (wait) {
    log.info("waiting")
    await go(sleep)
  }
  return prefix + "${version}"
})
export const queue = on(Desk.queued, async ({ n }, { sleep, log }) => {
  log.info("took " + n + " as ${version}")
  await go(sleep)
}, { concurrency: 1 })
export const attempt = on(Desk.tried, ({ n }, { attempt, log }) => {
  log.info("tried " + n + " as ${version}, attempt " + attempt)
  if ("${version}" === "one") throw new Error("not yet")
}, { retry: { attempts: 100, delays: ["1 second"] } })
`

const desk = () =>
  folderWith({
    "workers/desk.ts": worker("one"),
    "workers/apis/desk.ts": api,
    "lib/prefix.ts": 'export const prefix = "v "\n',
  })

/** Asks for the version; with `wait` the handler answers once there is a file named "go". */
const ask = async (url: string, wait = false) => {
  const { status, body } = await post(`${url}/calls/desk/version`, { wait }, 60_000)
  return status === 200 ? body : { status, body }
}

describe("warren run --watch", () => {
  afterEach(cleanUp)

  test("takes over the edit of a worker: requests in flight, queued messages and retries survive", async () => {
    const folder = desk()
    const running = await serving([join(folder, "workers"), "--watch", "--grace", "20s"])
    assert.equal(await ask(running.url), "v one")
    for (const n of [1, 2, 3]) assert.equal((await post(`${running.url}/events/desk/queued`, { n })).status, 202)
    assert.equal((await post(`${running.url}/events/desk/tried`, { n: 7 })).status, 202)
    await running.said(/^tried 7 as one, attempt 1$/)
    const inFlight = ask(running.url, true)
    await running.said(/^waiting$/)

    writeFileSync(join(folder, "workers/desk.ts"), worker("two"))
    await running.said(/^Took over after the edit of .*desk\.ts/)
    assert.equal(await ask(running.url), "v two")
    writeFileSync(join(folder, "workers/go"), "")
    assert.equal(await inFlight, "v one")
    await running.said(/^took 3 as two$/)
    await running.said(/^tried 7 as two/)
    // how often it was tried before depends on how fast the new process started; no attempt is left out or repeated
    const said = (what: string) =>
      running.lines().map((line) => String(line["message"])).filter((m) => m.startsWith(what))
    // the first was in hand, and is finished by the process that had it
    assert.deepEqual(said("took").toSorted(), ["took 1 as one", "took 2 as two", "took 3 as two"])
    const attempts = said("tried").map((message) => Number(message.split(" ").at(-1)))
    assert.deepEqual(attempts, attempts.map((_, i) => i + 1))

    running.signal("SIGTERM")
    assert.equal(await running.ended, 0)
    assert.ok(await isFree(running.url))
  })

  test("takes over edits of what is imported, of editors that rename, and new modules", async () => {
    const folder = desk()
    writeFileSync(join(folder, "workers/go"), "")
    const running = await serving([join(folder, "workers"), "--watch"])
    writeFileSync(join(folder, "lib/prefix.ts.tmp"), 'export const prefix = "w "\n')
    renameSync(join(folder, "lib/prefix.ts.tmp"), join(folder, "lib/prefix.ts"))
    await running.said(/^Took over after the edit of .*prefix\.ts/)
    assert.equal(await ask(running.url), "w one")
    writeFileSync(
      join(folder, "workers/late.ts"),
      `import { on } from "warren"\nimport { Desk } from "./apis/desk.ts"
       export const late = on(Desk.queued, ({ n }, { log }) => log.info("late " + n))\n`,
    )
    await running.said(/^Took over after the edit of .*late\.ts/)
    await post(`${running.url}/events/desk/queued`, { n: 4 })
    await running.said(/^late 4$/)
    running.signal("SIGINT")
    assert.equal(await running.ended, 0)
  })

  test("a broken edit is told and leaves the process before it at work; the next edit mends it", async () => {
    const folder = desk()
    const running = await serving([join(folder, "workers"), "--watch"])
    writeFileSync(join(folder, "workers/desk.ts"), "export const oops = {{\n")
    await running.until(/Cannot load ".*desk\.ts"/)
    await running.said(/^The edit is not taken over/)
    assert.equal(await ask(running.url), "v one")
    writeFileSync(join(folder, "workers/desk.ts"), worker("three"))
    await running.said(/^Took over/)
    assert.equal(await ask(running.url), "v three")
    running.signal("SIGTERM")
    assert.equal(await running.ended, 0)
  })

  test("a module that is broken from the start is waited for, and a second signal leaves nothing behind", async () => {
    const folder = desk()
    writeFileSync(join(folder, "workers/desk.ts"), "export const oops = {{\n")
    const running = serving([join(folder, "workers"), "--watch", "--grace", "30s"])
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    writeFileSync(join(folder, "workers/desk.ts"), worker("one"))
    const { signal, url, said, ended } = await running
    void ask(url, true).catch(() => {})
    await said(/^waiting$/)
    signal("SIGINT")
    await said(/^Ending/)
    signal("SIGINT")
    assert.equal(await ended, 130)
    // the process below is gone too
    while (!await isFree(url)) await new Promise((resolve) => setTimeout(resolve, 10))
  })
})
