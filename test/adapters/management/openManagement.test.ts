/**
 * What answers where a management API should be: the API, nothing, something else, and something hostile.
 */
import assert from "node:assert/strict"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Redacted, Result } from "effect"
import { afterEach, describe, test } from "#test"
import { type ManagementOptions, openManagement } from "../../../adapters/management/mod.ts"

let server: Server | undefined
afterEach(async () => {
  const closing = server
  server = undefined
  if (closing === undefined) return
  closing.closeAllConnections()
  await new Promise((resolve) => closing.close(resolve))
})

/** Serves; gives its address. */
const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> => {
  server = createServer(answer)
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json = (response: ServerResponse, value: unknown, status = 200) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))

const overview = { management_version: "3.10.8", cluster_name: "rabbit@one" }

const options = (url: string, more: Partial<ManagementOptions> = {}): ManagementOptions => ({
  url,
  user: "ädmin",
  password: Redacted.make("s3cret"),
  vhost: "a/b",
  cluster: "rabbit@one",
  ...more,
})

const request = { prefix: "warren.", exchange: "warren.events", known: [] }

const look = (url: string, more: Partial<ManagementOptions> = {}) =>
  Effect.runPromise(
    Effect.result(Effect.flatMap(openManagement(options(url, more)), (surveyor) => surveyor.survey(request))),
  )

/** The reason of its failure; its message holds no password. */
const refusal = async (url: string, more: Partial<ManagementOptions> = {}): Promise<string> => {
  const found = await look(url, more)
  assert.ok(Result.isFailure(found))
  assert.doesNotMatch(found.failure.message, /s3cret/)
  assert.match(found.failure.message, /^Cannot survey "http:\/\/127\.0\.0\.1:\d+": /)
  return found.failure.reason._tag
}

describe("openManagement()", () => {
  test("reads queues page by page, and the bindings of the exchange", async () => {
    const asked: Array<string> = []
    const url = await serve(({ url = "", headers }, response) => {
      assert.equal(
        headers.authorization,
        `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("ädmin:s3cret")))}`,
      )
      asked.push(url)
      if (url.startsWith("/api/overview")) return json(response, overview)
      if (url.startsWith("/api/exchanges/a%2Fb/warren.events/bindings/source")) {
        return json(response, [
          { destination: "warren.on.a.b", destination_type: "queue", routing_key: "a.x" },
          { destination: "elsewhere", destination_type: "exchange", routing_key: "a.x" },
          { destination: 5, destination_type: "queue" },
          null,
        ])
      }
      assert.match(url, /^\/api\/queues\/a%2Fb\?.*name=%5Ewarren%5C\./)
      const page = Number(new URL(url, "http://x").searchParams.get("page"))
      return json(response, {
        page_count: 2,
        items: page === 1
          ? [
            { name: "warren.on.a.b", type: "quorum", messages_ready: 2, messages_unacknowledged: 1, consumers: 0 },
            { name: "warren.on.a.c" },
            { name: "mine" },
            { name: 7 },
            "odd",
          ]
          : [{ name: "warren.on.a.c", messages_ready: "many", consumers: -1.5 }],
      })
    })
    const found = await look(`${url}/`)
    assert.ok(Result.isSuccess(found), String(found))
    assert.deepEqual(found.success, {
      complete: true,
      queues: [
        { name: "warren.on.a.b", type: "quorum", ready: 2, unacked: 1, consumers: 0 },
        { name: "warren.on.a.c", type: null, ready: null, unacked: null, consumers: null },
      ],
      bindings: [{ exchange: "warren.events", queue: "warren.on.a.b", key: "a.x" }],
    })
    assert.equal(asked.length, 4)
  })

  test("user and password in its address go before the broker's", async () => {
    let authorization: string | undefined
    const url = await serve(({ headers }, response) => {
      authorization = headers.authorization
      json(response, {}, 401)
    })
    assert.equal(await refusal(url.replace("//", "//me:mine%2F@")), "Unauthorized")
    assert.equal(authorization, `Basic ${btoa("me:mine/")}`)
  })

  test("a list that shrinks while it is read ends where it ends", async () => {
    const url = await serve(({ url = "" }, response) => {
      if (url.startsWith("/api/overview")) return json(response, overview)
      if (url.startsWith("/api/exchanges")) return json(response, { error: "Object Not Found" }, 404)
      return /[?&]page=1&/.test(url)
        ? json(response, { page_count: 2, items: [{ name: "warren.on.a.b" }] })
        : json(response, { error: "page_out_of_range" }, 400)
    })
    const found = await look(url)
    assert.ok(Result.isSuccess(found), String(found))
    assert.deepEqual([found.success.queues.length, found.success.bindings], [1, []])
  })

  const answers: ReadonlyArray<readonly [what: string, reason: string, (response: ServerResponse) => void]> = [
    ["401", "Unauthorized", (response) => json(response, { error: "not_authorised" }, 401)],
    ["404", "NotManagement", (response) => json(response, { error: "Object Not Found" }, 404)],
    ["a page", "NotManagement", (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>")],
    [
      "no JSON",
      "NotManagement",
      (response) => response.writeHead(200, { "content-type": "application/json" }).end("{"),
    ],
    ["other JSON", "NotManagement", (response) => json(response, [1])],
    ["an error", "NotManagement", (response) => response.writeHead(502).end()],
    ["a redirect", "NotManagement", (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()],
    ["another broker's API", "OtherBroker", (response) => json(response, { ...overview, cluster_name: "rabbit@two" })],
    ["a cut line", "Unreachable", (response) => response.destroy()],
  ]
  for (const [what, reason, answer] of answers) {
    test(`${what} is ${reason}`, async () => {
      assert.equal(await refusal(await serve((_, response) => answer(response))), reason)
    })
  }

  test("nothing there is Unreachable", async () => {
    assert.equal(await refusal("http://127.0.0.1:1"), "Unreachable")
  })

  test("an answer that does not come, or does not end, is Unreachable in time", async () => {
    const silent = await serve(() => {})
    assert.equal(await refusal(silent, { patience: 100 }), "Unreachable")
    server!.closeAllConnections()
    server!.close()
    const drip = await serve((_, response) => {
      response.writeHead(200, { "content-type": "application/json" })
      response.write("[")
    })
    assert.equal(await refusal(drip, { patience: 100 }), "Unreachable")
  })

  test("100 MB are not read", async () => {
    let sent = 0
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-type": "application/json" })
      const chunk = new Uint8Array(64 * 1024).fill(0x20)
      const more = () => {
        while (sent < 100_000_000 && !response.destroyed) {
          sent += chunk.length
          if (!response.write(chunk)) return response.once("drain", more)
        }
        return response.end()
      }
      more()
    })
    assert.equal(await refusal(url, { bytes: 1_000_000 }), "TooMuch")
    assert.ok(sent < 50_000_000, `${sent} bytes were sent`)
  })
})
