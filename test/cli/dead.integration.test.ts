/**
 * `warren dead` over RabbitMQ: what real handlers gave up, what the broker buried, thousands at a rate, and a retry that is
 * killed half-way; and a letter as a test that fails until its handler is mended.
 */
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, test } from "#test"
import type { ConfirmChannel } from "amqplib"
import type { DeadReport, EditReport, MovedTold, PlanTold, ShowReport } from "../../src/inspect/mod.ts"
import { testCommand } from "../docs/pages.ts"
import { onChannel } from "../support/onChannel.ts"
import { run } from "../support/process.ts"
import { rabbit, skip, skipLong } from "../support/rabbit.ts"
import { cleanUp, folderWith, serving, warren } from "./support.ts"

const url = rabbit()
afterEach(cleanUp)

const apis = (name: string) =>
  `import { Schema } from "effect"
import { api, event } from "warren"
export const Shop = api("${name}", { sold: event({ n: Schema.Int, sku: Schema.String }) }, { expose: true })`

/** An app with a handler that throws at some, and one that is content. */
const stock = (check: string) =>
  `import { on } from "warren"
import { Shop } from "./apis/shop.ts"
export const count = on(Shop.sold, ({ n, sku }) => {
  ${check}
}, { retry: false })
export const keep = on(Shop.sold, () => {}, { retry: false })`

const throwing = stock("if (n > 1) throw new RangeError(`no room for ${n} of ${sku}`)")
const mended = stock("void [n, sku]")

const fresh = () => `d${crypto.randomUUID().slice(0, 8)}`

/** A folder with one app of that name. */
const folderOf = (name: string, text: string) => folderWith({ "apis/shop.ts": apis(name), [`${name}.ts`]: text })

/** Runs a command to its end. */
const told = async (code: number, words: ReadonlyArray<string>, options: Parameters<typeof warren>[1] = {}) => {
  const asked = warren(["dead", ...words], options)
  assert.equal(await asked.ended, code, `${asked.stdout()}\n${asked.stderr()}`)
  return asked
}

const asked = async <A>(code: number, words: ReadonlyArray<string>): Promise<A> =>
  JSON.parse((await told(code, [...words, "--json"])).stdout()) as A

const ready = (channel: ConfirmChannel, queue: string): Promise<number> =>
  channel.checkQueue(queue).then(({ messageCount }) => messageCount)

const until = async (fits: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 100; i++) {
    if (await fits()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`it never became so: ${fits}`)
}

const counted = (queue: string, count: number) =>
  until(() => onChannel(url(), async (channel) => (await ready(channel, queue)) === count))

/** Letters as a handler that gave up would leave them. */
const bury = (name: string, ids: ReadonlyArray<string>, handler: string) =>
  onChannel(url(), async (channel) => {
    for (const [n, id] of ids.entries()) {
      channel.publish("", `warren.dead.${name}`, Buffer.from(JSON.stringify({ n, sku: "P" })), {
        messageId: id,
        type: `${name}.sold`,
        persistent: true,
        headers: {
          "warren-dead-reason": "failed",
          "warren-dead-error": "Error: no",
          "warren-dead-handler": handler,
          "warren-attempt": 5,
        },
      })
    }
    await Promise.resolve()
  })

/** Takes all of a queue. */
const taken = (queue: string) =>
  onChannel(url(), async (channel) => {
    const ids: Array<string> = []
    const { messageCount } = await channel.checkQueue(queue)
    await channel.consume(queue, (one) => {
      if (one === null) return
      ids.push(`${one.properties.messageId}${one.properties.headers?.["warren-attempt"] ?? ""}`)
      channel.ack(one)
    })
    await until(() => Promise.resolve(ids.length >= messageCount))
    // the end of a channel may overtake its acks
    await channel.checkQueue(queue)
    return ids
  })

/** Runs an app until its queues are there, and ends it. */
const declared = async (name: string): Promise<string> => {
  const folder = folderOf(name, mended)
  const running = warren(["run", folder, "--broker", url()])
  await running.said(/^ready$/)
  running.signal("SIGTERM")
  await running.ended
  return folder
}

