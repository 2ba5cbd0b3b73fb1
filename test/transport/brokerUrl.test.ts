/**
 * Where a broker is, as people write it.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { brokerUrls, withoutPassword } from "../../src/transport/mod.ts"

describe("brokerUrls()", () => {
  test("takes one URL as it is", () => {
    for (const url of ["amqp://localhost", "amqps://u:p@h:1/v?heartbeat=5", "amqp://[::1]:5672", "amqp://u:a%2Cb@h"]) {
      assert.deepEqual(brokerUrls(url), [url])
    }
  })

  test("gives each host of a cluster the user, the virtual host and the query", () => {
    assert.deepEqual(brokerUrls("amqp://u:p@a,b:2/v?x=1"), ["amqp://u:p@a/v?x=1", "amqp://u:p@b:2/v?x=1"])
    assert.deepEqual(brokerUrls("amqp://a:1/v, amqps://b"), ["amqp://a:1/v", "amqps://b"])
  })

  test("knows none in other texts", () => {
    for (
      const text of ["", "localhost:5672", "http://a", "amqp://", "amqp:///v", "amqp://a:x", "amqp://a,,b", "amqp://a,"]
    ) {
      assert.equal(brokerUrls(text), undefined, text)
    }
  })
})

describe("withoutPassword()", () => {
  test("hides every password and keeps the rest", () => {
    assert.equal(withoutPassword("amqp://u:secret@a,b/v"), "amqp://u:***@a/v,amqp://u:***@b/v")
    assert.equal(withoutPassword("amqp://a"), "amqp://a")
    assert.equal(withoutPassword("u:secret@a"), "an address that cannot be read")
  })
})
