/**
 * The pure half of the AMQP adapter: addresses, queue arguments, properties. No broker.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { Redacted } from "effect"
import { type Credentials, parse } from "../../../adapters/amqp/Address.ts"
import { deliveryCount, fromPacket, tooLong, toPacket } from "../../../adapters/amqp/properties.ts"
import { clientProperties } from "../../../adapters/amqp/clientProperties.ts"
import { queueDeclaration } from "../../../adapters/amqp/queueArguments.ts"
import { failure, transportError } from "../../../adapters/amqp/Failure.ts"
import { packet } from "../../../src/testing/transportSuiteRig.ts"
import type { Identity, QueueSpec } from "../../../src/transport/mod.ts"

describe("parse()", () => {
  const of = (url: string, credentials?: Credentials) => {
    const [address] = parse(url, credentials) ?? []
    assert.ok(address !== undefined, url)
    return address
  }

  test("keeps the password out of everything that is printed", () => {
    const address = of("amqps://us%40r:p%C3%A4ss@broker.example/a%2Fb?heartbeat=5")
    assert.equal(address.label, "amqps://us@r@broker.example:5671/a/b")
    assert.equal(Redacted.value(address.password), "päss")
    assert.deepEqual([address.vhost, address.heartbeat], ["a/b", 5])
    assert.ok(!JSON.stringify(address).includes("päss"))
  })

  test("fills in RabbitMQ's defaults, a heartbeat and a frame size that 4.x takes", () => {
    const address = of("amqp://localhost")
    assert.deepEqual([address.user, Redacted.value(address.password), address.vhost], ["guest", "guest", "/"])
    assert.equal(address.label, "amqp://guest@localhost:5672")
    assert.deepEqual([address.heartbeat, address.frameMax, address.tls], [10, 131_072, undefined])
    assert.equal(of("amqp://h?frameMax=4096").frameMax, 8192)
  })

  test("takes the certificates' files from the query, and what a program says before that", () => {
    const tls = { ca: "/ca.pem", cert: undefined, key: undefined, verify: false, serverName: "b" }
    const url = "amqps://h?cacertfile=/ca.pem&verify=verify_none&server_name_indication=b"
    assert.deepEqual(of(url).tls, tls)
    const said = of(url, { user: "u", password: Redacted.make("p"), ca: "/other.pem", cert: "/c.pem", key: "/k.pem" })
    assert.deepEqual(said.tls, { ...tls, ca: "/other.pem", cert: "/c.pem", key: "/k.pem" })
    assert.deepEqual([said.user, Redacted.value(said.password)], ["u", "p"])
  })

  test("takes several hosts of a cluster, in one URL or one by one", () => {
    const labels = (url: string) => parse(url)?.map(({ label }) => label)
    assert.deepEqual(labels("amqp://u:p@a:1,b:2,[::1]:3/v?heartbeat=1"), [
      "amqp://u@a:1/v",
      "amqp://u@b:2/v",
      "amqp://u@[::1]:3/v",
    ])
    assert.deepEqual(labels("amqp://a, amqps://u:p@b/v"), ["amqp://guest@a:5672", "amqps://u@b:5671/v"])
  })

  test("refuses what is no broker's URL", () => {
    for (
      const url of ["", "localhost", "http://x", "amqp://", "amqp:///v", "amqp://a,", "amqp://a,http://b", "amqp://a:x"]
    ) {
      assert.equal(parse(url), undefined, url)
    }
  })
})

describe("queueDeclaration()", () => {
  const removed = ["x-queue-mode", "x-ha-policy", "x-queue-master-locator", "x-max-priority"]

  test("names nothing that RabbitMQ 4.x removed, and no transient queue that is not exclusive", () => {
    const every = queueDeclaration({
      name: "q",
      type: "quorum",
      messageTtl: 1,
      expires: 2,
      deadLetterExchange: "",
      deadLetterKey: "d",
      deliveryLimit: 3,
      maxLength: 4,
      singleActiveConsumer: true,
    })
    assert.deepEqual(every, {
      durable: true,
      autoDelete: false,
      exclusive: false,
      arguments: {
        "x-queue-type": "quorum",
        "x-message-ttl": 1,
        "x-expires": 2,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "d",
        "x-dead-letter-strategy": "at-least-once",
        "x-delivery-limit": 3,
        "x-max-length": 4,
        "x-overflow": "reject-publish",
        "x-single-active-consumer": true,
      },
    })
    for (const name of removed) assert.ok(!(name in every.arguments))
    assert.deepEqual(queueDeclaration({ name: "q", type: "classic", deadLetterExchange: "d" }).arguments, {
      "x-queue-type": "classic",
      "x-dead-letter-exchange": "d",
    })
  })

  test("drops the oldest only where that was asked for, and dead-letters it at most once, as RabbitMQ demands", () => {
    const limits = (spec: Partial<QueueSpec>) =>
      queueDeclaration({ name: "q", type: "quorum", maxLength: 1, ...spec }).arguments
    assert.deepEqual(limits({}), { "x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish" })
    assert.deepEqual(limits({ overflow: "drop-head" }), {
      "x-queue-type": "quorum",
      "x-max-length": 1,
      "x-overflow": "drop-head",
    })
    assert.deepEqual(limits({ overflow: "drop-head", deadLetterExchange: "d" }), {
      "x-queue-type": "quorum",
      "x-dead-letter-exchange": "d",
      "x-max-length": 1,
      "x-overflow": "drop-head",
    })
  })
})

describe("clientProperties()", () => {
  const properties = (given: Partial<Identity>) =>
    clientProperties({ name: "warren", instance: undefined, apps: [], ...given }, "consumes")

  test("say whose connection it is, and nothing that is not known", () => {
    assert.deepEqual(properties({ name: "warren sales, parts", instance: "i-1", apps: ["sales", "parts"] }), {
      connection_name: "warren sales, parts (consumes)",
      warren_instance: "i-1",
      warren_apps: "sales,parts",
    })
    assert.deepEqual(properties({}), { connection_name: "warren (consumes)" })
  })

  test("fit into a frame of 4096 bytes, however many apps there are", () => {
    const apps = Array.from({ length: 200 }, (_, i) => `app-${i}-${"x".repeat(50)}`)
    const said = properties({ name: `warren ${apps.join(", ")}`, instance: "i-1", apps })
    assert.ok(JSON.stringify(said).length < 2_500)
    const listed = said["warren_apps"]?.split(",") ?? []
    assert.deepEqual(listed, apps.slice(0, listed.length))
    assert.ok(listed.length > 10)
  })
})

describe("properties", () => {
  test("fromPacket() and toPacket() agree for every packet", () => {
    const headers = fc.dictionary(
      fc.stringMatching(/^[a-w][a-z0-9-]{0,20}$/).filter((name) => name !== "warren-timestamp"),
      fc.oneof(fc.string(), fc.boolean(), fc.maxSafeInteger()),
    )
    const text = fc.string({ maxLength: 60 })
    const packets = fc.record({
      id: text,
      type: text,
      app: text,
      timestamp: fc.nat(2_000_000_000_000),
      contentType: text,
      persistent: fc.boolean(),
      headers,
      body: fc.uint8Array({ maxLength: 10 }),
    })
    fc.assert(fc.property(packets, (sent) => {
      const received = toPacket(fromPacket(sent), sent.body)
      assert.deepEqual({ ...received, headers: { ...received.headers } }, { ...sent, headers: { ...sent.headers } })
    }))
  })

  test("toPacket() takes anything", () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.anything()), fc.anything(), (headers, value) => {
      const properties = { messageId: value, timestamp: value, expiration: value, deliveryMode: value, headers }
      assert.equal(typeof toPacket(properties, new Uint8Array()).id, "string")
      assert.equal(typeof deliveryCount(properties), "number")
    }))
  })

  test("toPacket() takes an expiration that is no text", () => {
    const packet = toPacket({ expiration: { toString: {} }, headers: { a: { b: 1n } } }, new Uint8Array(0))
    assert.deepEqual([packet.expiration, packet.headers], [undefined, {}])
  })

  test("toPacket() takes a record of deaths, a time and a name that the broker never made", () => {
    const long = "İ".repeat(127)
    const headers = { "x-death": [{ count: { toString: "a", valueOf: "b" } }, "no", null], [long]: 1, "UPPER": 2 }
    const packet = toPacket({ timestamp: 2 ** 64, headers }, new Uint8Array(0))
    assert.deepEqual([packet.headers["x-death-count"], packet.headers["upper"], packet.timestamp], [0, 2, 0])
    assert.equal(packet.headers[long], 1)
    const written = fromPacket({ ...packet, headers: { ["x".repeat(256)]: 1, ["x".repeat(255)]: 2 } }).headers ?? {}
    assert.deepEqual(Object.keys(written), ["x".repeat(255)])
  })

  test("fromPacket() leaves the broker's record of a death behind", () => {
    const headers = {
      "x-death": "[]",
      "x-death-count": 1,
      "x-first-death-queue": "q",
      "x-last-death-reason": "expired",
      "x-delivery-count": 2,
      "x-mine": "kept",
    }
    assert.deepEqual(fromPacket(packet("", { headers, timestamp: 1000 })).headers, { "x-mine": "kept" })
  })

  test("fromPacket() writes expirations that the broker takes", () => {
    const written = (expiration: number) => fromPacket(packet("", { expiration })).expiration
    assert.deepEqual([0, 1.2, -5, 4_294_967_295].map(written), ["0", "2", "0", "4294967295"])
    assert.equal(written(4_294_967_296), undefined)
  })

  test("fromPacket() leaves out numbers that are none, for which RabbitMQ would close the connection", () => {
    const headers = { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: Number.NEGATIVE_INFINITY, d: 1.5, e: 2 }
    const back = toPacket(fromPacket(packet("", { headers })), new Uint8Array(0))
    assert.deepEqual(Object.keys(back.headers), ["d", "e"])
  })

  test("tooLong() counts bytes, not characters", () => {
    assert.equal(tooLong(packet(""), "x", "k".repeat(255)), undefined)
    assert.deepEqual(tooLong(packet(""), "x", "ü".repeat(128)), { size: 256, limit: 255 })
    assert.deepEqual(tooLong(packet("", { correlationId: "c".repeat(300) }), "x", "k"), { size: 300, limit: 255 })
  })
})

describe("failure()", () => {
  test("reads the broker's words out of the library's", () => {
    const refused = failure(
      Object.assign(
        new Error(
          `Operation failed: QueueDeclare; 406 (PRECONDITION-FAILED) with message "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 'q' in vhost '/'"`,
        ),
        { code: 406 },
      ),
    )
    const error = transportError("declare", "q")(refused)
    assert.equal(
      error.message,
      `Cannot declare "q": "q" exists with other properties, inequivalent arg 'x-message-ttl' for queue 'q' in vhost '/'`,
    )
  })

  test("names an argument that is empty", () => {
    const text = "PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-exchange' for queue 'q' in vhost '/': " +
      "received the value '' of type 'longstr' but current is none"
    const refused = failure(
      Object.assign(new Error(`Operation failed: QueueDeclare; 406 (PRECONDITION-FAILED) with message "${text}"`), {
        code: 406,
      }),
    )
    assert.match(
      transportError("declare", "q")(refused).message,
      /"x-dead-letter-exchange" of this queue is none there, and "" is wanted here/,
    )
  })

  test("makes something of anything thrown", () => {
    for (
      const thrown of [undefined, null, "text", 1, {}, new Error(""), new AggregateError([new Error("inner")], "")]
    ) {
      assert.ok(failure(thrown).text.length > 0)
    }
    assert.equal(failure(new AggregateError([new Error("inner")], "")).text, "inner")
  })
})
