/**
 * Messages of other programs in the queues that are a process's own, on RabbitMQ: replies, notices, cancellations, tokens and
 * ticks that make no sense.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { Exchange, QueueName } from "../../src/wire/mod.ts"
import { nested } from "../support/foreign.ts"
import { everyType, huge } from "../support/oddities.ts"
import { skip } from "../support/rabbit.ts"
import { oddWorld } from "./oddWorld.ts"

const { app, ticked, stop, until, us, them, count, dead, goesOn } = oddWorld()

describe("a process's own queues", () => {
  test("count replies for nobody, and drop notices and cancellations that make no sense", { skip }, async () => {
    const before = count("stray-reply")
    const { instance } = us().core
    const bodies = ["", "{", '{"v":1,"kind":"ask"}', Buffer.from([0xff]), huge('{"v":1,"kind":"announce",', "}")]
    for (const body of bodies) {
      await them().publish("", QueueName.replies(instance), body, { correlationId: "nobody", headers: everyType })
      const odd = { type: "warren.presence", headers: nested(12_500) }
      await them().publish(Exchange.control, "presence.announce", body, odd)
      await them().publish("", QueueName.control(instance), body, odd)
      await them().publish(Exchange.control, "cancel.x", body, {
        correlationId: "c".repeat(255),
        headers: { ...everyType, "warren-deadline": { "!": "double", value: -1e300 } },
      })
      await them().publish(Exchange.control, "cancel.x", body, { headers: { "warren-deadline": 1e300 } })
    }
    await until("all are counted", () => count("stray-reply") === before + bodies.length)
    await goesOn()
  })

  test("a schedule's queues drop what is no token and dead-letter what is no tick", { skip }, async () => {
    const token = QueueName.token(app, "tick")
    const bodies = ["", "[]", '{"last":"noon"}', '{"last":1e300}', '{"since":-1}', Buffer.from([0xff]), "5", "null"]
    for (const body of bodies) await them().publish("", token, body, { headers: everyType })
    await until("they are gone", async () => (await them().channel.checkQueue(token)).messageCount === 0)
    for (const body of ["", "{}", '{"due":"noon"}', '{"due":1e999}', '{"due":1,"missed":"x"}', Buffer.from([0xff])]) {
      await them().publish("", QueueName.schedule(app, "tick"), body, { headers: everyType })
      const { headers } = await dead()
      assert.deepEqual([headers["warren-dead-reason"], headers["warren-dead-handler"]], ["undecodable", `${app}.tick`])
    }
    await them().publish("", QueueName.schedule(app, "tick"), '{"due":17}', { headers: nested(12_500) })
    await until("a tick is handled", () => ticked.includes(17))
    await goesOn()
  })

  test("keep nothing: all are empty once the process has gone", { skip }, async () => {
    await them().publish("", QueueName.dead(app), "their own", { headers: everyType })
    assert.equal((await dead()).content.toString(), "their own")
    await stop()
    for (const { kind, queue } of us().host.stations) {
      if (kind !== "call") assert.equal((await them().channel.checkQueue(queue)).messageCount, 0, queue)
    }
    assert.equal((await them().channel.checkQueue(QueueName.dead(app))).messageCount, 0)
    assert.equal((await them().channel.checkQueue(QueueName.token(app, "tick"))).messageCount, 1)
  })
})
