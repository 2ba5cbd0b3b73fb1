/**
 * `warren trace` over RabbitMQ: hops of two processes as they happen, through a gateway and straight over the broker.
 */
import { afterEach, describe, test } from "#test"
import assert from "node:assert/strict"
import type { EndTold, HopTold, TraceTold } from "../../src/inspect/mod.ts"
import { rabbit, skip } from "../support/rabbit.ts"
import { cleanUp, folderWith, warren } from "./support.ts"

const url = rabbit()
afterEach(cleanUp)

const apis = (name: string) => ({
  "apis/shop.ts": `import { Schema } from "effect"
import { api, call, event } from "warren"
export const Shop = api("${name}", {
  sold: event({ n: Schema.Int }),
  packed: event({ n: Schema.Int }),
  price: call({ n: Schema.Int }, { returns: Schema.Int })
}, { expose: true })`,
})

const seller = (name: string) => ({
  ...apis(name),
  [`${name}-seller.ts`]: `import { handle } from "warren"
import { Shop } from "./apis/shop.ts"
export const price = handle(Shop.price, ({ n }) => n * 2)`,
})

const packer = (name: string) => ({
  ...apis(name),
  [`${name}-packer.ts`]: `import { on } from "warren"
import { Shop } from "./apis/shop.ts"
export const pack = on(Shop.sold, async ({ n }, { call, emit }) => {
  if (n < 0) throw new Error("nothing to pack")
  await call(Shop.price({ n }))
  await emit(Shop.packed({ n }))
}, { retry: { attempts: 2, delays: "1 second" } })`,
})

describe("warren trace", () => {
  test("prints the hops of every process, with --broker and through a gateway", { skip, timeout: 60_000 }, async () => {
    const name = `t${crypto.randomUUID().slice(0, 8)}`
    const [one, other] = [folderWith(seller(name)), folderWith(packer(name))]
    const env = { WARREN_BROKER: url() }
    const selling = warren(["run", one, "--http", "127.0.0.1:0"], { env })
    const packing = warren(["run", other], { env })
    const line = await selling.said(/^ready$/)
    await packing.said(/^ready$/)
    const traced = async (code: number, ...args: ReadonlyArray<string>) => {
      const asked = warren(["trace", ...args])
      assert.equal(await asked.ended, code, `${asked.stdout()}\n${asked.stderr()}`)
      return asked
    }
    const direct = ["--broker", url(), "--workers", one]
    const shown = await traced(0, `${name}.sold`, '{"n":3}', ...direct)
    const tree = shown.stdout().trimEnd().split("\n")
    assert.match(tree[0]!, new RegExp(`^ +0\\.00 ms  ${name}\\.sold  from warren, `))
    assert.match(
      shown.stdout(),
      new RegExp(`~\\S+ ms {6}${name}-packer\\.pack  instance \\S+, host \\S+, pid ${packing.child.pid}\n`),
    )
    assert.match(
      shown.stdout(),
      new RegExp(`~\\S+ ms {12}${name}-seller\\.price  instance \\S+, host \\S+, pid ${selling.child.pid}\n`),
    )
    assert.match(shown.stdout(), new RegExp(`${name}\\.packed  from ${name}-packer, [\\s\\S]* unheard `))
    assert.equal(tree.at(-1), "all ended well")

    const gateway = ["--url", String((line as { readonly gateway?: unknown }).gateway)]
    const json = await traced(0, `${name}.price`, '{"n":4}', ...gateway, "--json")
    const told = json.stdout().trim().split("\n").map((text) => JSON.parse(text) as TraceTold)
    const end = told.at(-1) as EndTold
    assert.deepEqual([end.kind, end.outcome, end.value], ["end", "whole", 8])
    const facts = told.filter((hop): hop is HopTold => hop.kind === "hop").map(({ fact }) => fact)
    assert.ok(facts.includes("started") && facts.at(0) === "called", String(facts))

    const failing = await traced(1, `${name}.sold`, '{"n":-1}', ...gateway)
    assert.match(failing.stdout(), / retry in 1 s /)
    // on a machine that takes a second for it the next attempt is in it, too
    assert.match(
      failing.stderr(),
      /failed \(Error: nothing to pack\), and tries again in 1 s\n.*--wait|gave up, and dead-lettered it/,
    )
    const dead = await traced(1, `${name}.sold`, '{"n":-2}', ...direct, "--wait")
    assert.match(dead.stdout(), / dead-lettered {2}Error: nothing to pack/)

    const nobody = await traced(1, `${name}.prize`, "{}", ...direct)
    assert.match(nobody.stderr(), new RegExp(`Cannot find "${name}\\.prize" .*\n.*Did you mean "${name}\\.price"`))
    assert.equal((await traced(2, "price", "{}", ...direct)).stdout(), "")
  })
})
