/**
 * What the sample company and every kind of handler declare, against what RabbitMQ 4.0 to 4.3 removed or deny. No broker:
 * the development package is 3.10, which still takes most of it.
 *
 * Sources: rabbitmq.com/release-information/deprecated-features-list, and the release notes of 4.0.0, 4.1.0 and 4.3.0.
 * 4.0 removed mirrored classic queues (`x-ha-*`, `ha-*` policies) and takes messages of 16 MiB at most by default; 4.1
 * wants frames of 8192 bytes or more; 4.3 denies transient queues that are not exclusive, global prefetch and
 * `x-queue-master-locator`, and fails on `x-queue-mode` (any value) and `x-queue-version` 1 (rabbitmq-dotnet-client#1931).
 * What quorum queues never took: rabbitmq.com/docs/quorum-queues, feature matrix.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Logger, Result, Schema } from "effect"
import { parse } from "../../../adapters/amqp/Address.ts"
import { queueDeclaration } from "../../../adapters/amqp/queueArguments.ts"
import { maxBytes } from "../../../adapters/amqp/Publisher.ts"
import { api, call, event } from "../../../src/contract/mod.ts"
import { launch } from "../../../src/launch/mod.ts"
import { every, handle, type Namespace, on, readModule } from "../../../src/runtime/mod.ts"
import { merge, type Topology } from "../../../src/transport/mod.ts"
import { processTopology } from "../../../src/wire/mod.ts"
import { root } from "../../support/process.ts"

const Kinds = api("kinds", {
  happened: event({ n: Schema.Int }),
  ask: call({ n: Schema.Int }, { returns: Schema.Int }),
  again: call({ n: Schema.Int }, { returns: Schema.Int, idempotent: true }),
})
/** Every kind of handler, with every option that could change a queue. */
const kinds: Namespace = {
  plain: on(Kinds.happened, () => {}),
  unretried: on(Kinds.happened, () => {}, { retry: false, concurrency: 1, timeout: "1 second" }),
  ordered: on(Kinds.happened, () => {}, { orderBy: ({ n }) => n, concurrency: 4 }),
  ask: handle(Kinds.ask, ({ n }) => n),
  again: handle(Kinds.again, ({ n }) => n, { concurrency: 2 }),
  cron: every("0 3 * * *", () => {}),
  often: every("15 minutes", () => {}, { missed: "skip" }),
}

const declared = async (): Promise<Topology> => {
  const names = (await readdir(join(root, "workers"))).filter((name) => name.endsWith(".ts")).map((it) =>
    it.slice(0, -3)
  )
  const company = await Promise.all(
    names.map(async (app) => [app, await import(`../../../workers/${app}.ts`) as Namespace] as const),
  )
  const apps = [...company, ["kinds", kinds] as const].map(([app, namespace]) =>
    Result.getOrThrow(readModule(namespace, { file: `${app}.ts`, app }))
  )
  const { host } = await Effect.runPromise(Effect.scoped(launch({ apps })).pipe(Effect.provide(Logger.layer([]))))
  return merge(processTopology("instance"), host.topology)
}

const common = [
  ...["x-queue-type", "x-message-ttl", "x-expires", "x-dead-letter-exchange", "x-dead-letter-routing-key"],
  ...["x-max-length", "x-overflow", "x-single-active-consumer"],
]
/** All that may be said of a queue: what every RabbitMQ from 3.10 to 4.3 takes, by type. */
const taken = { classic: common, quorum: [...common, "x-delivery-limit", "x-dead-letter-strategy"] }
const denied = /^x-(queue-mode|queue-version|queue-master-locator|ha-.*|max-priority)$/

describe("what is declared", () => {
  test("names only arguments that RabbitMQ 3.10 to 4.3 take, for queues that they allow", async () => {
    const { queues } = await declared()
    const found = new Set<string>()
    for (const queue of queues) {
      const { durable, exclusive, autoDelete, arguments: args } = queueDeclaration(queue)
      const type = args["x-queue-type"]
      assert.ok(type === "classic" || type === "quorum", queue.name)
      found.add(type)
      assert.ok(durable || exclusive, `${queue.name} is transient and not exclusive`)
      if (type === "quorum") assert.deepEqual([durable, exclusive, autoDelete], [true, false, false], queue.name)
      for (const [name, value] of Object.entries(args)) {
        assert.ok(!denied.test(name), `${queue.name}: ${name}`)
        assert.ok(taken[type].includes(name), `${queue.name}: ${name}`)
        assert.ok(value !== "reject-publish-dlx" && value !== "lazy", `${queue.name}: ${name} is ${value}`)
      }
      // at least once only where a full queue refuses
      if (args["x-dead-letter-strategy"] === "at-least-once") assert.equal(args["x-overflow"], "reject-publish")
      assert.ok(queue.name.length <= 255)
    }
    assert.deepEqual([...found].toSorted(), ["classic", "quorum"])
    const has = (part: string) => queues.some(({ name }) => name.includes(part))
    const parts = [
      "on.kinds.ordered",
      "calls.kinds.ask",
      "every.kinds.cron",
      "token.kinds.often",
      "retry.1h",
      "dead.kinds",
    ]
    for (const part of [...parts, "replies.", "control.", "on.warranty.", "calls.sales."]) assert.ok(has(part), part)
  })

  test("bounds what comes back for ever, and loses nothing: listeners have a limit and a dead-letter queue", async () => {
    const { queues, exchanges, bindings } = await declared()
    const names = new Set([...queues, ...exchanges].map(({ name }) => name))
    for (const queue of queues.filter(({ name }) => /^warren\.(on|every)\./.test(name))) {
      assert.ok((queue.deliveryLimit ?? 0) > 0, queue.name)
      assert.deepEqual([queue.deadLetterExchange, names.has(queue.deadLetterKey ?? "")], ["", true], queue.name)
    }
    for (const { exchange, queue } of bindings) {
      assert.ok(names.has(exchange) && names.has(queue), `${exchange} ${queue}`)
    }
    for (const { type } of exchanges) assert.ok(["direct", "topic", "fanout"].includes(type))
  })

  test("keeps within the limits of 4.x for frames and messages, and never asks for a global prefetch", async () => {
    assert.ok(parse("amqp://h?frameMax=1")?.every(({ frameMax }) => frameMax >= 8192))
    assert.ok(maxBytes <= 16 * 1024 * 1024)
    // the library's second parameter of `prefetch` is `global`
    const source = await readFile(join(root, "adapters/amqp/Connection.ts"), "utf8")
    assert.deepEqual([...source.matchAll(/\.prefetch\((.*?)\)/g)].map(([, args]) => args), ["prefetch"])
  })
})
