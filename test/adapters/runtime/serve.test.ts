/**
 * Serving HTTP on the runtime at hand: addresses, failures in plain words, and how a server ends.
 */
import assert from "node:assert/strict"
import { createServer, type Server } from "node:net"
import { Effect, Exit, Logger, Result, Scope } from "effect"
import { describe, test } from "#test"
import {
  formatAddress,
  InvalidAddress,
  parseAddress,
  serve,
  ServeError,
  type ServeOptions,
} from "../../../adapters/runtime/mod.ts"

describe("parseAddress()", () => {
  test("reads what people write", () => {
    const cases: ReadonlyArray<readonly [string, string, number]> = [
      ["9000", "127.0.0.1", 9000],
      [":9000", "127.0.0.1", 9000],
      ["localhost:9000", "localhost", 9000],
      ["0.0.0.0:80", "0.0.0.0", 80],
      ["[::1]:8081", "::1", 8081],
      ["[::]", "::", 8080],
      ["example.com", "example.com", 8080],
      ["127.0.0.1:0", "127.0.0.1", 0],
      ["", "127.0.0.1", 8080],
    ]
    for (const [text, hostname, port] of cases) {
      assert.deepEqual(Result.getOrThrow(parseAddress(text)), { hostname, port }, text)
    }
  })

  test("refuses the rest, with the value and the reason", () => {
    const cases: ReadonlyArray<readonly [string, RegExp]> = [
      ["localhost:", /port is missing/],
      ["localhost:http", /"http" is no port/],
      ["localhost:70000", /more than 65535/],
      ["99999", /more than 65535/],
      ["::1", /brackets/],
      ["::1:8080", /brackets/],
      ["[zz]:1", /no host name/],
      ["[]:1", /no host name/],
      ["256.1.1.1:80", /no host name/],
      ["a b:80", /no host name/],
      ["-x:80", /no host name/],
      ["http://localhost:80", /URL/],
      ["localhost:-1", /"-1" is no port/],
    ]
    for (const [text, reason] of cases) {
      const read = parseAddress(text)
      assert.ok(Result.isFailure(read), text)
      assert.ok(read.failure instanceof InvalidAddress)
      assert.match(read.failure.message, reason)
      assert.ok(read.failure.message.includes(`"${text}"`))
      assert.match(read.failure.remedy, /localhost:8080/)
    }
  })

  test("formatAddress() puts IPv6 in brackets", () => {
    assert.equal(formatAddress({ hostname: "::1", port: 80 }), "[::1]:80")
    assert.equal(formatAddress({ hostname: "localhost", port: 80 }), "localhost:80")
  })
})

const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(Effect.provide(effect, Logger.layer([])))

/** Starts a server; closing it is the test's. */
const open = async (options: Partial<ServeOptions> & Pick<ServeOptions, "fetch">) => {
  const scope = Effect.runSync(Scope.make())
  const { port } = await run(Scope.provide(serve({ hostname: "127.0.0.1", port: 0, ...options }), scope))
  return { url: `http://127.0.0.1:${port}/`, port, close: () => run(Scope.close(scope, Exit.void)) }
}

const fails = async (hostname: string, port: number): Promise<ServeError> => {
  const result = await run(Effect.result(Effect.scoped(serve({ hostname, port, fetch: () => new Response() }))))
  assert.ok(Result.isFailure(result), `${hostname}:${port} could be had`)
  assert.ok(result.failure instanceof ServeError)
  return result.failure
}

describe("serve()", () => {
  test("port 0 is one that the system chooses", async () => {
    const server = await open({ fetch: (request) => new Response(new URL(request.url).pathname) })
    assert.ok(server.port > 0)
    assert.equal(await (await fetch(`${server.url}a`)).text(), "/a")
    await server.close()
    await assert.rejects(fetch(server.url))
  })

  test("a busy port is told with a remedy, whoever has it", async () => {
    const server = await open({ fetch: () => new Response() })
    const error = await fails("127.0.0.1", server.port)
    assert.equal(error.message, `Cannot listen on 127.0.0.1:${server.port}: the port is in use`)
    assert.match(error.remedy, /--http/)
    await server.close()

    const other = await new Promise<Server>((resolve) => {
      const listening = createServer().listen(0, "127.0.0.1", () => resolve(listening))
    })
    const { port } = other.address() as { port: number }
    assert.equal((await fails("127.0.0.1", port)).reason, "in-use")
    other.close()
  })

  test("an unknown host and a foreign address are told apart", async () => {
    assert.equal((await fails("no-such-host.invalid", 0)).reason, "unresolvable")
    assert.equal((await fails("192.0.2.1", 0)).reason, "not-local")
  })

  test("ends at once when only idle connections are left", async () => {
    const server = await open({ fetch: () => new Response("x"), grace: 20_000 })
    for (let i = 0; i < 3; i++) await (await fetch(server.url)).text()
    const began = performance.now()
    await server.close()
    assert.ok(performance.now() - began < 1_000)
  })

  test("lets requests in flight finish, and takes no new ones", async () => {
    let release = (): void => {}
    let arrived = (): void => {}
    const here = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const server = await open({
      fetch: async () => {
        arrived()
        await new Promise<void>((resolve) => {
          release = resolve
        })
        return new Response("done")
      },
      grace: 20_000,
    })
    const answer = fetch(server.url).then((response) => response.text())
    await here
    const closed = server.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    await assert.rejects(fetch(server.url, { headers: { connection: "close" } }))
    release()
    assert.equal(await answer, "done")
    const began = performance.now()
    await closed
    assert.ok(performance.now() - began < 1_000)
  })

  test("cuts off what is still in flight after the grace", async () => {
    let arrived = (): void => {}
    const here = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const server = await open({
      fetch: () => {
        arrived()
        return new Promise<Response>(() => {})
      },
      grace: 50,
    })
    const answer = fetch(server.url).then((response) => response.status, () => "cut")
    await here
    const began = performance.now()
    await server.close()
    assert.ok(performance.now() - began < 2_000)
    assert.ok(["cut", 503].includes(await answer))
  })
})
