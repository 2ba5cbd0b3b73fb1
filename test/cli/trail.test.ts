/**
 * `warren call --trace`: what is printed of a given way, and the whole command through a gateway.
 */
import { afterEach, describe, test } from "#test"
import assert from "node:assert/strict"
import { coloured, plain } from "../../src/cli/paint.ts"
import { formatTrail } from "../../src/cli/trail.ts"
import type { CallTrail, ServerTrail } from "../../src/runtime/mod.ts"
import { cleanUp, folderWith, serving, warren } from "./support.ts"

afterEach(cleanUp)

const server = (part: Partial<ServerTrail> = {}): ServerTrail => ({
  handler: "sales.quote",
  instance: "i-1",
  host: "sales-1",
  pid: 4_711,
  hops: [
    { at: 0, what: "arrived", detail: "straight, past the broker" },
    { at: 0.5, what: "started" },
    { at: 4, what: "handled" },
  ],
  calls: [],
  ...part,
})

const trail = (part: Partial<CallTrail> = {}): CallTrail => ({
  call: "sales.quote",
  id: "c-1",
  app: "web",
  from: 0,
  hops: [
    { at: 0.25, what: "sent straight", detail: "to instance i-1" },
    { at: 6.25, what: "replied", detail: "straight, past the broker" },
    { at: 6.5, what: "answered" },
  ],
  server: server(),
  ...part,
})

describe("formatTrail()", () => {
  test("shows each hop with its time; those of a server are reckoned from the middle of the way, and say so", () => {
    assert.equal(
      formatTrail(trail(), plain),
      [
        " 0.00 ms  sales.quote  from web, c-1",
        " 0.25 ms    sent straight  to instance i-1",
        "~1.25 ms      sales.quote  instance i-1, host sales-1, pid 4711",
        "~1.25 ms        arrived  straight, past the broker",
        "~1.75 ms        started",
        "~5.25 ms        handled",
        " 6.25 ms    replied  straight, past the broker",
        " 6.50 ms    answered",
      ].join("\n"),
    )
  })

  test("shows the calls of a handler inside it, each as a whole though they were made at the same time", () => {
    const inner = (name: string, from: number) =>
      trail({
        call: name,
        id: name,
        app: "sales",
        from,
        hops: [{ at: 0.25, what: "published" }, { at: 1.5, what: "answered" }],
        server: undefined,
      })
    const calls = [inner("parts.b", 1.5), inner("parts.a", 1)]
    assert.equal(
      formatTrail(trail({ server: server({ calls }) }), plain),
      [
        " 0.00 ms  sales.quote  from web, c-1",
        " 0.25 ms    sent straight  to instance i-1",
        "~1.25 ms      sales.quote  instance i-1, host sales-1, pid 4711",
        "~1.25 ms        arrived  straight, past the broker",
        "~1.75 ms        started",
        "~2.25 ms        parts.a  from sales, parts.a",
        "~2.50 ms          published",
        "~3.75 ms          answered",
        "~2.75 ms        parts.b  from sales, parts.b",
        "~3.00 ms          published",
        "~4.25 ms          answered",
        "~5.25 ms        handled",
        " 6.25 ms    replied  straight, past the broker",
        " 6.50 ms    answered",
      ].join("\n"),
    )
  })

  test("shows what is known of a call that had no reply, or whose server told nothing", () => {
    assert.equal(
      formatTrail(
        trail({
          server: undefined,
          hops: [{ at: 0.1, what: "published" }, { at: 5_000, what: "refused", detail: "late" }],
        }),
        plain,
      ),
      ["    0.00 ms  sales.quote  from web, c-1", "    0.10 ms    published", " 5000.00 ms    refused  late"].join(
        "\n",
      ),
    )
    assert.equal(formatTrail(trail({ hops: [], server: undefined }), plain), " 0.00 ms  sales.quote  from web, c-1")
    assert.match(formatTrail(trail({ hops: [] }), plain), /^ 0\.00 ms {2}sales\.quote {2}from web, c-1$/)
  })

  test("takes a server's times for no more than the way has room for", () => {
    const slow = formatTrail(
      trail({ server: server({ hops: [{ at: 0, what: "arrived" }, { at: 900, what: "handled" }] }) }),
      plain,
    )
    assert.match(slow, /~ *0\.25 ms +arrived/)
    assert.match(slow, /~ *900\.25 ms +handled/)
    assert.match(formatTrail(trail({ server: server({ hops: [] }) }), plain), /sales\.quote {2}instance i-1/)
  })

  test("foreign text stays on its line, without control characters, and has an end", () => {
    const evil = "a\nb\r\u001b[31mred\u0007\u009b2J\u202etxt"
    const text = formatTrail(
      trail({
        call: evil,
        app: evil,
        hops: [{ at: 1, what: evil, detail: evil }, { at: 2, what: "replied", detail: "x".repeat(50_000) }],
        server: server({ handler: evil, instance: evil, host: evil, hops: [{ at: 0, what: evil, detail: evil }] }),
      }),
      plain,
    )
    assert.equal(text.split("\n").length, 5)
    assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u)
    assert.ok(text.length < 5_000, String(text.length))
    const painted = formatTrail(trail({ app: evil }), coloured)
    assert.ok(!painted.includes("\u001b[31m"))
  })

  test("wide trees and odd times are text as well", () => {
    const calls = Array.from({ length: 100 }, (_, n) => trail({ id: `c${n}`, from: n }))
    const wide = formatTrail(trail({ server: server({ calls }) }), plain)
    assert.equal(wide.split("\n").length, 8 + 100 * 8)
    for (const at of [-5, 1e15, 0]) {
      assert.match(formatTrail(trail({ hops: [{ at, what: "published" }] }), plain), /published/)
    }
    let deep = trail()
    for (let i = 0; i < 150; i++) deep = trail({ server: server({ calls: [deep] }) })
    assert.equal(formatTrail(deep, plain).split("\n").length, 8 * 151)
  })
})

