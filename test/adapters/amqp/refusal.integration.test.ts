/**
 * Addresses, users, certificates and queues that RabbitMQ does not take: one clear error each, with what to do about it,
 * and never the password. Sockets differ between Bun, Deno and Node; the errors do not. Starts a broker of its own, for TLS.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { type AddressInfo, createServer, type Server } from "node:net"
import { join } from "node:path"
import process from "node:process"
import { inspect } from "node:util"
import { Context, Effect, Layer, Logger, type Scope } from "effect"
import { layer } from "../../../adapters/amqp/mod.ts"
import { type Rabbit, startRabbit } from "../../../scripts/rabbitmq.ts"
import { Transport, type TransportError } from "../../../src/transport/mod.ts"
import { startForeigner } from "../../support/foreign.ts"

const skip = process.env["WARREN_TEST_BROKER"] === "none" ? "WARREN_TEST_BROKER is none" : undefined
const secret = "s3cret-pässword"

let rabbit: Rabbit | undefined
const servers: Array<Server> = []
beforeAll(async () => {
  if (skip !== undefined) return
  rabbit = await startRabbit({ tls: true })
  const password = `unicode:characters_to_binary([${[...secret].map((c) => c.codePointAt(0)).join()}])`
  for (const [user, permissions] of [["nobody", undefined], ["reader", "^warren"]] as const) {
    await rabbit.evaluate(`rabbit_auth_backend_internal:add_user(<<"${user}">>, ${password}, <<"test">>).`)
    if (permissions === undefined) continue
    const may = `<<"^$">>, <<"${permissions}">>, <<"${permissions}">>`
    await rabbit.evaluate(`rabbit_auth_backend_internal:set_permissions(<<"${user}">>, <<"/">>, ${may}, <<"test">>).`)
  }
})
afterAll(async () => {
  for (const server of servers) server.close()
  await rabbit?.stop()
})

const url = (change: (url: URL) => void = () => {}, base = rabbit?.url): string => {
  const address = new URL(base ?? "amqp://127.0.0.1")
  address.password = encodeURIComponent(secret)
  change(address)
  return address.href
}
const tls = (query: Readonly<Record<string, string>> = {}, change: (url: URL) => void = () => {}): string =>
  url((address) => {
    address.password = "guest"
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value)
    change(address)
  }, rabbit?.tlsUrl)
const ca = () => ({ cacertfile: rabbit?.caFile ?? "" })
const guest = (address: URL) => void (address.password = "guest")

const build = (address: string) => Effect.map(Layer.build(layer({ url: address })), (it) => Context.get(it, Transport))

/** Runs something; what is logged and what fails hold no password. */
const run = async <A>(effect: Effect.Effect<A, TransportError, Scope.Scope>): Promise<A | TransportError> => {
  let printed = ""
  const log = Logger.layer([Logger.make(({ message, cause }) => void (printed += inspect([message, cause])))])
  const result = await Effect.runPromise(Effect.scoped(effect).pipe(Effect.catch(Effect.succeed), Effect.provide(log)))
  printed += inspect(result, { depth: 9, showHidden: true }) + String(result) + JSON.stringify(result)
  assert.ok(!printed.includes(secret) && !printed.includes(encodeURIComponent(secret)), printed)
  return result
}

const refused = async (address: string): Promise<string> => {
  const error = await run(Effect.asVoid(build(address)))
  assert.ok(error !== undefined, `It connected to ${address}`)
  return error.message
}

