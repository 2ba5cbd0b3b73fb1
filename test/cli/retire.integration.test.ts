/**
 * `warren topology --broker` and `warren topology retire` on a real RabbitMQ with its management API.
 *
 * One old and one new version of an app: what the old one left behind is found, shown, and removed only as allowed.
 * On Bun; the parts that are functions are tested on each runtime in `test/inspect` and `test/adapters/management`.
 */
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import process from "node:process"
import { stripVTControlCharacters } from "node:util"
import type { ConfirmChannel, GetMessage } from "amqplib"
import { Console, Effect } from "effect"
import { afterAll, beforeAll, describe, test } from "#test"
import { type Rabbit, startRabbit } from "../../scripts/rabbitmq.ts"
import { program } from "../../src/cli/program.ts"
import { onChannel } from "../support/onChannel.ts"
import { cleanUp, folderWith, warren } from "./support.ts"

const skip = process.env["WARREN_TEST_BROKER"] === "none"
  ? "WARREN_TEST_BROKER is none"
  : "Bun" in globalThis
  ? undefined
  : "tested on Bun; it needs a broker of its own"

const apis = `import { Schema } from "effect"
import { api, event } from "warren"
export const Shop = api("shop", { sold: event({ sku: Schema.String }), returned: event({ sku: Schema.String }) })`

/** As it was, and as it is: `old` and `tick` are gone, `swap` listens to something else. */
const versions = {
  old: `import { every, on } from "warren"
import { Shop } from "./apis/shop.ts"
export const old = on(Shop.sold, () => {})
export const swap = on(Shop.sold, () => {})
export const keep = on(Shop.sold, () => {})
export const tick = every("0 3 1 1 *", () => {})`,
  now: `import { on } from "warren"
import { Shop } from "./apis/shop.ts"
export const swap = on(Shop.returned, () => {})
export const keep = on(Shop.sold, () => {})
export const fresh = on(Shop.sold, () => {})`,
}

interface Queue {
  readonly name: string
  readonly ready: number | null
  readonly consumers: number | null
}

interface Report {
  readonly queues: ReadonlyArray<Queue>
  readonly instances: ReadonlyArray<{ readonly apps: ReadonlyArray<string> }>
  readonly broker: {
    readonly complete: boolean
    readonly source: string
    readonly note?: string
    readonly missing: ReadonlyArray<string>
    readonly orphans: ReadonlyArray<Queue & { readonly events: ReadonlyArray<string> | null }>
    readonly inUse: ReadonlyArray<Queue & { readonly why: string }>
    readonly stale: ReadonlyArray<
      { readonly queue: string; readonly key: string; readonly listensTo: ReadonlyArray<string> }
    >
    readonly others: ReadonlyArray<Queue>
    readonly dead: ReadonlyArray<Queue>
  }
}

let rabbit: Rabbit | undefined
let old = ""
let now = ""

/** Runs a command line here, against that broker. */
const run = async (...words: ReadonlyArray<string>) => {
  const text = { out: "", err: "" }
  const quiet: Console.Console = Object.assign(Object.create(console), {
    log: (...parts: ReadonlyArray<unknown>) => text.out += `${parts.join(" ")}\n`,
    error: (...parts: ReadonlyArray<unknown>) => text.err += `${parts.join(" ")}\n`,
  })
  const code = await Effect.runPromise(
    Effect.provideService(program([...words, "--broker", rabbit!.url]), Console.Console, quiet),
  )
  return { code, out: stripVTControlCharacters(text.out), err: stripVTControlCharacters(text.err) }
}

const reported = async (...words: ReadonlyArray<string>): Promise<Report> => {
  const { code, out, err } = await run("topology", "--json", ...words)
  assert.equal(code, 0, err)
  return JSON.parse(out) as Report
}

const all = () => ["--management", rabbit!.managementUrl!]
const retire = (...words: ReadonlyArray<string>) => run("topology", "retire", "--workers", now, ...all(), ...words)

const foreign = <A>(use: (channel: ConfirmChannel) => Promise<A>): Promise<A> => onChannel(rabbit!.url, use)

const names = (queues: ReadonlyArray<{ readonly name: string }>) => queues.map(({ name }) => name)

