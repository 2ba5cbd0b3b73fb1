/**
 * What `check` finds in modules, and what it does not claim to know.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Schema } from "effect"
import { checkDocument, type CheckOptions, type SchemaDocument } from "../../../src/inspect/mod.ts"
import { api, call, event, every, handle, on } from "../../../src/mod.ts"
import { asRunning, documentOf } from "./documents.ts"

const Sales = api("sales", { placed: event({ id: Schema.String }), quote: call(), cancel: call() })
const quote = handle(Sales.quote, () => {})
const cancel = handle(Sales.cancel, () => {})
const register = on(Sales.placed, () => {})
const whole = documentOf({ sales: { quote, cancel }, warranty: { register } })

const found = (document: SchemaDocument, options: CheckOptions = {}) =>
  checkDocument(document, options).findings.map(({ code, type, level, isAllowed }) =>
    `${isAllowed ? "allowed " : ""}${level} ${code}:${type}`
  )

describe("checkDocument", () => {
  test("finds nothing where everything is served and heard", () => {
    assert.deepEqual(checkDocument(whole), { findings: [], contracts: 3, foreign: [], unused: [], gaps: [] })
  })

  test("finds calls nobody serves and events nobody hears, of apps that are here", () => {
    assert.deepEqual(found(documentOf({ sales: { quote } })), [
      "error unserved:sales.cancel",
      "warning unheard:sales.placed",
    ])
    // by the app's name alone, too
    assert.deepEqual(found(documentOf({ sales: { Sales, tick: every("1 hour", () => {}) } })).length, 3)
  })

  test("expects nothing of an api whose app is elsewhere", () => {
    const report = checkDocument(documentOf({ warranty: { register } }))
    assert.deepEqual([report.findings, report.foreign], [[], ["sales"]])
  })

  test("takes a listener in the file for one, but no server", () => {
    const own = documentOf({ sales: { quote } })
    const against = asRunning(documentOf({ warranty: { register }, other: { cancel } }), {})
    assert.deepEqual(found(own, { against }), ["error unserved:sales.cancel"])
  })

  test("finds listeners to events that the event's own app does not declare, and says which may be meant", () => {
    const Old = api("sales", { place: event({ id: Schema.String }) })
    const document = documentOf({ sales: { quote, cancel }, warranty: { old: on(Old.place, () => {}), register } })
    const { findings } = checkDocument(document)
    assert.deepEqual(findings.map(({ code, type }) => [code, type]), [["undeclared", "sales.place"]])
    assert.match(findings[0]!.text, /^warranty\.old listens to it.*\(sales\) declares no such event$/)
    assert.match(findings[0]!.remedy, /Listen to "sales\.placed"/)
    // where that app is elsewhere its file says it
    const alone = documentOf({ warranty: { old: on(Old.place, () => {}) } })
    assert.deepEqual(found(alone), [])
    assert.ok(found(alone, { against: whole }).includes("error undeclared:sales.place"))
  })

  test("finds a contract that modules know by schemas that do not fit, the way it is used", () => {
    const Copy = api("sales", { placed: event({ id: Schema.Int, note: Schema.String }) }, { version: 2 })
    const document = documentOf({ sales: { quote, cancel }, warranty: { register: on(Copy.placed, () => {}) } })
    const [finding, ...others] = checkDocument(document).findings
    assert.deepEqual([finding?.code, finding?.level, others], ["split", "error", []])
    assert.match(finding!.text, /version 1 in sales; version 2 in warranty/)
    assert.deepEqual(finding?.clashes.map(({ path, readers }) => [path, readers]), [
      ["id", ["warranty.register"]],
      ["note", ["warranty.register"]],
    ])
    // nobody listens by the other one
    assert.deepEqual(found(documentOf({ sales: { quote, cancel }, warranty: { register, Copy } })), [])
  })

  test("finds what breaks a file, is gone from it, and cannot be told", () => {
    const named = (name: string) =>
      Schema.String.check(Schema.makeFilter((text: string) => text !== name, { identifier: name }))
    const shop = (Shop: ReturnType<typeof before>) =>
      documentOf({ shop: { sold: on(Shop.sold, () => {}), heard: on(Shop.heard, () => {}), Shop } })
    const before = (id: Schema.Codec<unknown, unknown>, sku: string) =>
      api("shop", { sold: event({ id }), heard: event({ sku: named(sku) }), gone: event() })
    const After = api("shop", { sold: event({ id: Schema.Int }), heard: event({ sku: named("Article") }) })
    const after = documentOf({ shop: { sold: on(After.sold, () => {}), heard: on(After.heard, () => {}), After } })
    const against = shop(before(Schema.String, "Sku"))
    assert.deepEqual(found(after, { against }), [
      "error removed:shop.gone",
      "unknown unsure:shop.heard",
      "error breaking:shop.sold",
    ])
    // who runs does not use it, or does
    const heard = asRunning(against, {})
    assert.ok(!found(after, { against: heard }).some((one) => one.includes("removed")))
    const elsewhere = heard.contracts.map((one) => one.type === "shop.gone" ? { ...one, handledBy: ["far.away"] } : one)
    assert.ok(
      found(after, { against: { ...heard, contracts: elsewhere } }).includes("error removed:shop.gone"),
    )
  })

  test("lets pass what is allowed, one by one or of a whole api, and says what was allowed for nothing", () => {
    const document = documentOf({ sales: { quote } })
    const allow = ["unheard:sales.placed", "unserved:sales.*", "unheard:sales.nothing"]
    assert.deepEqual(found(document, { allow }), [
      "allowed error unserved:sales.cancel",
      "allowed warning unheard:sales.placed",
    ])
    assert.deepEqual(checkDocument(document, { allow }).unused, ["unheard:sales.nothing"])
    assert.deepEqual(found(document, { allow: ["unheard:*"] }), [
      "error unserved:sales.cancel",
      "allowed warning unheard:sales.placed",
    ])
  })
})
