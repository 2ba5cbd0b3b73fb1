/**
 * `warren topology --graph`: as text, as Mermaid and as DOT, of modules and of a running process.
 */
import assert from "node:assert/strict"
import { afterEach, describe, test } from "#test"
import { type Graph, graphOf } from "../../src/inspect/mod.ts"
import { drawingOf } from "../../src/cli/graph/drawing.ts"
import { dotOf, quoteDot } from "../../src/cli/graph/dot.ts"
import { escapeMermaid, mermaidOf } from "../../src/cli/graph/mermaid.ts"
import { graphText } from "../../src/cli/graph/text.ts"
import { plain } from "../../src/cli/paint.ts"
import { cleanUp, post, serving, warren } from "./support.ts"

afterEach(cleanUp)

const strange = ['a"b\\', "end", "x]|-->y", "<b>", "`md`", "1. list", "- item", "#quot;", "two\nlines", "\\N", "%%"]

const graph = graphOf({
  at: 7_200_000,
  source: "RabbitMQ",
  isRunning: true,
  members: [{ type: "shop.returned", kind: "event" }],
  apps: [],
  schedules: [{ app: "desk", handler: "tidy", timing: "every 0 3 * * *", known: "now" }],
  gaps: [],
  uses: [
    { app: "web", type: "shop.price", kind: "call", role: "sends", handler: "", known: "now" },
    { app: "desk", type: "shop.price", kind: "call", role: "handles", handler: "price", known: "once", seen: 0 },
    { app: "desk", type: "shop.sold", kind: "event", role: "handles", handler: "note", known: "now" },
  ],
})

describe("graphText()", () => {
  test("says who speaks to whom, what is past, and what nobody handles", () => {
    const text = graphText(graph, plain)
    assert.match(text, /\n {2}shop\.returned {2}nobody was seen to emit it -> nobody hears it\n/)
    assert.match(text, /\n {2}shop\.sold +nobody was seen to emit it -> desk\.note\n/)
    assert.match(text, /\n {2}shop\.price {2}web -> nobody serves it now, desk \(2 h ago\)\n/)
    assert.match(text, /\nschedules\n {2}every 0 3 \* \* \* {2}-> desk\.tidy$/)
  })
})

describe("mermaidOf()", () => {
  test("draws apps, events, calls and what nobody handles", () => {
    const text = mermaidOf(drawingOf(graph))
    assert.match(text, /^flowchart LR\n {2}a0\["desk"\]\n {2}a1\["web"\]\n/)
    assert.match(text, /m0\{\{"shop\.price"\}\}\n {2}n0\["nobody serves it now"\]/)
    assert.match(text, /\n {2}a1 --> m0\n {2}m0 -\.-> a0\n {2}m0 -\.-> n0\n/)
    assert.match(text, /\n {2}m2 -->\|"note"\| a0\n/)
    assert.match(text, /\n {2}class m0,n0,m1,n1 nobody$/)
  })

  test("no name ends its label, or is read as Markdown or HTML", () => {
    assert.equal(escapeMermaid("sales.orderPlaced"), "sales.orderPlaced")
    assert.equal(escapeMermaid('a"b'), "a#34;b")
    assert.equal(escapeMermaid("1. list"), "1#46; list")
    assert.equal(escapeMermaid("- item"), "#45; item")
    for (const name of strange) assert.doesNotMatch(escapeMermaid(name), /["`<>|[\]{}\\\n%]/)
  })
})

describe("dotOf()", () => {
  test("draws the same", () => {
    const text = dotOf(drawingOf(graph))
    assert.match(text, /^digraph warren \{\n/)
    assert.match(text, /\n {2}a0 \[label="desk", shape=box, penwidth=2\]\n/)
    assert.match(text, /\n {2}m0 -> a0 \[style=dashed, color=grey50, fontcolor=grey50\]\n/)
    assert.match(text, /\n {2}m0 -> n0 \[style=dashed, color=firebrick, fontcolor=firebrick\]\n/)
    assert.match(text, /\n\}$/)
  })

  test("no name ends its label or is read as an escape", () => {
    assert.equal(quoteDot('a"b\\N'), '"a\\"b\\\\N"')
    const uses = strange.map((name) => ({
      app: name,
      type: name,
      kind: "event" as const,
      role: "sends" as const,
      handler: "",
      known: "now" as const,
    }))
    const text = dotOf(drawingOf(graphOf({ ...graph, members: [], uses, schedules: [] })))
    for (const line of text.split("\n").slice(4, -1)) {
      // what is left without its labels is DOT's own words
      assert.match(line.replaceAll(/"(?:[^"\\]|\\.)*"/g, "_"), /^ {2}[amn]\d+( -> [amn]\d+)?( \[[\w=, ]+\])?$/, line)
    }
  })
})

describe("warren topology --graph", () => {
  test("of modules, without running them", async () => {
    const asked = warren(["topology", "--graph", "--workers", "workers"])
    assert.equal(await asked.ended, 0, asked.stderr())
    assert.match(asked.stdout(), /\n {2}sales\.orderPlaced +\? -> support\.remember, warranty\.register\n/)
    assert.match(asked.stdout(), /\n {2}warranty\.registered +\? -> nobody hears it\n/)
  })

  test("of a running process, which tells who called and emitted", async () => {
    const { url } = await serving(["workers"], { env: { WARREN_BEACONS: "off" } })
    await post(`${url}/calls/sales/placeOrder`, { customer: "c1", sku: "P-100", quantity: 1 })
    const asked = warren(["topology", "--graph", "--url", url, "--json"])
    assert.equal(await asked.ended, 0, asked.stderr())
    const { messages } = JSON.parse(asked.stdout()) as Graph
    const of = (type: string) => messages.find((one) => one.type === type)
    assert.deepEqual(of("parts.lookup")?.senders.map(({ app }) => app), ["sales"])
    assert.deepEqual(of("sales.orderPlaced")?.senders.map(({ app }) => app), ["sales"])
    assert.deepEqual(of("sales.orderPlaced")?.handlers.map(({ app }) => app), ["support", "warranty"])
    const drawn = warren(["topology", "--graph", "dot", "--url", url])
    assert.equal(await drawn.ended, 0, drawn.stderr())
    assert.match(drawn.stdout(), /^digraph warren \{/)
  })

  test("a form that is none is named", async () => {
    const asked = warren(["topology", "--graph=svg"])
    assert.equal(await asked.ended, 2)
    assert.match(asked.stderr(), /svg.*text \| mermaid \| dot/)
  })
})