describe("warren dead", () => {
  test("lists, shows, retries, edits and drops what a handler gave up, over a gateway and on the broker", {
    skip,
    timeout: 120_000,
  }, async () => {
    const name = fresh()
    const folder = folderOf(name, throwing)
    const first = await serving([folder, "--broker", url()])
    const gateway = ["--url", first.url]
    const broker = ["--broker", url(), "--workers", folder]
    for (const n of [1, 2, 3, 4]) {
      const sent = warren(["emit", `${name}.sold`, JSON.stringify({ n, sku: `P-${n}` }), ...gateway])
      assert.equal(await sent.ended, 0, sent.stderr())
    }
    // what no contract reads, from another program
    await onChannel(url(), (channel) => {
      const options = { messageId: "odd-one", type: `${name}.sold`, persistent: true }
      channel.publish("warren.events", `${name}.sold`, Buffer.from('{"n":"many"}'), options)
      return Promise.resolve()
    })
    await counted(`warren.dead.${name}`, 5)
    // both handlers could not read it, and one threw at three others
    for (const way of [gateway, broker]) {
      const { groups } = await asked<DeadReport>(0, ["ls", name, ...way])
      assert.deepEqual(
        groups.map(({ handler, reason, count, shape }) => [handler, reason, count, shape.slice(0, 20)]).toSorted(),
        [
          [`${name}.count`, "failed", 3, "RangeError: no room "],
          [`${name}.count`, "undecodable", 1, 'field "n" is #, expe'],
          [`${name}.keep`, "undecodable", 1, 'field "n" is #, expe'],
        ],
      )
    }
    const { groups } = await asked<DeadReport>(0, ["ls", `${name}.count`, ...gateway])
    const failed = groups.find(({ reason }) => reason === "failed")!
    const listed = (await told(0, ["ls", ...broker, "--management", "off"])).stdout()
    assert.match(listed, new RegExp(`${failed.group} +${name}\\.count +3 +1 .*RangeError: no room for \\d of P-\\d`))
    assert.match(listed, /note {2}The management API is off: only queues that are known by name/)

    const [id = ""] = failed.ids
    const shown = (await told(0, ["show", id.slice(-12), ...gateway])).stdout()
    for (const part of [/RangeError/, /stack +at .*\.ts:4:\d+/, /pid \d+/, /fits +"\w+\.sold" as/, /"sku": "P-\d"/]) {
      assert.match(shown, part)
    }
    const { letters: [letter] } = await asked<ShowReport>(0, ["show", id, ...broker])
    assert.deepEqual([letter?.attempts, letter?.by?.pid, letter?.fit.fits], [1, first.child.pid, true])
    assert.equal(letter?.schema.sent, letter?.schema.now)

    // nothing is better yet: it comes back, once
    const plan = await asked<PlanTold>(1, ["retry", name, "--dry-run", ...gateway])
    assert.deepEqual(
      plan.parts.map(({ handler, queue, consumers, fits, misfits }) => [handler, queue, consumers, fits, misfits])
        .toSorted(),
      [
        [`${name}.count`, `warren.on.${name}.count`, 1, 3, 1],
        [`${name}.keep`, `warren.on.${name}.keep`, 1, 0, 1],
      ],
    )
    const again = await asked<MovedTold>(0, ["retry", failed.group, ...gateway])
    assert.equal(again.done, 3)
    await counted(`warren.dead.${name}`, 5)

    first.signal("SIGTERM")
    await first.ended
    writeFileSync(join(folder, `${name}.ts`), mended)
    const second = warren(["run", folder, "--broker", url()])
    await second.said(/^ready$/)
    const retried = await told(1, ["retry", name, ...broker])
    assert.match(
      retried.stdout(),
      new RegExp(`retried {2}3 letters of ${name}\\.count to warren\\.on\\.${name}\\.count`),
    )
    assert.match(retried.stderr(), /2 letters stay among the dead: the payload does not fit/)
    await counted(`warren.dead.${name}`, 2)

    const one = ["edit", "odd-one", "--of", `${name}.count`, ...broker]
    const refused = await told(1, [...one, "--payload", '{"n":1.5,"sku":"P"}'])
    assert.match(refused.stderr(), /field "n" is 1\.5, expected .*\n.*Nothing has changed/)
    const edited = await asked<EditReport>(0, [...one, "--payload", '{"n":5,"sku":"P"}'])
    assert.deepEqual(edited.changes, [
      { field: "n", before: '"many"', after: "5" },
      { field: "sku", before: null, after: '"P"' },
    ])
    await counted(`warren.dead.${name}`, 1)
    assert.match((await told(2, ["drop", name, ...broker])).stderr(), /Nothing was dropped: nobody was asked/)
    assert.match((await told(0, ["drop", "odd-one", ...broker])).stdout(), /1 letter dropped/)
    await counted(`warren.dead.${name}`, 0)
  })

  test(
    "sends what the broker buried back to the queue that it died in",
    { skip: skipLong, timeout: 60_000 },
    async () => {
      const name = fresh()
      const folder = await declared(name)
      const queue = `warren.on.${name}.count`
      await onChannel(url(), async (channel) => {
        const body = Buffer.from('{"n":1,"sku":"P"}')
        channel.sendToQueue(queue, body, { messageId: "late", type: `${name}.sold`, persistent: true, expiration: "1" })
        channel.sendToQueue(queue, body, { messageId: "no", type: `${name}.sold`, persistent: true })
        await channel.waitForConfirms()
        await until(async () => (await ready(channel, queue)) === 1)
        const got = await channel.get(queue)
        assert.ok(got !== false)
        channel.nack(got, false, false)
        // the end of a channel may overtake what it said last
        await until(async () => (await ready(channel, `warren.dead.${name}`)) === 2)
      })
      const where = ["--broker", url(), "--workers", folder]
      const { groups } = await asked<DeadReport>(0, ["ls", name, ...where])
      assert.deepEqual(groups.map(({ handler, buried, reason }) => [handler, buried, reason]).toSorted(), [
        [`${name}.count`, "broker", "expired"],
        [`${name}.count`, "broker", "rejected"],
      ])
      const end = await asked<MovedTold>(0, ["retry", name, ...where])
      assert.deepEqual([end.done, end.by[0]?.queue], [2, queue])
      assert.deepEqual((await taken(queue)).toSorted(), ["late", "no"])
    },
  )

  test(
    "retries thousands at a rate, and loses none when it is killed half-way",
    { skip: skipLong, timeout: 120_000 },
    async () => {
      const name = fresh()
      const folder = await declared(name)
      const [dead, queue] = [`warren.dead.${name}`, `warren.on.${name}.keep`]
      const ids = Array.from({ length: 2_000 }, (_, i) => `letter-${i}`)
      await bury(name, ids, `${name}.keep`)
      await counted(dead, 2_000)
      const words = ["retry", "--all", "--of", name, "--broker", url(), "--workers", folder]
      const killed = warren(["dead", ...words, "--rate", "150/s"])
      await until(() => onChannel(url(), async (channel) => (await ready(channel, queue)) > 50))
      // another one at the same time does not take what it cannot see for nothing
      assert.match((await told(1, words)).stderr(), /somebody else holds some of warren\.dead\./)
      killed.signal("SIGKILL")
      await killed.ended
      await until(() =>
        onChannel(url(), async (channel) => (await ready(channel, queue)) + (await ready(channel, dead)) >= 2_000)
      )
      const first = await taken(queue)
      assert.ok(first.length < 2_000, String(first.length))
      const left = 2_000 - first.length
      const began = performance.now()
      const end = await asked<MovedTold>(0, [...words, "--rate", "600/s"])
      assert.ok(end.done >= left && end.done <= left + 200, `${end.done} of ${left}`)
      assert.ok(performance.now() - began > 900 * end.done / 600)
      assert.equal(end.left, 0)
      const second = await taken(queue)
      // a quorum queue loses acks that came right before the end of their channel, so some may be there twice
      assert.ok(second.length >= end.done, `${second.length} of ${end.done}`)
      assert.deepEqual([...new Set([...first, ...second])].toSorted(), ids.toSorted())
    },
  )

  test("says which handler may be meant where one was renamed, and goes there when told", {
    skip: skipLong,
    timeout: 60_000,
  }, async () => {
    const name = fresh()
    const folder = await declared(name)
    const where = ["--broker", url(), "--workers", folder]
    await bury(name, ["r1", "r2"], `${name}.counts`)
    await counted(`warren.dead.${name}`, 2)
    const refused = await told(1, ["retry", `${name}.counts`, ...where])
    assert.match(refused.stderr(), /there is no queue "warren\.on\.\w+\.counts"/)
    assert.match(refused.stderr(), new RegExp(`Did you mean --to ${name}\\.count\\?`))
    await counted(`warren.dead.${name}`, 2)
    const end = await asked<MovedTold>(0, ["retry", `${name}.counts`, "--to", `${name}.count`, ...where])
    assert.equal(end.done, 2)
    assert.deepEqual(await taken(`warren.on.${name}.count`), ["r1", "r2"])
  })
})

