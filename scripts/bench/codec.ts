/**
 * How fast the AMQP codec of the embedded broker is: one message of 1 KiB written, and read from a stream of many.
 *
 * Stands on `src/broker/amqp`; prints figures and judges nothing. Each figure is the best of five rounds.
 */
import {
  Assembly,
  type Field,
  FrameReader,
  isWireError,
  type Method,
  type Properties,
  writeContent,
} from "../../src/broker/amqp/mod.ts"

const frameMax = 131_072

const publish: Method = {
  name: "basic.publish",
  exchange: "warren.events",
  routingKey: "sales.orderPlaced",
  mandatory: true,
  immediate: false,
}

const plain: Properties = {
  contentType: "application/json",
  deliveryMode: 2,
  messageId: "0190d1e2-7d6a-7c1a-9f2e-3b2a1c0d9e8f",
  timestamp: 1_700_000_000,
  type: "sales.orderPlaced",
  appId: "sales",
}

const headers = new Map<string, Field>([
  ["traceparent", { type: "longstr", value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }],
  ["warren-attempt", { type: "unsignedbyte", value: 1 }],
  ["warren-schema", { type: "longstr", value: "abcdef0123456789" }],
])

const body = new Uint8Array(1024).fill(0x61)

const write = (properties: Properties, count: number): number => {
  let bytes = 0
  for (let i = 0; i < count; i++) bytes += writeContent(1, publish, properties, body, frameMax).length
  return bytes
}

/** Reads pieces of 50 messages each. */
const read = (properties: Properties, count: number): number => {
  const one = writeContent(1, publish, properties, body, frameMax)
  const piece = new Uint8Array(50 * one.length)
  for (let i = 0; i < 50; i++) piece.set(one, i * one.length)
  const reader = new FrameReader({ frameMax, expectsGreeting: false })
  const assembly = new Assembly(frameMax)
  let messages = 0
  while (messages < count) {
    reader.push(piece)
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      if (isWireError(frame) || frame.type === "greeting" || frame.type === "heartbeat") throw new Error("misread")
      if (assembly.take(frame) !== undefined) messages++
    }
  }
  return messages
}

const report = (title: string, work: (count: number) => number): void => {
  const count = 100_000
  let best = Infinity
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    work(count)
    best = Math.min(best, performance.now() - start)
  }
  console.log(`${title.padEnd(56)} ${(best * 1_000 / count).toFixed(2).padStart(8)} µs`)
}

/** Prints the codec's figures. */
export const run = (): Promise<void> => {
  for (const [kind, properties] of [["six properties", plain], ["and three headers", { ...plain, headers }]] as const) {
    report(`write publish + header + body of 1 KiB, ${kind}`, (count) => write(properties, count))
    report(`read publish + header + body of 1 KiB, ${kind}`, (count) => read(properties, count))
  }
  return Promise.resolve()
}

if (import.meta.main) await run()
