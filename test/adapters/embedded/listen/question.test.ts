/**
 * What the embedded broker answers over HTTP, as a program that nobody here wrote would ask it.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { connect as dial } from "node:net"
import { Buffer } from "node:buffer"
import { setTimeout as delay } from "node:timers/promises"
import { connect } from "amqplib"
import { serving } from "./serving.ts"

const broker = serving({ virtualHosts: ["/", "other"], name: "shop", version: "1.2.3" })

const login = `Basic ${btoa("guest:guest")}`

interface Answer {
  readonly status: number
  readonly headers: Headers
  // deno-lint-ignore no-explicit-any
  readonly json: any
}

const ask = async (path: string, authorization: string | undefined = login, method = "GET"): Promise<Answer> => {
  const response = await fetch(`http://127.0.0.1:${broker().port}${path}`, {
    method,
    headers: authorization === undefined ? {} : { authorization },
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: text === "" ? undefined : JSON.parse(text) }
}

/** Says something on a socket; all that came until it was closed. */
const say = (...parts: ReadonlyArray<string>): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = dial(broker().port, "127.0.0.1")
    const came: Array<Uint8Array> = []
    socket.on("data", (bytes: Uint8Array) => void came.push(bytes))
    socket.on("error", reject)
    socket.on("close", () => resolve(Buffer.concat(came).toString("latin1")))
    void (async () => {
      for (const part of parts) {
        socket.write(part)
        await delay(1)
      }
    })()
  })

const get = (path: string, ...more: ReadonlyArray<string>) =>
  [`GET ${path} HTTP/1.1`, "host: localhost", ...more, "", ""].join("\r\n")

describe("who may ask", () => {
  test("is who may connect; others learn nothing, not even which paths there are", async () => {
    const strangers = [
      "",
      "Bearer x",
      "Basic",
      "Basic !!",
      ...["guest:wrong", "nobody:guest", "guest", ":"].map((one) => `Basic ${btoa(one)}`),
    ]
    for (const said of strangers) {
      for (const path of ["/api/overview", "/nothing"]) {
        const { status, headers, json } = await ask(path, said)
        assert.deepEqual([said, status, json.error], [said, 401, "not_authorised"])
        assert.match(headers.get("www-authenticate") ?? "", /^Basic/)
      }
    }
    assert.equal((await ask("/api/overview")).status, 200)
  })

  test("may only look", async () => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      const { status, headers } = await ask("/api/queues/%2F/some", login, method)
      assert.deepEqual([method, status, headers.get("allow")], [method, 405, "GET"])
    }
  })
})

