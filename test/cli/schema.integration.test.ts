/**
 * `warren schema` against a real RabbitMQ, on which two versions of an app run side by side, and one app has ended.
 */
import assert from "node:assert/strict"
import { join } from "node:path"
import { afterEach, describe, test } from "#test"
import { Schema } from "effect"
import { api, call, connect, event } from "../../src/mod.ts"
import type { SchemaDiff, SchemaDocument } from "../../src/inspect/mod.ts"
import { rabbit, skip } from "../support/rabbit.ts"
import { cleanUp, folderWith, warren } from "./support.ts"

const url = rabbit()
afterEach(cleanUp)

const apis = (version: number, sold: string, price: string) =>
  `import { Schema } from "effect"
import { api, call, event } from "warren"
export const Shop = api("shop", {
  sold: event({ id: Schema.String${sold} }),
  price: call({ id: Schema.String }, { returns: ${price} }),
}, { version: ${version} })
`
const shop = (reply: string) =>
  `import { handle } from "warren"
import { Shop } from "./apis/shop.ts"
export const price = handle(Shop.price, () => ${reply})
`
const stock = `import { on } from "warren"
import { Shop } from "./apis/shop.ts"
export const note = on(Shop.sold, () => {})
`

// as a program elsewhere has it
const Shop = api("shop", {
  sold: event({ id: Schema.String }),
  price: call({ id: Schema.String }, { returns: Schema.Int }),
})

const ask = async (cwd: string, ...words: ReadonlyArray<string>) => {
  const ended = warren(["schema", ...words, "--broker", url()], { cwd })
  const code = await ended.ended
  return { code, out: ended.stdout(), err: ended.stderr() }
}

describe("warren schema --broker", () => {
  test("says whom the next version breaks, of those who run, side by side, and of those who ran", {
    skip,
    timeout: 90_000,
  }, async () => {
    const folder = folderWith({
      "old/apis/shop.ts": apis(1, "", "Schema.Int"),
      "old/shop.ts": shop("1"),
      "old/stock.ts": stock,
      "new/apis/shop.ts": apis(2, ", channel: Schema.String", "Schema.String"),
      "new/shop.ts": shop('"1"'),
      "new/stock.ts": stock,
      "fine/apis/shop.ts": apis(2, ", channel: Schema.optional(Schema.String)", "Schema.Int"),
      "fine/shop.ts": shop("1"),
      "fine/stock.ts": stock,
    })
    const broker = ["--broker", url()]
    const [old, listener] = ["old/shop.ts", "old/stock.ts"].map((file) =>
      warren(["run", join(folder, file), ...broker])
    )
    await Promise.all([old, listener].map((one) => one!.said(/^ready$/)))
    await using web = await connect({ app: "web", broker: url() })
    await web.call(Shop.price({ id: "x" }))
    await web.emit(Shop.sold({ id: "x" }))

    const [breaking, fine] = await Promise.all([
      ask(folder, "diff", "--workers", "new"),
      ask(folder, "diff", "--workers", "fine"),
    ])
    assert.equal(breaking.code, 1, breaking.err)
    assert.match(breaking.out, /✗ shop\.price {2}call {2}version 1 → 2 {2}breaks web\n/)
    assert.match(breaking.out, /replies of new servers → old callers: the reply is written as a string/)
    assert.match(breaking.out, /✗ shop\.sold {2}event {2}version 1 → 2 {2}breaks stock\n/)
    assert.match(breaking.out, /emitted by web; dead-lettered by stock\.note/)
    assert.equal(fine.code, 0, fine.out + fine.err)
    assert.match(fine.out, /Nothing breaks\. 1 compatible, 1 the same\./)

    // the new one comes while the old one is there; and who listened is gone, and remembered
    const next = warren(["run", join(folder, "new/shop.ts"), ...broker])
    await next.said(/^ready$/)
    listener!.signal("SIGTERM")
    assert.equal(await listener!.ended, 0)
    const dumped = await ask(folder, "dump")
    assert.equal(dumped.code, 0, dumped.err)
    const document = JSON.parse(dumped.out) as SchemaDocument
    assert.deepEqual(
      document.contracts.map(({ type, version, handledBy, sentBy }) => [type, version, handledBy, sentBy]),
      [
        ["shop.price", "1", ["shop.price"], ["web"]],
        ["shop.price", "2", ["shop.price"], []],
        ["shop.sold", "1", ["stock.note"], ["web"]],
      ],
    )
    assert.deepEqual([document.source, document.once, document.gaps], ["running", ["stock"], undefined])

    const still = await ask(folder, "diff", "--workers", "new", "--json")
    assert.equal(still.code, 1, still.err)
    const { members } = JSON.parse(still.out) as SchemaDiff
    assert.deepEqual(members.map(({ type, verdict, before, breaks }) => [type, verdict, before, breaks]), [
      ["shop.price", "breaking", ["1", "2"], ["web"]],
      ["shop.sold", "breaking", ["1"], ["stock"]],
    ])
  })
})