const shop = {
  "shop.ts": `import { Schema } from "effect"
import { api, call, handle } from "warren"
class Gone extends Schema.TaggedError<Gone>()("Gone", { n: Schema.Int }) {}
export const Shop = api("shop", {
  outer: call({ n: Schema.Int }, { returns: Schema.Int, fails: Gone }),
  inner: call({ n: Schema.Int }, { returns: Schema.Int, fails: Gone })
}, { expose: true })
export const outer = handle(Shop.outer, ({ n }, { call }) => call(Shop.inner({ n })))
export const inner = handle(Shop.inner, ({ n }) => { if (n < 0) throw new Gone({ n }); return n + 1 })`,
}

describe("warren call --trace", () => {
  test("through a gateway prints the answer on one stream and every hop on the other; WARREN_LANE is not for it", async () => {
    const folder = folderWith(shop)
    const { url } = await serving([folder])
    const env = { WARREN_URL: url, WARREN_LANE: "direct" }
    const call = warren(["call", "shop.outer", '{"n":4}', "--trace"], { env })
    assert.equal(await call.ended, 0, call.stderr())
    assert.equal(call.stdout(), "5\n")
    const lines = call.stderr().trim().split("\n")
    assert.match(lines[0]!, /^0\.00 ms {2}shop\.outer {2}from /)
    assert.match(lines[1]!, /published {2}through the broker: there are no links past it here/)
    const words = lines.map((line) => /ms +(\S+)/.exec(line)?.[1])
    for (const word of ["arrived", "started", "shop.inner", "handled", "replied", "answered"]) {
      assert.ok(words.includes(word), word)
    }
    assert.match(lines.at(-1)!, /answered$/)

    const failed = warren(["call", "shop.outer", '{"n":-4}', "--trace"], { env })
    assert.notEqual(await failed.ended, 0)
    assert.equal(failed.stdout(), "")
    assert.match(failed.stderr(), /refused {2}.*(Gone|HandlerFailed)/)

    const bare = warren(["call", "shop.outer", '{"n":4}'], { env })
    assert.deepEqual([await bare.ended, bare.stdout(), bare.stderr()], [0, "5\n", ""])

    const lane = warren(["call", "shop.outer", '{"n":4}', "--lane", "direct"], { env: { WARREN_URL: url } })
    assert.notEqual(await lane.ended, 0)
    assert.match(lane.stderr(), /A gateway chooses the lane itself/)
  })

  test("of a call that never left says that no hop is known", async () => {
    const call = warren(["call", "shop.outer", "{}", "--trace", "--url", "http://127.0.0.1:9"])
    assert.notEqual(await call.ended, 0)
    assert.match(call.stderr(), /No hop is known/)
  })

  test("a lane that is none is refused, with those there are", async () => {
    const call = warren(["call", "shop.outer", "{}", "--broker", "amqp://127.0.0.1:9", "--lane", "fastest"])
    assert.notEqual(await call.ended, 0)
    assert.match(call.stderr(), /fastest.*(auto \| broker \| reply \| direct|auto, broker, reply, direct)/s)
  })
})