describe("a question", () => {
  test("may come in pieces, and what follows it is not looked at", async () => {
    const whole = get("/api/whoami", `Authorization:   ${login} `)
    assert.match(await say(...whole), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{"name":"guest"/)
    assert.match(await say(`${whole}${get("/api/overview")}`), /^HTTP\/1\.1 200 [^{]*\{"name":"guest"[^{]*\}$/)
  })

  test("that is none of HTTP/1.1, or has too long a head, is refused and nobody else notices", async () => {
    for (
      const wrong of ["GET\r\n\r\n", "GET /api HTTP/2.0\r\n\r\n", "GOOD DAY\r\n\r\n", "GET api/x HTTP/1.1\r\n\r\n"]
    ) {
      assert.match(await say(wrong), /^HTTP\/1\.1 400 /)
    }
    assert.match(
      await say(get("/api/whoami", `authorization: ${login}`, `authorization: ${login}`)),
      /^HTTP\/1\.1 400 /,
    )
    assert.match(await say(get(`/${"x".repeat(17_000)}`)), /^HTTP\/1\.1 431 /)
    assert.match(await say("GET /", "x".repeat(17_000)), /^HTTP\/1\.1 431 /)
    assert.equal((await ask("/api/whoami")).status, 200)
  })

  test("for what is not there is answered so", async () => {
    for (
      const path of [
        "/",
        "/api",
        "/api/nothing",
        "/api/constructor",
        "/api/queues/nowhere",
        "/api/queues/%2F/nothing",
        "/api/queues/%2F/nothing/bindings",
        "/api/exchanges/%2F/nothing/bindings/source",
        "/api/permissions/%2F/nobody",
        "/api/queues/%zz",
      ]
    ) assert.deepEqual([path, (await ask(path)).status], [path, 404])
  })
})

describe("what is shown", () => {
  test("is the broker, its node and its virtual hosts", async () => {
    const { json } = await ask(
      "/api/overview?columns=cluster_name,product_name,management_version,object_totals.queues",
    )
    assert.deepEqual(json, {
      cluster_name: "shop",
      product_name: "Warren",
      management_version: "1.2.3",
      object_totals: { queues: 0 },
    })
    const [node] = (await ask("/api/nodes")).json
    assert.deepEqual([node.name, node.running, node.mem_alarm, node.disk_free_alarm], ["shop", true, false, false])
    assert.deepEqual((await ask("/api/vhosts")).json, [{ name: "/" }, { name: "other" }])
    for (const path of ["/api/policies", "/api/policies/%2F", "/api/operator-policies/other"]) {
      assert.deepEqual((await ask(path)).json, [])
    }
    assert.equal((await ask("/api/policies/nowhere")).status, 404)
    const rights = { user: "guest", vhost: "/", configure: ".*", write: ".*", read: ".*" }
    assert.deepEqual((await ask("/api/permissions/%2F/guest")).json, rights)
  })

  test("are queues with their arguments, bindings and consumers, and who holds these", async () => {
    const connection = await connect(broker().url, { clientProperties: { connection_name: "tester" } })
    const channel = await connection.createConfirmChannel()
    try {
      await channel.assertQueue("a", { arguments: { "x-max-length": 5, list: [1, "two", { three: true }] } })
      await channel.assertExchange("e", "topic", { alternateExchange: "rest" })
      await channel.bindQueue("a", "e", "k.#", { why: "so" })
      await channel.prefetch(2)
      const { consumerTag } = await channel.consume("a", () => {})
      for (let i = 0; i < 3; i++) channel.publish("e", "k.x", Buffer.from("four"))
      await channel.waitForConfirms()
      const { json: queue } = await ask("/api/queues/%2F/a")
      assert.deepEqual(queue.arguments, { "x-max-length": 5, list: [1, "two", { three: true }] })
      assert.deepEqual([queue.messages_ready, queue.messages_unacknowledged, queue.consumers], [1, 2, 1])
      assert.deepEqual([queue.message_bytes, queue.message_stats.publish], [12, 3])
      const [consumer] = queue.consumer_details
      assert.deepEqual([consumer.consumer_tag, consumer.prefetch_count, consumer.ack_required], [consumerTag, 2, true])
      const { json: connections } = await ask("/api/connections")
      const own = connections.find(({ name }: { name: string }) => name === consumer.channel_details.connection_name)
      assert.deepEqual([own.client_properties.connection_name, own.user, own.state], ["tester", "guest", "running"])
      assert.equal((await ask("/api/channels")).json[0].number, 1)
      const { json: bound } = await ask("/api/exchanges/%2F/e/bindings/source")
      assert.deepEqual([bound.length, bound[0].destination, bound[0].routing_key, bound[0].arguments], [
        1,
        "a",
        "k.#",
        { why: "so" },
      ])
      const sources = (await ask("/api/queues/%2F/a/bindings")).json.map(({ source }: { source: string }) => source)
      assert.deepEqual(sources, ["", "e"])
      assert.equal((await ask("/api/exchanges/%2F/e")).json.arguments["alternate-exchange"], "rest")
      assert.equal((await ask("/api/exchanges/%2F/amq.default")).json.type, "direct")
      assert.deepEqual((await ask("/api/queues/other")).json, [])
      await channel.deleteQueue("a")
    } finally {
      await connection.close()
    }
  })

  test("counts whoever fetched from a quorum queue among its consumers, as RabbitMQ 3.10 was seen to", async () => {
    const connection = await connect(broker().url)
    const channel = await connection.createConfirmChannel()
    try {
      for (const [type, expected] of [["quorum", [0, 1, 2, 2, 3, 2]], ["classic", [0, 0, 0, 0, 1, 1]]] as const) {
        await channel.assertQueue(type, { arguments: { "x-queue-type": type } })
        for (let i = 0; i < 4; i++) channel.sendToQueue(type, Buffer.from("x"))
        await channel.waitForConfirms()
        const seen: Array<number> = []
        const look = async () => {
          const { consumerCount } = await channel.checkQueue(type)
          assert.equal((await ask(`/api/queues/%2F/${type}`)).json.consumers, consumerCount)
          seen.push(consumerCount)
        }
        await look()
        const first = await channel.get(type)
        await look()
        await channel.get(type)
        await look()
        await channel.get(type, { noAck: true })
        await look()
        await channel.consume(type, () => {})
        await look()
        if (first !== false) channel.ack(first)
        await look()
        assert.deepEqual([type, seen], [type, expected])
        await channel.deleteQueue(type)
      }
    } finally {
      await connection.close()
    }
  })

  test("comes in pages of what fits, and patterns that could take their time are refused", async () => {
    const connection = await connect(broker().url)
    const channel = await connection.createChannel()
    const names = Array.from({ length: 7 }, (_, i) => `w.q${i}`)
    try {
      for (const name of [...names, "wxq"]) await channel.assertQueue(name, { exclusive: true })
      const page = (query: string) => ask(`/api/queues/%2F?${query}&columns=name`)
      const { json } = await page("page=2&page_size=3&use_regex=true&name=%5Ew%5C.")
      const { items, ...rest } = json
      assert.deepEqual(items, names.slice(3, 6).map((name) => ({ name })))
      assert.deepEqual([rest.page_count, rest.total_count, rest.filtered_count, rest.item_count], [3, 8, 7, 3])
      assert.equal((await page("name=xq")).json.length, 1)
      assert.equal((await page("use_regex=true&name=q3$")).json.length, 1)
      for (const wrong of ["page=4&page_size=3&name=w.", "page=0", "page=1&page_size=501", "page=x"]) {
        assert.deepEqual([wrong, (await page(wrong)).status], [wrong, 400])
      }
      for (const pattern of ["(a+)+$", ".*", "[ab]", "a|b", "a{3}", "\\d", "a\\"]) {
        const { status } = await page(`use_regex=true&name=${encodeURIComponent(pattern)}`)
        assert.deepEqual([pattern, status], [pattern, 400])
      }
    } finally {
      await connection.close()
    }
  })
})
