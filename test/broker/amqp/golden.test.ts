/**
 * What amqplib and RabbitMQ said to each other once is read, and written again to the very same bytes.
 *
 * `fixtures/record.ts` records it anew.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import {
  Assembly,
  type Content,
  type Frame,
  heartbeat,
  isWireError,
  protocolHeader,
  writeBody,
  writeHeader,
  writeMethod,
} from "../../../src/broker/amqp/mod.ts"
import { properties } from "./fixtures/properties.ts"
import { bytesOf, readAll, readBoth } from "./support.ts"

const file = join(import.meta.dirname, "fixtures", "amqplib.json")
const recorded = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<"client" | "server", ReadonlyArray<string>>>

const said = (side: "client" | "server"): Uint8Array =>
  Uint8Array.from(recorded[side].join("").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

const write = (frame: Frame): Uint8Array => {
  switch (frame.type) {
    case "greeting":
      return protocolHeader as Uint8Array
    case "heartbeat":
      return heartbeat as Uint8Array
    case "method":
      return writeMethod(frame.channel, frame.method)
    case "header":
      return writeHeader(frame)
    case "body":
      return writeBody(frame.channel, frame.body)
  }
}

const framesOf = (side: "client" | "server"): ReadonlyArray<Frame> => {
  const { frames, error } = readBoth(said(side), { frameMax: 8192, expectsGreeting: side === "client" })
  assert.equal(error, undefined)
  return frames
}

const namesOf = (frames: ReadonlyArray<Frame>): ReadonlyArray<string> =>
  frames.flatMap((frame) => frame.type === "method" ? frame.method.name : [])

const contentsOf = (side: "client" | "server"): ReadonlyArray<Content> => {
  const assembly = new Assembly(10_000)
  return framesOf(side).flatMap((frame) => {
    if (frame.type === "greeting" || frame.type === "heartbeat" || frame.channel !== 1) return []
    const taken = assembly.take(frame)
    return taken !== undefined && !isWireError(taken) && taken.type === "content" ? [taken] : []
  })
}

describe("what was recorded", () => {
  for (const side of ["client", "server"] as const) {
    test(`of the ${side} is read to its end and written to the same bytes`, () => {
      const bytes = said(side)
      const frames = framesOf(side)
      let at = 0
      for (const frame of frames) {
        const written = write(frame)
        assert.deepEqual(written, bytes.slice(at, at + written.length), JSON.stringify(namesOf([frame])))
        at += written.length
      }
      assert.equal(at, bytes.length)
      for (const piece of [2, 3, 7, 100, 4096]) {
        const again = readAll(bytes, { pieces: [piece], frameMax: 8192, expectsGreeting: side === "client" })
        assert.deepEqual(bytesOf(...again.frames.map(write)), bytes)
      }
    })
  }

  test("has most methods in it", () => {
    const names = new Set([...namesOf(framesOf("client")), ...namesOf(framesOf("server"))])
    const missing = [
      "connection.start",
      "connection.tune-ok",
      "connection.update-secret",
      "channel.open-ok",
      "channel.close",
      "exchange.unbind-ok",
      "queue.unbind-ok",
      "queue.purge-ok",
      "basic.qos-ok",
      "basic.consume",
      "basic.publish",
      "basic.deliver",
      "basic.return",
      "basic.get-ok",
      "basic.get-empty",
      "basic.ack",
      "basic.nack",
      "basic.reject",
      "basic.recover-ok",
      "basic.cancel-ok",
      "confirm.select",
      "connection.close-ok",
    ].filter((name) => !names.has(name as never))
    assert.deepEqual(missing, [])
    assert.ok(names.size >= 45, String(names.size))
  })

  test("means what was said: methods, properties, headers of every type, bodies in several frames", () => {
    const [first, second] = contentsOf("client")
    assert.deepEqual(first?.method, {
      name: "basic.publish",
      exchange: "golden.events",
      routingKey: "a.b",
      mandatory: false,
      immediate: false,
    })
    const { headers, ...others } = first.properties
    assert.deepEqual(others, properties)
    const typed = Object.fromEntries([...headers!].map(([name, { type, value }]) => [name, [type, value]]))
    assert.deepEqual(typed["long"], ["long", 2 ** 40])
    assert.deepEqual(typed["below"], ["long", -(2 ** 40)])
    assert.deepEqual(typed["negative"], ["byte", -1])
    assert.deepEqual(typed["text"], ["longstr", "€"])
    assert.deepEqual(typed["nothing"], ["void", undefined])
    assert.deepEqual(typed["when"], ["timestamp", 1_700_000_000])
    assert.deepEqual(typed["price"], ["decimal", { scale: 2, value: 1234 }])
    assert.deepEqual(typed["single"], ["float", 0.5])
    assert.deepEqual(typed["table"], [
      "table",
      new Map([["in", { type: "table", value: new Map([["out", { type: "longstr", value: "x" }]]) }]]),
    ])
    assert.equal(new TextDecoder().decode(first.body), '{"a":1}')
    assert.deepEqual(second?.body, new Uint8Array(9_000).fill(0x2e))
    // RabbitMQ gives back what it was given
    const delivered = contentsOf("server").find(({ method }) => method.name === "basic.deliver")
    assert.ok(delivered !== undefined)
    assert.deepEqual(Object.fromEntries(delivered.properties.headers!), Object.fromEntries(headers!))
  })
})
