/**
 * `warren schema` over modules and files: what it prints, what it writes, and with which code it ends.
 */
import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, test } from "#test"
import { Result } from "effect"
import { readAllowed } from "../../src/cli/allowed.ts"
import { formatDiff } from "../../src/cli/formatSchema.ts"
import { plain } from "../../src/cli/paint.ts"
import { diffDocuments, readDocument, type SchemaCheck, type SchemaDiff } from "../../src/inspect/mod.ts"
import { cleanUp, folderWith, serving, warren } from "./support.ts"

afterAll(cleanUp)

const apis = (fields: string) =>
  `import { Schema } from "effect"
import { api, call, event } from "warren"
export const Shop = api("shop", {
  sold: event({ id: Schema.String, ${fields} }),
  price: call({ id: Schema.String }, { returns: Schema.Int }),
  lost: event(),
})
`
const shop = `import { handle } from "warren"
import { Shop } from "./apis/shop.ts"
export const price = handle(Shop.price, () => 1)
`
const stock = `import { on } from "warren"
import { Shop } from "./apis/shop.ts"
export const note = on(Shop.sold, () => {})
`
const folder = folderWith({
  "old/apis/shop.ts": apis("n: Schema.Int"),
  "old/shop.ts": shop,
  "old/stock.ts": stock,
  "new/apis/shop.ts": apis("n: Schema.Int, channel: Schema.String"),
  "new/shop.ts": shop,
  "new/stock.ts": stock,
  "wider/apis/shop.ts": apis("n: Schema.Int, channel: Schema.optional(Schema.String)"),
  "wider/shop.ts": shop,
  "wider/stock.ts": stock,
})

const run = async (...words: ReadonlyArray<string>) => {
  const ended = warren(["schema", ...words], { cwd: folder })
  const code = await ended.ended
  return { code, out: ended.stdout(), err: ended.stderr() }
}

