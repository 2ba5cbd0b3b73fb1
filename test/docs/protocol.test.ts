/**
 * docs/protocol.md is what the code does: names, arguments, limits and examples are compared with `src/wire` and the adapter.
 */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { BigDecimal, Duration, Option, Result, Schema } from "effect"
import { maxBytes } from "../../adapters/amqp/Publisher.ts"
import { fromPacket, tooLong } from "../../adapters/amqp/properties.ts"
import { queueDeclaration } from "../../adapters/amqp/queueArguments.ts"
import { describe, test } from "#test"
import { isReservedTag, makeCodec } from "../../src/contract/mod.ts"
import { jsonSchema } from "../../src/mod.ts"
import { merge } from "../../src/transport/mod.ts"
import {
  callTopology,
  deadTopology,
  decodeNotice,
  deriveId,
  directoryTopology,
  Header,
  hopLimits,
  ledgerTopology,
  listenerTopology,
  maxDepth,
  parseTracestate,
  presenceLimits,
  processTopology,
  retryTiers,
  retryTopology,
  scheduleTopology,
} from "../../src/wire/mod.ts"
import { amqpName, packets, Sales, told } from "./protocolExamples.ts"

const page = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8")
/** With line breaks and runs of spaces as one space, so that prose may be wrapped anywhere. */
const prose = page.replaceAll(/\s+/g, " ")

/** The cells of the table that has these words in its head, without its head. */
const table = (...head: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const rows = page.split("\n").map((line) => line.startsWith("|") ? line.slice(1, -1).split("|").map(trim) : [])
  const at = rows.findIndex((row) => head.every((word, i) => row[i] === word))
  assert.ok(at >= 0, `a table with ${head.join(", ")}`)
  const end = rows.findIndex((row, i) => i > at && row.length === 0)
  return rows.slice(at + 2, end)
}

const trim = (text: string): string => text.trim()
const bare = (cell = ""): string => cell.replaceAll("`", "")

