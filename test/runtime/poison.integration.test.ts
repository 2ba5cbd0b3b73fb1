/**
 * A message that kills its process, over real processes on RabbitMQ: dead-lettered at the delivery limit with a reason,
 * while the innocent ones that were prefetched with it are handled.
 */
import { afterEach, describe, test } from "#test"
import assert from "node:assert/strict"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as delay } from "node:timers/promises"
import { deliveryLimit, Exchange, QueueName } from "../../src/wire/mod.ts"
import { startForeigner } from "../support/foreign.ts"
import { type Background, start } from "../support/process.ts"
import { rabbit, skip } from "../support/rabbit.ts"
import { poisoned } from "./fixtures/poisoned.ts"

const url = rabbit()

const flags = "deno" in process.versions ? ["run", "-A", "--no-check"] : []
/** Of real processes. */
const deaths = 3

/** Dies with everything in hand, as a process does that prefetched as much. */
const crash = async (queue: string, prefetch: number): Promise<void> => {
  const them = await startForeigner(url())
  await them.channel.prefetch(prefetch)
  let inHand = 0
  await them.channel.consume(queue, () => void inHand++)
  await until("it has them in hand", () => inHand === prefetch)
  await them.close()
}

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let waited = 0; !(await holds()); waited += 10) {
    if (waited > 20_000) {
      throw new Error(`It did not happen that ${what}\n${all.map(({ output }) => output()).join("\n")}`)
    }
    await delay(10)
  }
}

const all: Array<Background> = []
afterEach(async () => {
  for (const { kill, ended } of all) {
    kill("SIGKILL")
    await ended
  }
})

describe("a message that kills its process", () => {
  test("is dead-lettered at the delivery limit, and its neighbours are handled", { skip }, async () => {
    const name = `p${crypto.randomUUID().slice(0, 8)}`
    const serve = async (): Promise<Background> => {
      const one = start(process.execPath, [...flags, join(import.meta.dirname, "fixtures/poisoned.ts"), url(), name])
      all.push(one)
      await until("it is ready", () => /^ready$/m.test(one.output()))
      return one
    }
    const them = await startForeigner(url())
    const first = await serve()
    first.kill("SIGKILL")
    await first.ended
    const queue = QueueName.listener(name, "take")
    const innocent = Array.from({ length: 10 }, (_, i) => 100 + i)
    const numbers = [...innocent.slice(0, 5), 13, ...innocent.slice(5)]
    for (const n of numbers) {
      await them.publish(Exchange.events, poisoned(name).given.type, `{"n":${n}}`, { messageId: `m${n}` })
    }
    // real ones take a second each: most of the deaths are those of a connection, all messages in its hand
    for (let i = 0; i < deliveryLimit - deaths; i++) await crash(queue, numbers.length)
    const letter = them.take(QueueName.dead(name))
    let isOver = false
    void letter.then(() => isOver = true, () => isOver = true)
    while (!isOver) {
      const one = start(process.execPath, [...flags, join(import.meta.dirname, "fixtures/poisoned.ts"), url(), name])
      all.push(one)
      await Promise.race([one.ended, letter])
    }
    const { content, properties: { headers } } = await letter
    assert.equal(content.toString(), '{"n":13}')
    assert.deepEqual([headers?.["x-first-death-reason"], headers?.["x-first-death-queue"]], ["delivery_limit", queue])
    const handled = () =>
      new Set(all.flatMap(({ output }) => [...output().matchAll(/^handled (\d+)$/gm)].map((m) => m[1])))
    await until("all others are handled", () => handled().size === innocent.length)
    assert.equal((await them.channel.checkQueue(QueueName.dead(name))).messageCount, 0)
    await them.close()
  })
})
