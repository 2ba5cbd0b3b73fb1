/**
 * Endpoints: written as ZeroMQ writes them, read again, and refused with what was expected.
 */
import { describe, test } from "#test"
import { Result } from "effect"
import fc from "fast-check"
import assert from "node:assert/strict"
import { type Endpoint, formatEndpoint, parseEndpoint } from "../../../../adapters/zeromq/zmtp/Endpoint.ts"

const read = (text: string, use: "bind" | "connect" = "connect"): Endpoint | string =>
  Result.match(parseEndpoint(text, use), { onSuccess: (endpoint) => endpoint, onFailure: ({ message }) => message })

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV6().map((address) => `${address}%eth0.1`),
  fc.constantFrom("localhost", "my_service", "127.0.0.1", "::1", "fe80::1%lo"),
)
const path = fc.string({ minLength: 1 }).filter((path) => !path.includes("\0"))
const endpoint: fc.Arbitrary<Endpoint> = fc.oneof(
  host.chain((host) => fc.integer({ min: 1, max: 65_535 }).map((port) => ({ _tag: "Tcp" as const, host, port }))),
  path.map((path) => ({ _tag: "Ipc" as const, path })),
)

describe("parseEndpoint()", () => {
  test("reads what formatEndpoint() wrote", () => {
    fc.assert(fc.property(endpoint, fc.constantFrom("bind" as const, "connect" as const), (endpoint, use) => {
      assert.deepEqual(read(formatEndpoint(endpoint), use), endpoint)
    }))
  })

  test("leaves host and port to the system where a socket binds", () => {
    for (const text of ["tcp://*:*", "tcp://*:0"]) {
      assert.deepEqual(read(text, "bind"), { _tag: "Tcp", host: "*", port: 0 })
      assert.match(String(read(text)), /can connect only to one host and port/)
    }
    assert.deepEqual(read("tcp://[::]:*", "bind"), { _tag: "Tcp", host: "::", port: 0 })
    assert.match(String(read("tcp://localhost:0")), /can connect only/)
    assert.match(String(read("tcp://*:80")), /can connect only/)
  })

  test("refuses what it cannot read, and says what it expects", () => {
    const wrong = [
      "",
      "tcp://",
      "tcp://host",
      "tcp://host:",
      "tcp://:80",
      "tcp://host:port",
      "tcp://host:-1",
      "tcp://host:123456",
      "tcp://::1:80",
      "tcp://[::1]80",
      "tcp://[]:80",
      "tcp://a b:80",
      "tcp://host:80/path",
      "tcp://host:80 ",
      "udp://host:80",
      "inproc://name",
      "host:80",
    ]
    for (const text of wrong) assert.match(String(read(text)), /expected "tcp:\/\/host:port" or "ipc:\/\/\/path"/, text)
    assert.match(String(read("tcp://host:65536")), /port 65536 is more than 65535/)
    assert.match(String(read("ipc://")), /it has no path/)
    assert.match(String(read("ipc:///a\0b")), /it has no path/)
  })

  test("reads or refuses whatever comes", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      for (const all of [text, `tcp://${text}`, `tcp://${text}:80`, `ipc://${text}`]) {
        const result = parseEndpoint(all, "connect")
        if (Result.isSuccess(result)) assert.deepEqual(read(formatEndpoint(result.success)), result.success)
      }
    }))
  })
})