describe("warren dead export", () => {
  test("writes a test that fails as the handler did, and passes once it is mended", { timeout: 90_000 }, async () => {
    const name = fresh()
    const folder = folderOf(name, throwing)
    // the broker inside the process will do
    const running = await serving([folder])
    const gateway = ["--url", running.url]
    const sent = warren(["emit", `${name}.sold`, '{"n":7,"sku":"P-7"}', ...gateway])
    assert.equal(await sent.ended, 0, sent.stderr())
    await until(async () => (await asked<DeadReport>(0, ["ls", ...gateway])).count === 1)
    const { groups: [group] } = await asked<DeadReport>(0, ["ls", ...gateway])
    const out = join(folder, "letter.test.ts")
    const words = ["export", group!.group, ...gateway, "--workers", folder, "--out", out]
    const written = await told(0, words)
    assert.match(written.stdout(), /it fails as \w+\.count did: RangeError: no room for 7 of P-7/)
    assert.match(readFileSync(out, "utf8"), /await bus\.simulate\(Shop\.sold\(\{/)
    assert.match((await told(1, words)).stderr(), /Cannot write .*\n.*--force/)

    const command = testCommand("letter.test.ts")
    const failing = await run(...command, { cwd: folder })
    assert.notEqual(failing.code, 0)
    assert.match(failing.output, /RangeError: no room for 7 of P-7/)
    writeFileSync(join(folder, `${name}.ts`), mended)
    const passing = await run(...command, { cwd: folder })
    assert.equal(passing.code, 0, passing.output)

    const unknown = await told(1, ["export", group!.group, ...gateway, "--workers", "workers/sales.ts"])
    assert.match(unknown.stderr(), /No module at hand has the handler/)
    assert.ok(!existsSync(join(folder, "dead-.test.ts")))
  })
})
