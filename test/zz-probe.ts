import amqp from "amqplib"
import { Buffer } from "node:buffer"
import { readFileSync } from "node:fs"
import process from "node:process"
import { setTimeout as delay } from "node:timers/promises"
import { Schema } from "effect"
import { api, call, connect, event, handle, on } from "warren"
const { url } = JSON.parse(readFileSync("/tmp/h/probe-broker.json", "utf8"))
const name = "p" + crypto.randomUUID().slice(0, 6)
const P = api(name, { e: event({ n: Schema.Int }), ask: call({ n: Schema.Int }, { returns: Schema.Int }) })
const seen: number[] = []
await using bus = await connect({ app: name, broker: url, workers: { [name]: { ask: handle(P.ask, ({ n }) => n + 1), on: on(P.e, ({ n }) => { seen.push(n); if (n >= 100) throw new Error("no") }, {retry: {attempts: 2, first: "1 second"}} as never) } } })
const c = await amqp.connect(url); const ch = await c.createConfirmChannel()
ch.on("error", (e) => console.log("CH", e.message)); ch.on("return", (m) => console.log("RETURN", m.fields.routingKey))
const nested = (levels: number) => { let b = Buffer.alloc(0); const out = Buffer.alloc(levels * 5); for (let i = 0; i < levels; i++) { out[i*5] = 0x41; out.writeUInt32BE((levels - i - 1) * 5, i*5+1) } return out }
const stream = (c as never as { connection: { stream: { write: Function } } }).connection.stream
const write = stream.write.bind(stream)
stream.write = (chunk: Buffer, ...rest: unknown[]) => { const at = chunk.indexOf("\x03bigx"); if (at >= 0) chunk[at + 4] = 0x41; return write(chunk, ...rest) }
const rq = (await ch.assertQueue("", { exclusive: true })).queue
await ch.consume(rq, (m) => console.log("REPLY", m!.properties.correlationId, m!.properties.headers, m!.content.toString()), { noAck: true })
const send = async (what: string, key: string, ex: string, body: string, o: object) => { console.log("SEND", what); ch.publish(ex, key, Buffer.from(body), { mandatory: true, ...o }); await ch.waitForConfirms(); await delay(1500) }
const mode = process.argv[2]
if (mode === "death") await send("death", name + ".e", "warren.events", '{"n":1}', { headers: { "x-death": [{ count: { toString: "x", valueOf: "y" } }] } })
if (mode === "deep") await send("deep", name + ".ask", "warren.calls", '{"n":1}', { replyTo: rq, correlationId: "deep", headers: { big: nested(12500) } })
if (mode === "longid") await send("longid", name + ".ask", "warren.calls", '{"n":1}', { replyTo: rq, correlationId: "c".repeat(255), messageId: "m".repeat(255) })
if (mode === "time") await send("time", name + ".e", "warren.events", '{"n":100}', { timestamp: 18446744073709549568 })
if (mode === "direct") {
  const ch2 = await c.createChannel(); await ch2.consume("amq.rabbitmq.reply-to", (m) => console.log("DIRECT", m!.content.toString()), { noAck: true })
  ch2.publish("warren.calls", name + ".ask", Buffer.from('{"n":5}'), { replyTo: "amq.rabbitmq.reply-to", correlationId: "d" }); await delay(500)
  await send("garbage", name + ".ask", "warren.calls", '{"n":1}', { replyTo: "amq.rabbitmq.reply-to.zzz", correlationId: "x" })
  await send("garbage2", name + ".ask", "warren.calls", '{"n":1}', { replyTo: "amq.rabbitmq.reply-to.g1h2AA5yZXBseUA.abc==", correlationId: "x" })
}
await send("good", name + ".e", "warren.events", '{"n":7}', {})
console.log("seen", seen, "ask", await bus.call(P.ask({ n: 41 }), { timeout: 3000 }).catch(String))
for (const q of [`warren.on.${name}.on`, `warren.calls.${name}.ask`, `warren.dead.${name}`]) console.log(await ch.checkQueue(q))
const d = await ch.get(`warren.dead.${name}`, { noAck: true }); if (d) console.log(d.properties.headers, d.content.toString())
await c.close()
