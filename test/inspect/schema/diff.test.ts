/**
 * Two documents compared: what became of each contract, which way a change breaks, and whom.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Result, Schema } from "effect"
import { diffDocuments, isBreaking, isUnsure, readDocument, type SchemaDiff } from "../../../src/inspect/mod.ts"
import { api, call, event, handle, on } from "../../../src/mod.ts"
import { asRunning, documentOf } from "./documents.ts"

class Gone extends Schema.TaggedError<Gone>()("Gone", { sku: Schema.String }) {}
class Held extends Schema.TaggedError<Held>()("Held", { until: Schema.String }) {}

const order = { orderId: Schema.String, quantity: Schema.Int }
const total = { returns: { total: Schema.Int }, fails: Gone }
const sales = (
  placed: Record<string, Schema.Codec<unknown, unknown>> = order,
  asked: Record<string, Schema.Codec<unknown, unknown>> = order,
  answered: Parameters<typeof call>[1] = total,
) => api("sales", { placed: event(placed), quote: call(asked, answered) })

const nothing = () => undefined as never

const company = (Sales: ReturnType<typeof sales>) =>
  documentOf({
    sales: { quote: handle(Sales.quote, nothing) },
    warranty: { register: on(Sales.placed, () => {}) },
  })

const before = company(sales())
const running = asRunning(before, { "sales.placed": ["sales"], "sales.quote": ["web"] })

const of = ({ members }: SchemaDiff, type: string) => members.find((one) => one.type === type)!
const told = (report: SchemaDiff, type: string) =>
  of(report, type).clashes.map(({ part, direction, verdict, path, writers, readers, breaks }) => ({
    at: `${part} ${direction} ${path} ${verdict}`,
    writers,
    readers,
    breaks,
  }))

describe("diffDocuments", () => {
  test("finds nothing between a document and itself, as JSON too", () => {
    const report = diffDocuments(Result.getOrThrow(readDocument(JSON.parse(JSON.stringify(before)))), before)
    assert.deepEqual(report.members.map(({ type, verdict }) => [type, verdict]), [["sales.placed", "same"], [
      "sales.quote",
      "same",
    ]])
    assert.deepEqual([report.members.some(isBreaking), isUnsure(report), report.notCompared], [false, false, []])
  })

  test("says of an optional field more that both read each other", () => {
    const report = diffDocuments(before, company(sales({ ...order, note: Schema.optional(Schema.String) })))
    assert.equal(of(report, "sales.placed").verdict, "compatible")
    assert.deepEqual(of(report, "sales.placed").changes, [
      { part: "payload", path: "note", was: "not there", is: "optional, a string or null" },
    ])
  })

  test("a required field more breaks listeners that get old events, with an example", () => {
    const after = company(sales({ ...order, channel: Schema.String }))
    const report = diffDocuments(running, after)
    assert.deepEqual(told(report, "sales.placed"), [{
      at: "payload old to new channel breaks",
      writers: ["sales"],
      readers: ["warranty.register"],
      breaks: ["warranty"],
    }])
    assert.deepEqual(of(report, "sales.placed").clashes[0]?.example, { value: { orderId: "x", quantity: 1 } })
    assert.deepEqual([of(report, "sales.placed").verdict, of(report, "sales.placed").breaks], ["breaking", [
      "warranty",
    ]])
    assert.equal(of(report, "sales.quote").verdict, "same")
  })

  test("a field less breaks listeners that still want it", () => {
    const report = diffDocuments(running, company(sales({ orderId: Schema.String })))
    assert.deepEqual(told(report, "sales.placed").map(({ at }) => at), ["payload new to old quantity breaks"])
  })

  test("requests that are refused break who calls, and so do replies and failures nobody reads", () => {
    const answers = { returns: { total: Schema.String }, fails: [Gone, Held] }
    const report = diffDocuments(running, company(sales(order, { ...order, quantity: Schema.Literal(1) }, answers)))
    assert.deepEqual(told(report, "sales.quote").map(({ at, breaks }) => [at, breaks]), [
      ["payload old to new quantity breaks", ["web"]],
      ["returns new to old total breaks", ["web"]],
      ["returns old to new total breaks", ["web"]],
      ["fails new to old  breaks", ["web"]],
    ])
    assert.deepEqual(of(report, "sales.quote").breaks, ["web"])
  })

  test("where modules do not say who calls, nobody is named, and it breaks all the same", () => {
    const report = diffDocuments(before, company(sales(order, { ...order, urgent: Schema.Boolean })))
    assert.deepEqual([of(report, "sales.quote").verdict, of(report, "sales.quote").breaks], ["breaking", null])
    assert.ok(report.members.some(isBreaking))
  })

  test("what nobody sends or hears in a running system breaks nobody", () => {
    const quiet = asRunning(before, { "sales.placed": ["sales"] })
    const report = diffDocuments(quiet, company(sales(order, { ...order, urgent: Schema.Boolean })))
    assert.equal(of(report, "sales.quote").verdict, "compatible")
    assert.deepEqual(told(report, "sales.quote").map(({ at, breaks }) => [at, breaks]), [
      ["payload old to new urgent harmless", []],
    ])
  })

  test("a call is no event", () => {
    const Other = api("sales", { placed: event(order), quote: event(order) })
    const after = documentOf({ sales: { Other }, warranty: { register: on(Other.placed, () => {}) } })
    assert.deepEqual(told(diffDocuments(running, after), "sales.quote").map(({ at, breaks }) => [at, breaks]), [
      ["kind old to new  breaks", ["web"]],
    ])
  })

  test("a contract that is gone breaks those who used it, and nobody where nobody did", () => {
    const Rest = api("sales", { placed: event(order) })
    const after = documentOf({ sales: { Rest }, warranty: { register: on(Rest.placed, () => {}) } })
    const gone = (document: typeof before) => of(diffDocuments(document, after), "sales.quote")
    assert.deepEqual([gone(running).verdict, gone(running).breaks, isBreaking(gone(running))], [
      "removed",
      ["web"],
      true,
    ])
    assert.deepEqual([gone(before).breaks, isBreaking(gone(before))], [null, true])
    const unused = gone(asRunning(before, {}))
    assert.deepEqual([unused.breaks, isBreaking(unused)], [[], false])
  })

  test("an event that is gone breaks listeners of other apps, not those that go with it", () => {
    const Rest = api("sales", { quote: call(order, total) })
    const own = documentOf({ sales: { quote: handle(Rest.quote, () => ({ total: 1 })) }, warranty: {} })
    const alone = documentOf({ sales: { quote: handle(Rest.quote, () => ({ total: 1 })) } })
    assert.deepEqual(of(diffDocuments(running, own), "sales.placed").breaks, [])
    assert.deepEqual(of(diffDocuments(running, alone), "sales.placed").breaks, ["warranty"])
  })

  test("an api that modules do not know is not compared with a running system, and gone from a file of modules", () => {
    const Parts = api("parts", { lookup: call() })
    const parts = documentOf({ parts: { lookup: handle(Parts.lookup, () => {}) } })
    const report = diffDocuments(running, parts)
    assert.deepEqual(report.notCompared, ["sales.placed", "sales.quote"])
    assert.deepEqual(report.members.map(({ type, verdict }) => [type, verdict]), [["parts.lookup", "added"]])
    assert.deepEqual(diffDocuments(before, parts).members.map(({ verdict }) => verdict), [
      "added",
      "removed",
      "removed",
    ])
  })

  test("of several shapes at work each is compared", () => {
    const old = running.contracts.map((one) => ({ ...one, sentBy: ["old"] }))
    const after = company(sales({ ...order, channel: Schema.String }))
    const both = {
      ...running,
      contracts: [...old, ...asRunning(after, { "sales.placed": ["new"] }).contracts],
    }
    const report = diffDocuments(both, after)
    assert.deepEqual(told(report, "sales.placed").map(({ at, writers }) => [at, writers]), [
      ["payload old to new channel breaks", ["old"]],
    ])
  })

  test("code that changed cannot be told, and says so", () => {
    const checked = (name: string) =>
      Schema.String.check(Schema.makeFilter((text: string) => text !== name, { identifier: name }))
    const [one, other] = ["Sku", "Article"].map((name) => company(sales({ orderId: checked(name) })))
    const report = diffDocuments(one!, other!)
    assert.equal(of(report, "sales.placed").verdict, "unknown")
    assert.match(of(report, "sales.placed").clashes[0]?.why ?? "", /Article/)
    assert.deepEqual([report.members.some(isBreaking), isUnsure(report)], [false, true])
  })

  test("what is no longer exposed is told, and breaks nobody's message", () => {
    const exposed = (expose: boolean) => documentOf({ sales: { Sales: api("sales", { placed: event() }, { expose }) } })
    const report = diffDocuments(exposed(true), exposed(false))
    assert.deepEqual([of(report, "sales.placed").verdict, of(report, "sales.placed").changes], [
      "compatible",
      [{ part: "options", path: "exposed", was: "yes", is: "no" }],
    ])
  })

  test("a schema of more alternatives than anybody writes is unknown, at once", () => {
    const defs: Record<string, unknown> = { n0: { type: "object", properties: { n: { type: "string" } } } }
    for (let i = 1; i < 60; i++) {
      const [a, b] = [{ $ref: `#/$defs/n${i - 1}` }, { type: "object", required: [`k${i}`] }]
      defs[`n${i}`] = i % 2 === 0 ? { anyOf: [a, b, a] } : { allOf: [{ anyOf: [a, b] }, { anyOf: [b, a, true] }] }
    }
    const payload = { $ref: "#/$defs/n59", $defs: defs }
    const odd = { ...before, contracts: before.contracts.map((one) => ({ ...one, payload })) }
    const began = performance.now()
    assert.notEqual(of(diffDocuments(odd, before), "sales.placed").verdict, "same")
    assert.ok(performance.now() - began < 5_000)
  })

  test("what could not be found out makes the whole unsure", () => {
    const report = diffDocuments({ ...running, gaps: ["who knows"] }, before)
    assert.deepEqual([report.members.some(isBreaking), isUnsure(report), report.gaps], [false, true, ["who knows"]])
  })

  test("a schema that refers to nothing is compared as far as it goes", () => {
    const odd = { ...before, contracts: before.contracts.map((one) => ({ ...one, payload: { $ref: "#/nowhere" } })) }
    assert.equal(of(diffDocuments(odd, before), "sales.placed").verdict, "unknown")
  })
})

describe("readDocument", () => {
  test("is the same text for the same modules, whatever their order", () => {
    const Sales = sales()
    const [quote, register] = [handle(Sales.quote, nothing), on(Sales.placed, () => {})]
    const one = documentOf({ sales: { quote }, warranty: { register } })
    assert.equal(JSON.stringify(one), JSON.stringify(documentOf({ warranty: { register }, sales: { quote } })))
    assert.deepEqual(one.apps, ["sales", "warranty"])
  })

  for (
    const [name, json, says] of [
      ["nothing", null, /no document of `warren schema dump`/],
      ["another thing", { openapi: "3.1.0" }, /no document/],
      ["a later format", { ...before, format: 2 }, /format is 2, and this Warren reads format 1/],
      ["a contract without a name", { ...before, contracts: [{ ...before.contracts[0], type: 7 }] }, /type/],
      ["a schema too deep to be one", {
        ...before,
        contracts: [{
          ...before.contracts[0],
          payload: JSON.parse(`${'{"not":'.repeat(9_000)}{}${"}".repeat(9_000)}`),
        }],
      }, /payload/],
      ["a payload that is no schema", { ...before, contracts: [{ ...before.contracts[0], payload: "x" }] }, /payload/],
    ] as const
  ) {
    test(`refuses ${name}`, () => {
      const read = readDocument(json)
      assert.match(Result.isFailure(read) ? read.failure : "it was read", says)
    })
  }
})
