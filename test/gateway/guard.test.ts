/**
 * Who is let in: tokens, loopback names, foreign pages, and what may be served at all.
 */
import assert from "node:assert/strict"
import { connect } from "node:net"
import { Effect, Redacted } from "effect"
import { afterAll, beforeAll, describe, test } from "#test"
import { gateway, GatewayRefused, isLoopback, secure } from "../../src/gateway/mod.ts"
import { problemIn, type Rig, start } from "./support.ts"

describe("secure()", () => {
  const judge = (hostname: string, token?: string, insecure?: boolean) =>
    Effect.runSync(Effect.result(
      secure({ hostname, token: token === undefined ? undefined : Redacted.make(token), insecure }),
    ))

  test("serves loopback without a token, for this machine's names only", () => {
    for (const hostname of ["127.0.0.1", "localhost", "::1", "127.8.9.1"]) {
      const secured = judge(hostname)
      assert.ok(secured._tag === "Success", hostname)
      assert.equal(secured.success.hosts, "loopback")
    }
  })

  test("refuses other addresses without a token, with a remedy", () => {
    for (const hostname of ["0.0.0.0", "::", "10.0.0.5", "example.com", "localhost.evil.example"]) {
      const secured = judge(hostname)
      assert.ok(secured._tag === "Failure", hostname)
      assert.ok(secured.failure instanceof GatewayRefused)
      assert.equal(
        secured.failure.message,
        `Cannot serve the gateway on "${hostname}": other machines could reach it, and there is no token`,
      )
      assert.match(secured.failure.remedy, /WARREN_TOKEN/)
    }
  })

  test("serves them with a token, or when told to", () => {
    assert.equal(judge("0.0.0.0", "secret")._tag, "Success")
    assert.equal(judge("0.0.0.0", undefined, true)._tag, "Success")
  })

  test("refuses an empty token everywhere", () => {
    assert.equal(judge("127.0.0.1", " ")._tag, "Failure")
    assert.equal(judge("0.0.0.0", "", true)._tag, "Failure")
    assert.throws(() => gateway({} as never, { token: "" }), GatewayRefused)
  })

  test("isLoopback() knows names and addresses", () => {
    for (const host of ["LOCALHOST", "app.localhost", "[::1]", "::ffff:127.0.0.1"]) assert.ok(isLoopback(host), host)
    for (const host of ["127.0.0.1.evil.example", "128.0.0.1", "", "localhostx"]) assert.ok(!isLoopback(host), host)
  })
})

describe("with a token", () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await start({ token: Redacted.make("s3cret token"), metrics: { text: () => "x 1\n" } })
  })
  afterAll(() => rig.close())
  const right = { authorization: "Bearer s3cret token" }

  test("401 without it or with another, and how to send it", async () => {
    const none = await rig.post("/calls/shop/nothing", {})
    assert.equal(none.status, 401)
    assert.equal(none.headers.get("www-authenticate"), 'Bearer realm="warren"')
    assert.equal((await problemIn(none))["type"], "urn:warren:problem:unauthorized")
    for (const authorization of ["Bearer s3cret toke", "Bearer s3cret tokens", "Basic s3cret token", "Bearer", "x"]) {
      const response = await rig.post("/calls/shop/nothing", {}, { authorization })
      assert.equal(response.status, 401, authorization)
      assert.match(response.headers.get("www-authenticate") ?? "", /invalid_token/)
      await response.text()
    }
  })

  test("lets the right one in", async () => {
    for (const authorization of [right.authorization, "bearer   s3cret token"]) {
      const response = await rig.post("/calls/shop/nothing", {}, { authorization })
      assert.equal(response.status, 200)
      await response.text()
    }
  })

  test("guards every page but health, known or not", async () => {
    for (const path of ["/", "/metrics", "/topology", "/calls/shop/unknown", "/nowhere"]) {
      const response = await fetch(rig.url + path)
      assert.equal(response.status, 401, path)
      await response.text()
    }
    for (const path of ["/health/live", "/health/ready"]) {
      const response = await fetch(rig.url + path)
      assert.equal(response.status, 200, path)
      await response.text()
    }
    const metrics = await fetch(`${rig.url}/metrics`, { headers: right })
    assert.equal(await metrics.text(), "x 1\n")
  })

  test("needs no host or origin: a token is not sent by pages that do not have it", async () => {
    const response = await rig.post("/calls/shop/nothing", {}, { ...right, origin: "https://shop.example" })
    assert.equal(response.status, 200)
    await response.text()
  })
})

describe("without a token on loopback", () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await start({ hosts: "loopback", origins: ["https://shop.example"] })
  })
  afterAll(() => rig.close())

  /** `fetch` does not let a program choose the host. */
  const withHost = (host: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(rig.url).port), "127.0.0.1")
      let answer = ""
      socket.on("data", (bytes) => {
        answer += bytes.toString()
      })
      socket.on("end", () => resolve(answer.split("\r\n")[0]!))
      socket.on("error", reject)
      const lines = ["content-type: application/json", "content-length: 2", "connection: close", "", "{}"]
      socket.write([`POST /calls/shop/nothing HTTP/1.1`, `host: ${host}`, ...lines].join("\r\n"))
    })

  test("403 for a name that a page may have rebound", async () => {
    for (const host of ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"]) {
      assert.match(await withHost(host), / 403 /, host)
    }
  })

  test("answers this machine's names, with any port", async () => {
    for (const host of ["localhost", "localhost:1234", "127.0.0.1", "[::1]:8080"]) {
      assert.match(await withHost(host), / 200 /, host)
    }
  })

  test("403 for pages of other origins, also the opaque one", async () => {
    for (const origin of ["https://evil.example", "null", "http://localhost:1"]) {
      const response = await rig.post("/calls/shop/nothing", {}, { origin })
      assert.equal(response.status, 403, origin)
      assert.equal((await problemIn(response))["type"], "urn:warren:problem:forbidden")
    }
  })

  test("answers its own pages, and origins it was told", async () => {
    for (const origin of [rig.url, "https://shop.example"]) {
      const response = await rig.post("/calls/shop/nothing", {}, { origin })
      assert.equal(response.status, 200, origin)
      await response.text()
    }
  })
})