/** A block of the page, by the word after its language. */
const block = (language: string, name: string): string => {
  const found = new RegExp(`^\`\`\`${language} ${name}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(page)?.[1]
  assert.ok(found !== undefined, `a block "${name}"`)
  return found
}

/** The two columns of a table, the first as a name. */
const pairs = (rows: ReadonlyArray<ReadonlyArray<string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(rows.map(([name, value]) => [bare(name), bare(value)]))

/** The kind of a message, by the name of its example. */
const kindOf = (name: string): string =>
  ["announce", "ask", "told", "ping", "hop"].includes(name)
    ? "notice"
    : name.replace(/-(declared|edited|failed|followed|straight)$/, "")

const every = [...new Set(Object.keys(packets).map(kindOf))].toSorted()

/** Which kinds of messages have each name in a part of their properties. */
const kindsOf = (
  part: (properties: ReturnType<typeof fromPacket>) => object,
): ReadonlyMap<string, ReadonlyArray<string>> => {
  const all = Object.entries(packets).flatMap(([name, [, packet]]) =>
    Object.entries(part(fromPacket(packet))).flatMap(([key, value]) => value === undefined ? [] : [[key, kindOf(name)]])
  )
  return new Map([...Map.groupBy(all, ([key]) => key!)].map(([key, found]) => [
    key,
    [...new Set(found.map(([, kind]) => kind!))].toSorted(),
  ]))
}

const everything = merge(
  listenerTopology("<app>", "<handler>", "<type>", false),
  callTopology("<type>"),
  processTopology("<instance>"),
  retryTopology,
  deadTopology("<app>"),
  scheduleTopology("<app>", "<handler>"),
  directoryTopology,
  ledgerTopology,
)

describe("docs/protocol.md", () => {
  for (const [name, example] of Object.entries(packets)) {
    // its body is that of an ask, and its route is told in words
    if (name === "ping") continue
    test(`shows a message as it is: ${name}`, () => {
      assert.deepEqual(JSON.parse(block("json", name)), told(example))
    })
  }

  test("shows no other messages", () => {
    const shown = [...page.matchAll(/^```json (\S+)$/gm)].map(([, name]) => name).toSorted()
    assert.deepEqual(shown, [...Object.keys(packets).filter((name) => name !== "ping"), "queues"].toSorted())
  })

  test("has every property, and the messages it is on", () => {
    const seen = kindsOf(({ headers: _, ...properties }) => properties)
    const rows = table("property", "on")
    assert.deepEqual(rows.map(([name]) => bare(name)).toSorted(), [...seen.keys()].map(amqpName).toSorted())
    for (const [name, kinds] of seen) {
      const on = rows.find(([row]) => bare(row) === amqpName(name))![1]!
      assert.deepEqual(on === "all" ? every : on.split(", ").toSorted(), kinds, name)
    }
    const durable = kindsOf(({ deliveryMode }) => ({ [String(deliveryMode)]: true })).get("2")
    const told = /2 \(persistent\) on ([a-z, ]+);/.exec(page)![1]!
    assert.deepEqual(told.split(", ").toSorted(), durable)
  })

  test("has every header, its type, and the messages it is on", () => {
    const rows = table("header", "type", "on")
    assert.deepEqual(
      rows.map(([name]) => bare(name)).toSorted(),
      [...Object.values(Header), "warren-timestamp"].toSorted(),
    )
    const seen = kindsOf(({ headers }) => headers ?? {})
    assert.deepEqual([...seen.keys()].toSorted(), rows.map(([name]) => bare(name)).toSorted())
    for (const [cell, type, on] of rows) {
      const name = bare(cell)
      if (on !== "all") assert.deepEqual(on!.split(", ").toSorted(), seen.get(name), name)
      for (const [, packet] of Object.values(packets)) {
        const value = fromPacket(packet).headers?.[name]
        if (value !== undefined) assert.equal(typeof value, type === "text" ? "string" : type, name)
      }
    }
  })

  test("has every exchange and its type", () => {
    assert.deepEqual(
      pairs(table("exchange", "type")),
      Object.fromEntries(everything.exchanges.map(({ name, type }) => [name, type])),
    )
  })

  test("has every queue with its flags, arguments and bindings", () => {
    const [first] = retryTiers
    const generic = (text: string) => text.replace(`warren.retry.${first![0]}`, "warren.retry.<tier>")
    const told = everything.queues.filter(({ name }) =>
      !name.startsWith("warren.retry.") || name === `warren.retry.${first![0]}`
    ).map((queue) => {
      const { durable, exclusive, autoDelete, arguments: given } = queueDeclaration(queue)
      const bindings = everything.bindings.filter((one) => one.queue === queue.name)
        .map(({ exchange, key }) => [generic(exchange), key])
      return [generic(queue.name), {
        ...(durable && { durable }),
        ...(exclusive && { exclusive }),
        ...(autoDelete && { auto_delete: true }),
        arguments: queue.messageTtl === undefined ? given : { ...given, "x-message-ttl": "<ttl>" },
        ...(bindings.length > 0 && { bindings }),
      }]
    })
    assert.deepEqual(JSON.parse(block("json", "queues")), Object.fromEntries(told))
    const [ordered] = listenerTopology("a", "h", "t", true).queues
    const [plain] = listenerTopology("a", "h", "t", false).queues
    assert.deepEqual(queueDeclaration(ordered!).arguments, {
      ...queueDeclaration(plain!).arguments,
      "x-single-active-consumer": true,
    })
  })

  test("has the retry tiers", () => {
    assert.deepEqual(
      pairs(table("tier", "ttl")),
      Object.fromEntries(retryTiers.map(([name, ms]) => [name, String(ms)])),
    )
  })

  test("has the limits", () => {
    const [, placed] = packets["event"]!
    const long = tooLong({ ...placed, id: "x".repeat(256) }, "", "")
    const lives = (expiration: number) => fromPacket({ ...placed, expiration }).expiration !== undefined
    assert.deepEqual([lives(4_294_967_295), lives(4_294_967_296)], [true, false])
    assert.deepEqual(table("limit", "value").map(([, value]) => Number(value)), [
      maxBytes,
      maxDepth,
      long?.limit,
      65_536,
      4_294_967_295,
    ])
    const { bytes, apps, handlers, names, told, text, quickest, slowest } = presenceLimits
    assert.ok(
      prose.includes(
        `Limits: ${bytes} bytes, ${apps} apps, ${handlers} handlers, ${names} names in \`emits\` and in \`calls\`, ` +
          `${text} characters in a text, ${told} announcements in a part of what is told.`,
      ),
    )
    assert.ok(
      prose.includes(
        `Limits: ${hopLimits.bytes} bytes, ${hopLimits.text} characters in \`error\` and \`detail\`, ${hopLimits.name} in all ` +
          "other texts.",
      ),
    )
    assert.ok(prose.includes(`whole number, ${quickest} to ${slowest}`))
    assert.ok(prose.includes("up to 512 characters and 32 members"))
    const members = (count: number) => Array.from({ length: count }, (_, i) => `a${i}=1`).join(",")
    assert.ok(parseTracestate(members(32)) !== undefined && parseTracestate(members(33)) === undefined)
  })

  test("derives the id that the code derives", () => {
    const [, cause, handler, id] = /derived\("([^"]+)", "([^"]+)", 0\)\s+= "([^"]+)"/.exec(page)!
    assert.equal(id, deriveId(cause!, handler!, 0))
  })

  test("has the tags of failures, and only Warren's", () => {
    const rows = table("tag", "facts")
    assert.equal(rows.length, 6)
    for (const [tag] of rows) assert.ok(isReservedTag(bare(tag)), tag)
    const example = JSON.parse(block("json", "reply-failed")) as { readonly body: object }
    assert.equal(rows.find(([tag]) => bare(tag) === "InvalidPayload")?.[1], facts(example.body))
  })

  test("has every field of an announcement, needed or not", () => {
    const { body } = JSON.parse(block("json", "announce")) as { readonly body: Readonly<Record<string, unknown>> }
    const rows = table("field of `announce`", "type")
    assert.deepEqual(rows.map(([name]) => bare(name)), Object.keys(body))
    const encoder = new TextEncoder()
    for (const [name, type] of rows) {
      const { [bare(name)]: _, ...rest } = body
      const isRead = decodeNotice(encoder.encode(JSON.stringify(rest))) !== undefined
      assert.equal(isRead, type!.includes("may be absent"), bare(name))
    }
  })

  test("encodes what is not plain JSON as it says", () => {
    const rows = table("schema", "on the wire")
    assert.equal(rows.length, encodings.length)
    for (const [name, schema, value] of encodings) {
      const row = rows.find(([cell]) => cell!.includes(`\`${name}\``))
      assert.ok(row !== undefined, name)
      const written = Result.getOrThrow(makeCodec(schema).encode(value))
      assert.equal(bare(row[2]), JSON.stringify(written), name)
    }
  })

  test("makes the fingerprint of the text that it shows", () => {
    const text = /Of the event above:\s+```text\n(.*)\n```/.exec(page)?.[1] ?? ""
    const { fingerprint, payload } = jsonSchema(Sales).members["orderPlaced"]!
    assert.equal(createHash("sha256").update(text).digest("hex").slice(0, 16), fingerprint)
    // the same, but for what describes and what has no order
    const { properties, required, type } = JSON.parse(text) as Readonly<Record<string, unknown>>
    assert.deepEqual(type, payload["type"])
    assert.deepEqual(required, [...payload["required"] as ReadonlyArray<string>].toSorted())
    assert.deepEqual(Object.keys(properties as object), Object.keys(payload["properties"] as object).toSorted())
  })
})

