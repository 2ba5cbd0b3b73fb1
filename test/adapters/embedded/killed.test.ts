/**
 * The host is killed (SIGKILL) at any moment, on each runtime: what was confirmed and not acked is there again, in its order;
 * what was acked before something else was confirmed is not.
 */
import assert from "node:assert/strict"
import { join } from "node:path"
import amqp from "amqplib"
import { Effect, type Scope } from "effect"
import { describe, test } from "#test"
import { start } from "../../support/process.ts"
import { onChannel } from "../../support/onChannel.ts"
import { effect, folder } from "./support.ts"

const script = join(import.meta.dirname, "fixtures/host.ts")

const commands: Readonly<Record<string, readonly [string, ...ReadonlyArray<string>]>> = {
  bun: ["bun", script],
  deno: ["deno", "run", "-A", "--no-check", script],
  node: ["node", script],
}

/** Waits for something that comes by itself; machines may be busy. */
const until = <A>(look: () => A | undefined): Effect.Effect<A, Error> => {
  const attempt = (left: number): Effect.Effect<A, Error> =>
    Effect.suspend(() => {
      const found = look()
      if (found !== undefined) return Effect.succeed(found)
      return left <= 0 ? Effect.fail(new Error("it did not come")) : Effect.delay(attempt(left - 10), 10)
    })
  return attempt(40_000)
}

/** A host in a process of its own. */
const hosting = Effect.fnUntraced(function* (
  runtime: string,
  path: string,
): Effect.fn.Return<{ readonly url: string; readonly kill: Effect.Effect<void> }, Error, Scope.Scope> {
  const [command, ...args] = commands[runtime]!
  const background = start(command, [...args, path])
  const kill = Effect.andThen(
    Effect.sync(() => background.kill("SIGKILL")),
    Effect.promise(() => background.ended),
  )
  yield* Effect.addFinalizer(() => kill)
  const url = yield* until(() => /at (amqp:\S+) /.exec(background.output())?.[1])
  return { url, kill: Effect.asVoid(kill) }
})

const persistent = { persistent: true, contentType: "text/plain", headers: { "a-number": 7, "a-list": ["x", 1] } }

/** Publishes numbers until the connection is gone; says which were confirmed. */
const publishUntilGone = async (url: string, confirmed: Array<number>, queue: string): Promise<void> => {
  const connection = await amqp.connect(url, { noDelay: true })
  connection.on("error", () => {})
  const gone = new Promise<void>((resolve) => connection.once("close", () => resolve()))
  const channel = await connection.createConfirmChannel()
  channel.on("error", () => {})
  let isOpen = true
  void gone.then(() => isOpen = false)
  for (let n = 1; isOpen; n++) {
    try {
      channel.sendToQueue(queue, Buffer.from(String(n)), persistent, (error) => {
        if (error === null || error === undefined) confirmed.push(n)
      })
    } catch {
      break
    }
    if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await gone
}

/** Takes and acks everything that is in a queue. */
const drain = async (url: string, queue: string): Promise<ReadonlyArray<amqp.GetMessage>> => {
  // or each of its small writes waits for the answer to the one before
  const connection = await amqp.connect(url, { noDelay: true })
  const channel = await connection.createChannel()
  const found: Array<amqp.GetMessage> = []
  for (let got = await channel.get(queue); got !== false; got = await channel.get(queue)) {
    found.push(got)
    channel.ack(got)
  }
  await connection.close()
  return found
}

describe("a host that is killed", () => {
  for (const runtime of Object.keys(commands)) {
    test(
      `on ${runtime} leaves everything that was confirmed`,
      { timeout: 100_000 },
      () =>
        effect(Effect.gen(function* () {
          const path = join(yield* folder, "data")
          const first = yield* hosting(runtime, path)
          yield* Effect.promise(() =>
            onChannel(first.url, async (channel) => {
              await channel.assertQueue("kept", { durable: true })
              await channel.assertQueue("counted", { durable: true, arguments: { "x-queue-type": "quorum" } })
              await channel.assertQueue("fleeting", { durable: false, exclusive: false })
              // acked, and then something else confirmed: these are gone for good
              for (let n = 0; n < 50; n++) channel.sendToQueue("kept", Buffer.from(`acked ${n}`), persistent)
              await channel.waitForConfirms()
            })
          )
          assert.equal((yield* Effect.promise(() => drain(first.url, "kept"))).length, 50)
          // one that is in a consumer's hand when it happens
          const holder = yield* Effect.promise(() => amqp.connect(first.url))
          holder.on("error", () => {})
          yield* Effect.promise(async () => {
            const channel = await holder.createConfirmChannel()
            channel.sendToQueue("counted", Buffer.from("in hand"), persistent)
            await channel.waitForConfirms()
            await new Promise((resolve) => void channel.consume("counted", resolve))
          })
          const confirmed: Array<number> = []
          const publishing = publishUntilGone(first.url, confirmed, "kept")
          yield* until(() => confirmed.length >= 300 ? true : undefined)
          yield* first.kill
          yield* Effect.promise(() => publishing)

          const second = yield* hosting(runtime, path)
          assert.equal(second.url, first.url)
          const found = yield* Effect.promise(() => drain(second.url, "kept"))
          const numbers = found.map(({ content }) => Number(String(content)))
          assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b), "in their order, and none that was acked")
          const missing = confirmed.filter((n) => !numbers.includes(n))
          assert.deepEqual(missing, [])
          const [one] = found
          assert.deepEqual(one?.properties.headers, persistent.headers)
          assert.deepEqual([one?.properties.contentType, one?.properties.deliveryMode], ["text/plain", 2])
          assert.equal(found.some(({ fields }) => fields.redelivered), false)
          const [held] = yield* Effect.promise(() => drain(second.url, "counted"))
          assert.deepEqual([String(held?.content), held?.fields.redelivered], ["in hand", true])
          assert.equal(held?.properties.headers?.["x-delivery-count"], 1)
          const lost = yield* Effect.promise(() =>
            onChannel(second.url, (channel) => {
              channel.on("error", () => {})
              return channel.checkQueue("fleeting")
            }).then(() => "there", () => "gone")
          )
          assert.equal(lost, "gone")
        })),
    )
  }
})