describe("warren schema", () => {
  test("dumps modules as one document, the same each time, to be read again", { timeout: 60_000 }, async () => {
    const [printed, written] = await Promise.all([run("dump", "old"), run("dump", "old", "--out", "old.json")])
    assert.deepEqual([printed.code, written.code], [0, 0], printed.err + written.err)
    const text = readFileSync(join(folder, "old.json"), "utf8")
    assert.equal(text, printed.out)
    assert.match(written.out, /^old\.json: 2 events and 1 call, 2 apps \(shop and stock\)\n$/)
    const document = Result.getOrThrow(readDocument(JSON.parse(text)))
    assert.deepEqual(
      document.contracts.map(({ type, handledBy, sentBy }) => [type, handledBy, sentBy]),
      [["shop.lost", [], undefined], ["shop.price", ["shop.price"], undefined], [
        "shop.sold",
        ["stock.note"],
        undefined,
      ]],
    )
  })

  test("says what a change breaks, and ends with 1; with 0 where nothing breaks", { timeout: 60_000 }, async () => {
    await run("dump", "old", "--out", "before.json")
    const [breaking, fine, same, json] = await Promise.all([
      run("diff", "before.json", "--workers", "new"),
      run("diff", "before.json", "--workers", "wider"),
      run("diff", "before.json", "before.json", "--all"),
      run("diff", "before.json", "--workers", "new", "--json"),
    ])
    assert.equal(breaking.code, 1, breaking.err)
    assert.match(breaking.out, /✗ shop\.sold {2}event {2}breaks stock\n {4}channel: not there → a string\n/)
    assert.match(
      breaking.out,
      /old emitters → new listeners: channel is required, and not written\n.*\{"id":"x","n":1\}/,
    )
    assert.match(breaking.out, /dead-lettered by stock\.note\n/)
    assert.match(breaking.out, /Breaks stock\. 1 breaking, 2 the same\.\n$/)
    assert.equal(fine.code, 0, fine.err)
    assert.match(fine.out, /~ shop\.sold {2}event {2}changed, and both read each other/)
    assert.equal(same.code, 0)
    assert.match(same.out, /= shop\.lost.*\n= shop\.price.*\n= shop\.sold.*\n\nNothing breaks\. 3 the same\.\n$/)
    assert.deepEqual((JSON.parse(json.out) as SchemaDiff).members.map(({ verdict }) => verdict), [
      "same",
      "same",
      "breaking",
    ])
  })

  test(
    "checks modules, lets pass what is allowed, and fails on warnings if it shall",
    { timeout: 60_000 },
    async () => {
      await run("dump", "old", "--out", "checked.json")
      const [plainly, strict, allowed, against, json] = await Promise.all([
        run("check", "old"),
        run("check", "old", "--strict"),
        run("check", "old", "--strict", "--allow", "unheard:shop.lost"),
        run("check", "new", "--against", "checked.json"),
        run(
          "check",
          "new",
          "--against",
          "checked.json",
          "--json",
          "--allow",
          "breaking:shop.*",
          "--allow",
          "removed:*",
        ),
      ])
      assert.deepEqual([plainly, strict, allowed, against, json].map(({ code }) => code), [0, 1, 0, 1, 0])
      assert.match(
        plainly.out,
        /^warning {2}unheard:shop\.lost {2}no module listens to this event\. Export on\(\.\.\.\)/,
      )
      assert.match(allowed.out, /^nothing found; 1 allowed, 3 contracts checked\n$/)
      assert.match(against.out, /error {2}breaking:shop\.sold {2}old and new cannot run side by side: breaks stock\./)
      const report = JSON.parse(json.out) as SchemaCheck
      assert.deepEqual(report.findings.map(({ code, isAllowed }) => [code, isAllowed]), [
        ["unheard", false],
        ["breaking", true],
      ])
      assert.deepEqual(report.unused, ["removed:*"])
    },
  )

  test("ends with 3 where a file knows that not everything was found out", { timeout: 60_000 }, async () => {
    await run("dump", "old", "--out", "whole.json")
    const document = JSON.parse(readFileSync(join(folder, "whole.json"), "utf8"))
    writeFileSync(join(folder, "gaps.json"), JSON.stringify({ ...document, gaps: ["nobody told"] }))
    const [diff, check] = await Promise.all([
      run("diff", "gaps.json", "--workers", "old"),
      run("check", "old", "--against", "gaps.json"),
    ])
    assert.deepEqual([diff.code, check.code], [3, 3])
    for (const { out } of [diff, check]) assert.match(out, /^\? nobody told$/m)
  })

  test("asks a running process behind its gateway", { timeout: 60_000 }, async () => {
    const there = await serving([join(folder, "old")])
    const [dumped, breaking, same] = await Promise.all([
      run("dump", "--url", there.url),
      run("diff", "--url", there.url, "--workers", "new"),
      run("diff", "--url", there.url, "--workers", "old"),
    ])
    assert.equal(dumped.code, 0, dumped.err)
    const document = Result.getOrThrow(readDocument(JSON.parse(dumped.out)))
    assert.equal(document.source, "running")
    assert.deepEqual(document.contracts.map(({ type, handledBy }) => [type, handledBy]), [
      ["shop.price", ["shop.price"]],
      ["shop.sold", ["stock.note"]],
    ])
    assert.equal(same.code, 0, same.err)
    assert.match(same.out, /\+ shop\.lost {2}event {2}not spoken there yet/)
    // nobody has emitted it there, so only what is to come counts
    assert.equal(breaking.code, 0, breaking.err)
    assert.match(breaking.out, /1 more would break somebody, if anybody were there/)
  })

  test("says what is wrong with what it was given", { timeout: 60_000 }, async () => {
    writeFileSync(join(folder, "broken.json"), "{")
    writeFileSync(join(folder, "later.json"), JSON.stringify({ warren: "schema", format: 9 }))
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, number, RegExp]> = [
      [["diff", "nothing.json", "--workers", "old"], 3, /"nothing\.json": there is no such file\n.*schema dump --out/],
      [["diff", "broken.json", "--workers", "old"], 3, /"broken\.json": it is no JSON/],
      [["check", "old", "--against", "later.json"], 3, /format is 9, and this Warren reads format 1/],
      [["dump", "old", "--out", "no/folder.json"], 1, /Cannot write "no\/folder\.json": there is no such folder/],
      [["check", "old", "--allow", "unherd:shop.lost"], 2, /no finding "unherd"\n.*Did you mean "unheard"/],
      [["dump", "old", "--broker", "amqp://localhost"], 2, /a running system and "old" at once/],
      [["diff", "later.json", "--broker", "amqp://localhost"], 2, /"later\.json" and with a running system at once/],
      [["diff", "--broker", "amqp://127.0.0.1:1", "--workers", "old"], 3, /Cannot connect to .*127\.0\.0\.1:1/],
      [["check", "nowhere"], 3, /"nowhere": there is no such file or folder/],
    ]
    await Promise.all(cases.map(async ([words, code, says]) => {
      const ended = await run(...words)
      assert.equal(ended.code, code, words.join(" "))
      assert.match(ended.err, says)
    }))
  })
})

describe("readAllowed", () => {
  test("takes findings with a contract, an api's or all", () => {
    assert.deepEqual(Result.getOrThrow(readAllowed(["unheard:sales.placed, unserved:sales.*", "breaking:*"])), [
      "unheard:sales.placed",
      "unserved:sales.*",
      "breaking:*",
    ])
    for (const text of ["unheard", "unheard:sales", "toString:sales.placed", "", "unheard:sales.placed.x"]) {
      assert.ok(Result.isFailure(readAllowed([text])), text)
    }
  })
})

describe("formatDiff", () => {
  test("prints no control character of what others wrote", () => {
    const document = (text: string) =>
      Result.getOrThrow(readDocument({
        warren: "schema",
        format: 1,
        dialect: "",
        source: "running",
        apps: [],
        gaps: [`gap${text}`],
        contracts: [{
          type: `a.b${text}`,
          kind: "event",
          version: text,
          fingerprint: "f",
          exposed: false,
          knownTo: [],
          handledBy: [`x${text}.y`],
          sentBy: [`z${text}`],
          payload: { type: "object", properties: { [`k${text}`]: { enum: [`v${text}`] } }, required: [`k${text}`] },
        }],
      }))
    const other = document("\x1b[2J\n")
    const changed = {
      ...other,
      contracts: other.contracts.map((one) => ({ ...one, payload: { type: "string", pattern: "^\x07$" } })),
    }
    const text = formatDiff(diffDocuments(other, changed), plain, { before: "\x1b[0m", after: "b", all: true })
    assert.match(text, /✗ a\.b/)
    // deno-lint-ignore no-control-regex -- none of them may be there
    assert.doesNotMatch(text.replaceAll("\n", ""), /[\x00-\x1f\x7f]/)
  })
})
