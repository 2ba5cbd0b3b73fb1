/**
 * What the README tells a new user to try, tried: its first program, and the sample company over HTTP.
 */
import assert from "node:assert/strict"
import { join } from "node:path"
import process from "node:process"
import { test } from "#test"
import { type Background, root, run, start } from "../support/process.ts"
import { apisIn, filesIn, firstCall } from "../support/readme.ts"
import { read, runtime, writeFiles } from "./pages.ts"

const script = { bun: [], deno: ["run", "-A"], node: [] }[runtime]

/** `warren run` with a gateway on a port of the system's choice, for as long as the body takes. */
const running = async (target: string, cwd: string, body: (url: string) => Promise<void>): Promise<void> => {
  const main = join(root, "src", "cli", "main.ts")
  const program = start(process.execPath, [...script, main, "run", target, "--http", "127.0.0.1:0"], { cwd })
  try {
    await body(await gatewayOf(program))
    program.kill("SIGTERM")
    const { code, output } = await program.ended
    assert.equal(code, 0, output)
  } finally {
    program.kill("SIGKILL")
  }
}

const gatewayOf = async (program: Background): Promise<string> => {
  for (let tries = 0; tries < 400; tries++) {
    const found = /"gateway":"([^"]+)"/.exec(program.output())?.[1]
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return assert.fail(`It is not ready after 10 s:\n${program.output()}`)
}

const post = (url: string, body: string) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })

test("the first program answers over HTTP, and to a program that connects", async () => {
  const page = read("README.md")
  const folder = writeFiles("README.md", "first")
  const [hello] = filesIn(page)
  const shown = firstCall(page, apisIn(hello?.code ?? ""))
  assert.ok(hello && shown)
  await running(hello.file, folder, async (url) => {
    const answer = await post(`${url}/calls/${shown.api}/${shown.call}`, shown.payload)
    assert.deepEqual([answer.status, await answer.text()], [200, '"Hello, Ada!"'])
    const asked = await run(process.execPath, [...script, "ask.ts"], { cwd: folder, env: { WARREN_URL: url } })
    assert.deepEqual([asked.code, asked.output.trim()], [0, "Hello, Ada!"])
  })
})

test("the sample company takes an order, and a moment later its warranty is valid", () =>
  running("workers", root, async (url) => {
    const placed = await post(`${url}/calls/sales/placeOrder`, '{"customer":"c1","sku":"P-100","quantity":2}')
    const { orderId } = await placed.json() as { orderId: string }
    let checked = await post(`${url}/calls/warranty/check`, JSON.stringify({ orderId }))
    for (let tries = 0; checked.status === 422 && tries < 40; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 25))
      checked = await post(`${url}/calls/warranty/check`, JSON.stringify({ orderId }))
    }
    assert.equal((await checked.json() as { valid: boolean }).valid, true)

    const refused = await post(`${url}/calls/sales/placeOrder`, '{"customer":"c1","sku":"P-999","quantity":2}')
    assert.equal(refused.status, 422)
    assert.equal((await refused.json() as { title: string }).title, "UnknownPart")
  }))
