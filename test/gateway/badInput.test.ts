/**
 * What foreign hands can send: each is refused with its status, nothing runs, and the gateway goes on.
 */
import assert from "node:assert/strict"
import { connect } from "node:net"
import { afterAll, afterEach, beforeAll, describe, test } from "#test"
import { problemIn, type Rig, start } from "./support.ts"

let rig: Rig
beforeAll(async () => {
  rig = await start({ bodyTimeout: 300 })
})
afterAll(() => rig.close())
afterEach(async () => {
  const response = await rig.post("/calls/shop/price", { sku: "P-1", quantity: 1 })
  assert.equal(response.status, 200, "the gateway goes on")
  await response.text()
})

const refused = async (response: Response, status: number, kind: string, detail: RegExp) => {
  const problem = await problemIn(response)
  assert.equal(response.status, status, JSON.stringify(problem))
  assert.equal(problem["type"], `urn:warren:problem:${kind}`)
  assert.match(String(problem["detail"]), detail)
}

/** Sends bytes as they are; gives what came back until the server closed or a while passed. */
const raw = (head: string, feed: (write: (bytes: Uint8Array | string) => boolean) => void): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(rig.url).port), "127.0.0.1")
    let answer = ""
    const end = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(end, 2_000)
    socket.on("data", (bytes) => {
      answer += bytes.toString()
      if (answer.includes("\r\n\r\n")) setTimeout(end, 20)
    })
    socket.on("error", () => {})
    socket.on("close", end)
    socket.write(head)
    const pump = () => {
      if (!socket.destroyed) feed((bytes) => socket.write(bytes))
    }
    socket.on("drain", pump)
    pump()
  })

describe("JSON", () => {
  const post = (body: string | Uint8Array) => rig.post("/calls/shop/price", body)

  test("400 for what is no JSON", async () => {
    for (const body of ["{", "nonsense", '{"sku":}', "undefined"]) {
      await refused(await post(body), 400, "invalid-json", /Cannot read the body as JSON/)
    }
  })

  test("400 for JSON that is no object", async () => {
    for (const body of ["[]", "null", '"text"', "7"]) {
      await refused(await post(body), 400, "invalid-payload", /Cannot send "shop.price"/)
    }
  })

  test("400 for deep nesting, before it is parsed", async () => {
    await refused(await post("[".repeat(500_000)), 400, "invalid-json", /deeper than 100/)
  })

  test("400 for __proto__, plain or escaped", async () => {
    await refused(await post('{"__proto__":{"quantity":1},"sku":"P-1"}'), 400, "invalid-json", /__proto__/)
    await refused(await post('{"\\u005f_proto__":{"quantity":1},"sku":"P-1"}'), 400, "invalid-json", /__proto__/)
    assert.equal(({} as Record<string, unknown>)["quantity"], undefined)
  })

  test("400 for invalid UTF-8", async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('{"sku":"'), 0xff, 0xfe, 0x22, 0x7d])
    await refused(await post(bytes), 400, "invalid-json", /UTF-8/)
  })

  test("a body full of misfits is answered at once, with the first of them", async () => {
    const began = performance.now()
    const response = await rig.post("/calls/shop/sum", { numbers: Array.from({ length: 200_000 }, () => "a") })
    assert.equal(response.status, 400)
    const problem = await problemIn(response)
    assert.equal(problem["field"], "numbers[0]")
    assert.equal((problem["misfits"] as ReadonlyArray<unknown>).length, 1)
    assert.ok(performance.now() - began < 1_000)
  })

  test("a long value is cut in the problem, not repeated", async () => {
    const response = await post(JSON.stringify({ sku: "P-1", quantity: "x".repeat(500_000) }))
    assert.equal(response.status, 400)
    assert.ok((await response.text()).length < 5_000)
  })
})

describe("size", () => {
  test("413 for 10 MiB", async () => {
    const body = JSON.stringify({ sku: "x".repeat(10 << 20), quantity: 1 })
    await refused(await rig.post("/calls/shop/price", body), 413, "too-large", /more than 1048576 bytes/)
  })

  test("413 by Content-Length alone, without waiting for the body", async () => {
    const answer = await raw(
      "POST /calls/shop/price HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n",
      () => {},
    )
    assert.match(answer, /^HTTP\/1\.1 413/)
  })

  test("413 for a chunked body without end", async () => {
    const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536, " "), Buffer.from("\r\n")])
    const answer = await raw(
      "POST /calls/shop/price HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
      (write) => {
        for (let i = 0; i < 64 && write(chunk); i++);
      },
    )
    assert.match(answer, /^HTTP\/1\.1 413/)
  })

  test("408 for a body that does not come", async () => {
    const answer = await raw(
      'POST /calls/shop/price HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"sku"',
      () => {},
    )
    assert.match(answer, /^HTTP\/1\.1 408/)
  })

  test("a limit of one's own holds to the byte", async () => {
    const small = await start({ bodyLimit: 40 })
    try {
      const fits = JSON.stringify({ sku: "P-1", quantity: 1 }).padEnd(40, " ")
      assert.equal((await small.post("/calls/shop/price", fits)).status, 200)
      assert.equal((await small.post("/calls/shop/price", `${fits} `)).status, 413)
    } finally {
      await small.close()
    }
  })
})

describe("headers", () => {
  test("415 for other content types, and for none", async () => {
    for (
      const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data"]
    ) {
      const response = await rig.post("/calls/shop/nothing", "{}", { "content-type": type })
      await refused(response, 415, "unsupported-media-type", /application\/json/)
    }
    const none = await fetch(`${rig.url}/calls/shop/nothing`, { method: "POST", body: new Uint8Array([123, 125]) })
    await refused(none, 415, "unsupported-media-type", /there is none/)
    const empty = await fetch(`${rig.url}/calls/shop/nothing`, { method: "POST" })
    await refused(empty, 415, "unsupported-media-type", /there is none/)
  })

  test("415 for a content encoding", async () => {
    const response = await rig.post("/calls/shop/nothing", "{}", { "content-encoding": "gzip" })
    await refused(response, 415, "unsupported-media-type", /"gzip"/)
  })

  test("names in paths that are no names", async () => {
    for (const path of ["/calls/shop/__proto__", "/calls/shop/%2e%2e", "/calls/shop/constructor", "/calls/%00/a"]) {
      const response = await rig.post(path, {})
      assert.equal(response.status, 404, path)
      await response.text()
    }
    const long = await rig.post(`/calls/shop/${"x".repeat(5_000)}`, {})
    assert.equal(long.status, 404)
    assert.ok((await long.text()).length < 10_000)
  })
})