const facts = (body: object): string => Object.keys(body).map((name) => `\`${name}\``).join(", ")

class UnknownPart extends Schema.TaggedError<UnknownPart>()("UnknownPart", { sku: Schema.String }) {}

type Encoding = readonly [name: string, schema: Parameters<typeof makeCodec>[0], value: unknown]

/** A row of the table of schemas, and what its example is made of. */
const encodings: ReadonlyArray<Encoding> = [
  ["Finite", Schema.Finite, 1.5],
  ["Number", Schema.Number, Number.NaN],
  ["Date", Schema.Date, new Date(1_790_000_000_123)],
  ["BigInt", Schema.BigInt, 9_007_199_254_740_993n],
  ["BigDecimal", Schema.BigDecimal, BigDecimal.fromStringUnsafe("12.50")],
  ["Uint8Array", Schema.Uint8Array, new Uint8Array([1, 2, 255])],
  ["URL", Schema.URL, new URL("https://example.com")],
  ["Duration", Schema.Duration, Duration.millis(1_500)],
  ["Option", Schema.Option(Schema.Int), Option.some(1)],
  ["ReadonlyMap", Schema.ReadonlyMap(Schema.String, Schema.Int), new Map([["a", 1]])],
  ["ReadonlySet", Schema.ReadonlySet(Schema.String), new Set(["a", "b"])],
  ["Tuple", Schema.Tuple([Schema.Int, Schema.String]), [1, "a"]],
  ["Void", Schema.Void, undefined],
  ["TaggedError", UnknownPart, { sku: "P-9" }],
]