describe("warren topology and a broker", () => {
  beforeAll(async () => {
    if (skip !== undefined) return
    old = `${folderWith({ "apis/shop.ts": apis, "stock.ts": versions.old })}`
    now = `${folderWith({ "apis/shop.ts": apis, "stock.ts": versions.now })}`
    rabbit = await startRabbit({ management: true })
  })
  afterAll(async () => {
    await cleanUp()
    await rabbit?.stop()
  })

  test("a version that runs keeps its queues and bindings, whatever the modules say", { skip }, async () => {
    const app = warren(["run", old, "--broker", rabbit!.url, "--json"])
    await app.said(/^ready$/)
    const { broker, instances } = await reported("--workers", now, ...all())
    assert.ok(broker.complete, broker.note)
    assert.deepEqual(broker.orphans, [])
    assert.deepEqual(broker.stale, [])
    assert.deepEqual(names(broker.inUse), ["warren.every.stock.tick", "warren.on.stock.old", "warren.token.stock.tick"])
    for (const { why } of broker.inUse) assert.match(why, /^served by instance .*pid \d+/)
    assert.deepEqual(instances.map(({ apps }) => apps), [["stock"]])
    const { code, err } = await retire("warren.on.stock.old", "--yes", "--discard")
    assert.equal(code, 1)
    assert.match(err, /"warren\.on\.stock\.old": served by instance/)
    app.signal("SIGTERM")
    assert.equal(await app.ended, 0)
  })

  test("what it left is found: orphans with their events, stale bindings, what is missing", { skip }, async () => {
    await foreign(async (channel) => {
      for (let i = 0; i < 5; i++) {
        channel.publish("warren.events", "shop.sold", Buffer.from(`{"sku":"P-${i}"}`), {
          messageId: `m${i}`,
          type: "shop.sold",
          appId: "shop",
          timestamp: 1_700_000_000,
          priority: 3,
          contentType: "application/json",
          contentEncoding: "identity",
          persistent: true,
          headers: { traceparent: "00-1-2-01", table: { deep: [1, "x"] }, half: 0.5 },
        })
      }
      // an app that is not among the modules
      await channel.assertQueue("warren.on.other.thing", { durable: true, arguments: { "x-queue-type": "quorum" } })
    })
    const { broker, queues } = await reported("--workers", now, ...all())
    assert.deepEqual(
      broker.orphans.map(({ name, ready, consumers, events }) => [name, ready, consumers, events]),
      [
        ["warren.every.stock.tick", 0, 0, []],
        ["warren.on.stock.old", 5, 0, ["shop.sold"]],
        ["warren.token.stock.tick", 1, 0, []],
      ],
    )
    assert.deepEqual(
      broker.stale.map(({ queue, key, listensTo }) => [queue, key, listensTo]),
      [["warren.on.stock.swap", "shop.sold", ["shop.returned"]]],
    )
    assert.ok(broker.missing.includes("warren.on.stock.fresh"))
    assert.deepEqual(names(broker.others), ["warren.on.other.thing"])
    assert.equal(queues.find(({ name }) => name === "warren.on.stock.keep")?.ready, 5)
    const { out } = await run("topology", "--workers", now, ...all())
    assert.match(out, /orphans {2}.*retire/)
    assert.match(out, /warren\.on\.stock\.old +shop\.sold +5/)
    assert.doesNotMatch(out, /guest:guest/)
  })

  test("retire shows what is held, and removes nothing without --yes", { skip }, async () => {
    const { code, out, err } = await retire()
    assert.equal(code, 2)
    assert.match(err, /Nothing was removed/)
    assert.match(out, /warren\.on\.stock\.old +listener stock\.old/)
    assert.match(out, /m0 +shop\.sold +shop +\d+ d +\{"sku":"P-0"\}/)
    assert.match(out, /m2/)
    assert.doesNotMatch(out, /m3/)
    assert.match(out, /stale bindings/)
    const { broker } = await reported("--workers", now, ...all())
    assert.equal(broker.orphans.find(({ name }) => name === "warren.on.stock.old")?.ready, 5)
    assert.equal(broker.stale.length, 1)
  })

  test("a queue with messages is kept unless it is said what becomes of them; the rest goes", { skip }, async () => {
    const { code, out, err } = await retire("--yes")
    assert.equal(code, 1)
    assert.match(err, /1 of 3 queues were kept: "warren\.on\.stock\.old", it holds 5 messages: --to-dead.*--discard/)
    assert.match(out, /removed {2}warren\.every\.stock\.tick/)
    assert.match(out, /removed {2}warren\.token\.stock\.tick/)
    assert.match(out, /unbound {2}warren\.on\.stock\.swap from shop\.sold/)
    const { broker } = await reported("--workers", now, ...all())
    assert.deepEqual(broker.stale, [])
    assert.deepEqual(broker.orphans.map(({ name, events }) => [name, events]), [["warren.on.stock.old", ["shop.sold"]]])
  })

  test("a retry on its way back keeps the queue", { skip }, async () => {
    await foreign((channel) => {
      channel.publish("warren.retry.1h", "warren.on.stock.old", Buffer.from("{}"), { messageId: "late" })
      return Promise.resolve()
    })
    const { code, err } = await retire("warren.on.stock.old", "--to-dead", "--yes")
    assert.equal(code, 1)
    assert.match(err, /1 message will come back to it as retries/)
    await foreign((channel) => channel.purgeQueue("warren.retry.1h"))
  })

  test("--to-dead moves every message with all it has, then removes the queue", { skip }, async () => {
    const { code, out, err } = await retire("warren.on.stock.old", "--to-dead", "--yes", "--json")
    assert.equal(code, 0, err)
    const { done, queues } = JSON.parse(out) as { readonly done: boolean; readonly queues: ReadonlyArray<unknown> }
    assert.equal(done, true)
    assert.deepEqual(queues, [
      { _tag: "Removed", queue: "warren.on.stock.old", moved: 5, discarded: 0, retries: 0 },
    ])
    const [first, count] = await foreign(async (channel) => {
      const { messageCount } = await channel.checkQueue("warren.dead.stock")
      const message = await channel.get("warren.dead.stock")
      return [message as GetMessage, messageCount] as const
    })
    assert.equal(count, 5)
    assert.equal(first.content.toString(), '{"sku":"P-0"}')
    const { messageId, type, appId, timestamp, priority, contentEncoding, deliveryMode, headers } = first.properties
    assert.deepEqual(
      { messageId, type, appId, timestamp, priority, contentEncoding, deliveryMode },
      {
        messageId: "m0",
        type: "shop.sold",
        appId: "shop",
        timestamp: 1_700_000_000,
        priority: 3,
        contentEncoding: "identity",
        deliveryMode: 2,
      },
    )
    assert.deepEqual(headers?.["table"], { deep: [1, "x"] })
    assert.equal(headers?.["half"], 0.5)
    assert.equal(headers?.["traceparent"], "00-1-2-01")
    assert.equal(headers?.["warren-dead-reason"], "retired")
    assert.equal(headers?.["warren-dead-handler"], "stock.old")
    const { broker } = await reported("--workers", now, ...all())
    assert.deepEqual(broker.orphans, [])
  })

  test("what is no orphan is refused with the reason", { skip }, async () => {
    const refused: ReadonlyArray<readonly [queue: string, says: RegExp]> = [
      ["warren.on.stock.keep", /the modules derive it/],
      ["warren.on.other.thing", /the app "other", whose module is not among these/],
      ["warren.on.stock.nothing", /there is no such queue/],
    ]
    for (const [queue, says] of refused) {
      const { code, err } = await retire(queue, "--yes", "--discard")
      assert.equal(code, 1, queue)
      assert.match(err, says)
    }
    assert.equal((await retire("--to-dead", "--discard")).code, 2)
  })

  test(
    "without the management API names that are given are looked up, and it says how to see all",
    { skip },
    async () => {
      await foreign(async (channel) => {
        await channel.assertQueue("warren.on.stock.old", {
          durable: true,
          arguments: { "x-queue-type": "quorum", "x-single-active-consumer": true },
        })
        channel.sendToQueue("warren.on.stock.old", Buffer.from([0xff, 0xfe]), { messageId: "odd\u001b[31m" })
      })
      const blind = await reported("--workers", now, "--management", "off")
      assert.deepEqual([blind.broker.complete, blind.broker.orphans], [false, []])
      assert.match(blind.broker.note ?? "", /off: only queues that are known by name/)
      const named = await reported("--workers", now, "--management", "off", "--queue", "warren.on.stock.old")
      assert.deepEqual(named.broker.orphans.map(({ name, ready, events }) => [name, ready, events]), [
        ["warren.on.stock.old", 1, null],
      ])
      const off = ["topology", "retire", "warren.on.stock.old", "--workers", now, "--management", "off"]
      const seen = await run(...off)
      assert.match(seen.out, /odd \[31m .* 2 bytes/)
      const { code, out, err } = await run(...off, "--discard", "--yes")
      assert.equal(code, 0, err)
      assert.match(out, /removed {2}warren\.on\.stock\.old, 1 dropped/)
    },
  )

  test(
    "an API that is named and is none is told; where none is named it goes on without",
    { skip },
    async () => {
      const wrong = await run("topology", "--workers", now, "--management", "http://127.0.0.1:1")
      assert.equal(wrong.code, 1)
      assert.match(wrong.err, /http:\/\/127\.0\.0\.1:1.*does not answer/)
      assert.match(wrong.err, /--management off/)
      // nobody has the usual port, or another broker
      const { broker } = await reported("--workers", now)
      assert.equal(broker.complete, false)
      assert.match(broker.note ?? "", /127\.0\.0\.1:15672.*; so only queues that are known by name/)
      assert.match(broker.note ?? "", /rabbitmq-plugins enable rabbitmq_management/)
    },
  )
})
