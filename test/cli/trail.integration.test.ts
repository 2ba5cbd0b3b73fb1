/**
 * `warren call --broker --lane --trace` over RabbitMQ, to a `warren run` in a process of its own: every hop, on each lane.
 */
import { afterEach, describe, test } from "#test"
import assert from "node:assert/strict"
import { rabbit, skip } from "../support/rabbit.ts"
import { cleanUp, folderWith, warren } from "./support.ts"

const url = rabbit()
afterEach(cleanUp)

const shop = (name: string) => ({
  "shop.ts": `import { Schema } from "effect"
import { api, call, handle } from "warren"
export const Shop = api("${name}", {
  outer: call({ n: Schema.Int }, { returns: Schema.Int }),
  inner: call({ n: Schema.Int }, { returns: Schema.Int })
})
export const outer = handle(Shop.outer, ({ n }, { call }) => call(Shop.inner({ n })))
export const inner = handle(Shop.inner, ({ n }) => n + 1)`,
})

const secret = "0123456789abcdef0123456789abcdef"

describe("warren call --lane --trace", () => {
  test(
    "prints the way of the call on each lane, and that of the call in between",
    { skip, timeout: 60_000 },
    async () => {
      const name = `t${crypto.randomUUID().slice(0, 8)}`
      const folder = folderWith(shop(name))
      const env = { WARREN_BROKER: url(), WARREN_SECRET: secret }
      const server = warren(["run", folder], { env })
      await server.said(/^ready$/)
      const hopsOn = async (lane: string) => {
        const args = ["call", `${name}.outer`, '{"n":4}', "--broker", url(), "--workers", folder]
        const call = warren([...args, "--lane", lane, "--trace"], { env })
        assert.equal(await call.ended, 0, call.stderr())
        assert.equal(call.stdout(), "5\n")
        return call.stderr()
      }
      const direct = await hopsOn("direct")
      assert.match(direct, /sent straight .*to instance .*, past the broker: 1 of 1 server can be reached straight/)
      assert.match(direct, /arrived .*straight, past the broker/)
      assert.match(direct, /replied .*straight, past the broker/)
      const reply = await hopsOn("reply")
      assert.match(reply, /published .*its reply may come straight: the lane "reply" was asked for/)
      assert.match(reply, /arrived .*through the broker/)
      const round = await hopsOn("broker")
      assert.match(round, /published .*the lane "broker" was asked for/)
      assert.match(round, /replied .*through the broker/)
      for (const hops of [direct, reply, round]) {
        const lines = hops.trim().split("\n")
        assert.match(lines[0]!, new RegExp(`${name}\\.outer .*from warren`))
        assert.ok(lines.some((line) => new RegExp(`${name}\\.inner .*from `).test(line)), hops)
        assert.ok(lines.some((line) => /instance .*, host .*, pid \d+/.test(line)), hops)
        assert.match(lines.at(-1)!, /answered$/)
        for (const line of lines) assert.match(line, /^ *~?\d+\.\d\d ms {2}/)
      }
    },
  )

  test("a lane that cannot be had is an error that says what to do", { skip }, async () => {
    const args = ["call", "a.b", "{}", "--broker", url(), "--workers", folderWith(shop("a"))]
    const short = warren([...args, "--lane", "direct"], { env: { WARREN_SECRET: "open sesame" } })
    assert.notEqual(await short.ended, 0)
    assert.doesNotMatch(short.stderr(), /open sesame/)
    const named = warren(["call", "a.outer", '{"n":1}', ...args.slice(3), "--lane", "direct"], {
      env: { WARREN_SECRET: "open sesame" },
    })
    assert.notEqual(await named.ended, 0)
    assert.match(
      named.stderr(),
      /Cannot use "direct" for `lane`: .*WARREN_SECRET has 11 characters; expected at least 16/,
    )
    assert.doesNotMatch(named.stderr(), /open sesame/)
  })
})