/** A server that is no broker. */
const stranger = async (greeting: string | undefined): Promise<number> => {
  const server = createServer((socket) => {
    socket.on("error", () => {})
    if (greeting !== undefined) socket.end(greeting)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}
const port = (of: string | undefined): string => new URL(of ?? "").port

describe("a connection that is refused", () => {
  const cases: ReadonlyArray<readonly [what: string, address: () => string | Promise<string>, says: RegExp]> = [
    ["a closed port", () => url((it) => it.port = "1"), /nothing listens there, start the broker or mend the address/],
    ["an unknown host", () => url((it) => it.hostname = "no.invalid"), /the host is unknown, mend the address/],
    ["a wrong password", () => url(), /user or password is wrong for "guest"/],
    ["an unknown user", () => url((it) => it.username = "who"), /user or password is wrong for "who"/],
    [
      "an unknown virtual host",
      () => url((it) => (guest(it), it.pathname = "/none")),
      /virtual host "none" does not exist, or user "guest" may not use it; see "rabbitmqctl list_vhosts"/,
    ],
    [
      "a user without permissions",
      () => url((it) => it.username = "nobody"),
      /user "nobody" may not use it; see .*"rabbitmqctl list_permissions -p \/"/,
    ],
    ["an authority nobody knows", () => tls(), /signed by nobody known here, name the authority's file with `\?cacert/],
    ["another host's certificate", () => tls({ ...ca(), server_name_indication: "a.example" }), /is for another host/],
    ["no authority's file", () => tls({ cacertfile: "/none.pem" }), /file "\/none.pem" cannot be read, mend its path/],
    ["an authority's file without one", async () => {
      const file = join(rabbit?.folder ?? "", "not.pem")
      await writeFile(file, "nonsense")
      return tls({ cacertfile: file })
    }, /the certificate file ".*not.pem" holds no PEM/],
    [
      "TLS to a plain port",
      () => tls(ca(), (it) => it.port = port(rabbit?.url)),
      /that port does not speak TLS, use amqp:/,
    ],
    [
      "a plain line to the TLS port",
      () => url((it) => it.port = port(rabbit?.tlsUrl)),
      /closed before it was open, look whether the port is the broker's and needs amqps:/,
    ],
    ["a web server", async () => {
      const port = await stranger("HTTP/1.1 400 Bad Request\r\n\r\n")
      return url((it) => it.port = `${port}`)
    }, /what listens there does not speak AMQP 0-9-1, mend the port/],
    ["a server that says nothing", async () => {
      const port = await stranger(undefined)
      return url((it) => (it.port = `${port}`, it.searchParams.set("connection_timeout", "200")))
    }, /the broker did not answer in time/],
  ]
  for (const [what, address, says] of cases) {
    test(`by ${what} says what to do`, { skip }, async () => {
      const text = await refused(await address())
      assert.match(text, says)
      assert.match(text, /^Cannot connect "amqps?:\/\/\w+@[\w.]+:\d+(\/none)?": /)
    })
  }

  test("is made over TLS with the authority's file", { skip }, async () => {
    for (const query of [ca(), { ...ca(), server_name_indication: "localhost" }, { verify: "verify_none" }]) {
      const queue = { name: `tls-${crypto.randomUUID()}`, type: "classic" as const, expires: 60_000 }
      const done = await run(
        Effect.flatMap(build(tls(query)), (one) => one.declare({ exchanges: [], queues: [queue], bindings: [] })),
      )
      assert.equal(done, undefined)
    }
  })
})

describe("a declaration that is refused", () => {
  const declare = (address: string, name: string) =>
    run(Effect.flatMap(build(address), (transport) =>
      transport.declare({
        exchanges: [],
        queues: [{ name, type: "quorum", deadLetterExchange: "", deadLetterKey: "d", deliveryLimit: 20 }],
        bindings: [],
      })))

  test("for want of permissions names user, queue and the command that gives them", { skip }, async () => {
    const error = await declare(url((address) => address.username = "reader"), "warren.on.a.b")
    assert.match(String(error), /Cannot declare "warren.on.a.b": permission is missing, .*queue 'warren.on.a.b'/)
    assert.match(
      String(error),
      /user 'reader'.*; an administrator allows it: rabbitmqctl set_permissions -p \/ reader /,
    )
  })

  const clashes: ReadonlyArray<readonly [argument: string, there: string, here: string, value: unknown]> = [
    ["x-delivery-limit", "7", "20", 7],
    ["x-dead-letter-routing-key", "other", "d", "other"],
    ["x-dead-letter-strategy", "none", "at-least-once", undefined],
  ]
  for (const [argument, there, here, value] of clashes) {
    test(`as "${argument}" differs names the queue, both values and what to do`, { skip }, async () => {
      const foreigner = await startForeigner(rabbit?.url ?? "")
      const name = `clash-${crypto.randomUUID()}`
      const wanted: Record<string, unknown> = {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "d",
        "x-dead-letter-strategy": "at-least-once",
        "x-delivery-limit": 20,
        "x-overflow": "reject-publish",
        [argument]: value,
      }
      await foreigner.channel.assertQueue(name, { arguments: wanted })
      await foreigner.close()
      const text = String(await declare(url(guest), name))
      assert.match(text, new RegExp(`"${name}" exists with other properties, "${argument}" of this queue is ${there} `))
      assert.match(text, new RegExp(`and ${here} is wanted here: .*"rabbitmqctl delete_queue -p / ${name}", and start`))
    })
  }
})
