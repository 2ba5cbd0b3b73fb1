/**
 * A program in Python, written from docs/protocol.md, beside Warren on RabbitMQ: each hears, asks and answers the other.
 */
import { afterEach, beforeEach, describe, test } from "#test"
import assert from "node:assert/strict"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as delay } from "node:timers/promises"
import { connect as dial } from "amqplib"
import { Schema } from "effect"
import { fromPacket, toPacket } from "../../adapters/amqp/properties.ts"
import { findPython } from "../../scripts/python.ts"
import {
  api,
  call,
  connect,
  type Connected,
  DeadlineExceeded,
  event,
  handle,
  HandlerDied,
  HandlerFailed,
  InvalidPayload,
  on,
} from "../../src/mod.ts"
import { Lines } from "./Lines.ts"
import { callPacket, deriveId, Header, nextTrace, QueueName, routeTo } from "../../src/wire/mod.ts"
import { type Background, start } from "../support/process.ts"
import { startProxy } from "../support/proxy.ts"
import { rabbit } from "../support/rabbit.ts"

const python = process.env["WARREN_TEST_BROKER"] === "none"
  ? { missing: "WARREN_TEST_BROKER is none" }
  : findPython("pika")
const skip = "missing" in python ? python.missing : undefined
/** What differs between the runtimes is in the others. */
const skipLong = skip ?? ("Bun" in globalThis ? undefined : "tested on Bun; it takes some seconds")

class UnknownPart extends Schema.TaggedError<UnknownPart>()("UnknownPart", { sku: Schema.String }) {}

const apiOf = (name: string) =>
  api(name, {
    noted: event({ n: Schema.Int, fails: Schema.Int }),
    followed: event({ n: Schema.Int }),
    price: call({ sku: Schema.String, quantity: Schema.Unknown }, {
      returns: { sku: Schema.String, total: Schema.BigInt, until: Schema.Date },
      fails: UnknownPart,
    }),
    slow: call({ ms: Schema.Int }, { returns: Schema.String }),
  })

const url = rabbit({ isWanted: skip === undefined })

const running = new Set<Background>()
let name = ""
let Api = apiOf("none")
beforeEach(() => {
  name = `t${crypto.randomUUID().slice(0, 8)}`
  Api = apiOf(name)
})
afterEach(async () => {
  for (const { kill, ended } of running) {
    kill("SIGKILL")
    await ended
  }
  running.clear()
})

/** Starts the program in a role; `at`: its way to the broker. */
const peer = (role: "emit" | "call" | "serve" | "listen", options: object, at: string = url()): Lines => {
  const program = "program" in python ? python.program : ""
  const script = join(import.meta.dirname, "peer")
  // it leaves no compiled files behind
  const one = start(program, ["-B", "-u", script, at, role, JSON.stringify({ app: `${name}py`, ...options })])
  running.add(one)
  return new Lines(one)
}

/** Starts the program as a server. */
const server = async (): Promise<Lines> => {
  const lines = peer("serve", { api: name })
  await lines.next("ready")
  return lines
}

/** Runs `body` with a Warren process that has these handlers; `at`: its way to the broker. */
const warren = async (
  handlers: Record<string, unknown>,
  body: (bus: Connected) => Promise<void>,
  at: string = url(),
): Promise<void> => {
  const workers = Object.keys(handlers).length > 0 ? { [name]: handlers } : undefined
  await using bus = await connect({ app: name, broker: at, workers })
  await body(bus)
}

const rejected = async (what: Promise<unknown>): Promise<unknown> => {
  try {
    await what
  } catch (error) {
    return error
  }
  return assert.fail("it succeeded")
}

describe("a program in Python", () => {
  test("declares every queue as Warren does, and can stand beside it", { skip }, async () => {
    const workers = {
      [`${name}py`]: {
        price: handle(Api.price, ({ sku }) => ({ sku, total: 0n, until: new Date(0) })),
        register: on(Api.noted, () => {}),
      },
    }
    await using _ = await connect({ app: name, broker: url(), workers })
    await server()
    const listener = peer("listen", { type: `${name}.noted`, handler: "register", attempts: 1, follow: "" })
    await listener.next("ready")
  })

  test("emits events that Warren hears, and learns that nobody does", { skip }, async () => {
    const heard: Array<unknown> = []
    await warren({
      register: on(
        Api.noted,
        ({ n }, { id, attempt, redelivered }) => void heard.push({ n, id, attempt, redelivered }),
      ),
    }, async () => {
      const emitted = await peer("emit", { type: `${name}.noted`, body: { n: 1, fails: 0, more: true } }).next(
        "emitted",
      )
      assert.equal(emitted["outcome"], "routed")
      while (heard.length === 0) await delay(5)
      assert.deepEqual(heard, [{ n: 1, id: emitted["id"], attempt: 1, redelivered: false }])
    })
    const unheard = await peer("emit", { type: `${name}.followed`, body: { n: 1 } }).next("emitted")
    assert.equal(unheard["outcome"], "unroutable")
  })

  test("makes calls: a value, a declared error, failures, and nobody there", { skip }, async () => {
    const seen: Array<string> = []
    await warren({
      price: handle(Api.price, ({ sku, quantity }) => {
        if (sku === "P-0") throw new UnknownPart({ sku })
        if (sku === "P-1") throw new Error("the price list is gone")
        return { sku, total: 9_007_199_254_740_993n * BigInt(Number(quantity)), until: new Date(0) }
      }),
      slow: handle(Api.slow, async ({ ms }, { signal, sleep }) => {
        signal.addEventListener("abort", () => void seen.push("aborted"))
        await sleep(ms)
        return "slept"
      }),
    }, async () => {
      const ask = (member: string, body: unknown, more: object = {}) =>
        peer("call", { type: `${name}.${member}`, bodies: [body], ...more })
      assert.deepEqual(await ask("price", { sku: "P-9", quantity: 2 }).next("value"), {
        what: "value",
        tag: null,
        body: { sku: "P-9", total: "18014398509481986", until: "1970-01-01T00:00:00.000Z" },
        trace: true,
      })
      const declared = await ask("price", { sku: "P-0", quantity: 1 }).next("declared")
      assert.deepEqual(declared["body"], { _tag: "UnknownPart", sku: "P-0" })
      const failed = await ask("price", { sku: "P-1", quantity: 1 }).next("failure")
      assert.equal(failed["tag"], "HandlerFailed")
      assert.deepEqual(failed["body"], { detail: "Error: the price list is gone", chain: [`${name}.price`] })
      const misfit = await ask("price", { quantity: 1 }).next("failure")
      const first = { field: "sku", value: "undefined", expected: "a value (it is missing)" }
      assert.deepEqual([misfit["tag"], misfit["body"]], ["InvalidPayload", { ...first, misfits: [first] }])
      const unserved = await ask("nothing", {}).next("unserved")
      assert.ok(Number(unserved["ms"]) < 2_000, `${unserved["ms"]} ms`)
      assert.deepEqual(seen, [])
      await ask("slow", { ms: 20_000 }, { timeout: 20_000, patience: 300 }).next("late")
      while (seen.length === 0) await delay(5)
    })
  })

  test(
    "makes a call that is held up on its way: it is not run after its deadline, and the next one is",
    { skip },
    async () => {
      const proxy = await startProxy(Number(new URL(url()).port))
      const ran: Array<number> = []
      await warren({
        slow: handle(Api.slow, ({ ms: n }) => {
          ran.push(n)
          // before the program can make the next one
          if (n === 1) proxy.stall(true, "there")
          return "done"
        }),
      }, async () => {
        const timeout = 1_500
        const bodies = [1, 2, 3].map((ms) => ({ ms }))
        const lines = peer("call", { type: `${name}.slow`, bodies, timeout }, proxy.through(url()))
        await lines.next("value")
        // longer than clocks are let to differ: it is its age alone that tells
        await delay(timeout + 2_000)
        proxy.stall(false)
        await lines.next("late")
        await lines.next("value")
        assert.deepEqual(ran, [1, 3])
      })
      await proxy.close()
    },
  )

  test("serves calls: a value, a declared error, failures", { skip }, async () => {
    await server()
    await warren({}, async (bus) => {
      assert.deepEqual(await bus.call(Api.price({ sku: "P-9", quantity: 2 })), {
        sku: "P-9",
        total: 18_014_398_509_481_986n,
        until: new Date("2026-12-31T00:00:00.000Z"),
      })
      const declared = await rejected(bus.call(Api.price({ sku: "P-0", quantity: 1 })))
      assert.ok(declared instanceof UnknownPart && declared.sku === "P-0", String(declared))
      const misfit = await rejected(bus.call(Api.price({ sku: "P-9", quantity: "two" })))
      assert.ok(misfit instanceof InvalidPayload, String(misfit))
      assert.deepEqual([misfit.field, misfit.value, misfit.expected], ["quantity", '"two"', "an integer"])
      const failed = await rejected(bus.call(Api.price({ sku: "P-1", quantity: 1 })))
      assert.ok(failed instanceof HandlerFailed, String(failed))
      assert.deepEqual([failed.detail, failed.chain], ["RuntimeError: the price list is gone", [`${name}.price`]])
      // it has announced itself
      const late = await rejected(bus.call(Api.slow({ ms: 5_000 }), { timeout: "200 millis" }))
      assert.ok(late instanceof DeadlineExceeded, String(late))
      assert.equal(late.servers, 1)
    })
  })

  test(
    "does not run calls that have expired or were cancelled, and stops one that runs",
    { skip: skipLong },
    async () => {
      const lines = await server()
      await warren({}, async (bus) => {
        const giveUp = new AbortController()
        const first = rejected(bus.call(Api.slow({ ms: 20_000 }), { timeout: "20 seconds", signal: giveUp.signal }))
        const started = await lines.next("started")
        const expired = rejected(bus.call(Api.slow({ ms: 1 }), { timeout: "700 millis" }))
        const never = new AbortController()
        const cancelled = rejected(bus.call(Api.slow({ ms: 2 }), { timeout: "20 seconds", signal: never.signal }))
        assert.ok(await expired instanceof DeadlineExceeded)
        never.abort()
        await cancelled
        // the two cancellations arrive in this order
        giveUp.abort()
        await first
        assert.equal((await lines.next("cancelled"))["id"], started["id"])
        assert.equal((await lines.next("skipped"))["why"], "expired")
        assert.equal((await lines.next("skipped"))["why"], "cancelled")
        assert.equal(await bus.call(Api.slow({ ms: 1 })), "slept")
        assert.equal(lines.count("started"), 2)
      })
    },
  )

  test("does not run a call that was held up on its way, and the next one is run", { skip: skipLong }, async () => {
    const proxy = await startProxy(Number(new URL(url()).port))
    const lines = await server()
    await warren({}, async (bus) => {
      assert.equal(await bus.call(Api.slow({ ms: 1 })), "slept")
      proxy.stall(true, "there")
      const { message } = await rejected(bus.call(Api.slow({ ms: 2 }), { timeout: "1500 millis" })) as Error
      assert.match(message, /1500 ms/)
      // longer than clocks are let to differ
      await delay(2_000)
      proxy.stall(false)
      assert.equal((await lines.next("skipped"))["why"], "expired")
      assert.equal(await bus.call(Api.slow({ ms: 3 })), "slept")
      assert.equal(lines.count("started"), 2)
    }, proxy.through(url()))
    await proxy.close()
  })

  test("tells an expired call from a clock that is off", { skip: skipLong }, async () => {
    const lines = await server()
    const connection = await dial(url())
    const channel = await connection.createChannel()
    const send = (deadline: number, timeout: number) => {
      const id = crypto.randomUUID()
      const origin = { id, type: `${name}.slow`, app: "t", now: deadline - timeout, trace: nextTrace(undefined, id) }
      const body = new TextEncoder().encode('{"ms":0}')
      const packet = callPacket({ ...origin, version: "", schema: "", cause: undefined }, body, "nobody", deadline)
      const { exchange, key } = routeTo.call(origin.type)
      channel.publish(exchange, key, Buffer.from(body), fromPacket(packet) as object)
      return id
    }
    const now = Date.now()
    // it counts as expired for a second, later as a sign of a clock that is off
    const dead = send(now, 10_000)
    const slowClock = send(now - 3_600_000, 10_000)
    const fastClock = send(now + 3_600_000, 10_000)
    const skipped = await lines.next("skipped")
    assert.deepEqual([skipped["why"], skipped["id"]], ["expired", dead])
    assert.equal((await lines.next("started"))["id"], slowClock)
    assert.equal((await lines.next("started"))["id"], fastClock)
    await connection.close()
  })

  test("does not repeat what another server may have run, and its death is told", { skip: skipLong }, async () => {
    const [one, other] = [await server(), await server()]
    await warren({}, async (bus) => {
      const asked = rejected(bus.call(Api.slow({ ms: 20_000 }), { timeout: "20 seconds" }))
      while (one.count("started") + other.count("started") === 0) await delay(5)
      const guilty = one.count("started") > 0 ? one : other
      guilty.program.kill("SIGKILL")
      const refused = await asked
      assert.ok(refused instanceof HandlerDied, String(refused))
      assert.match(refused.detail, /it was redelivered/)
      const last = guilty === one ? other : one
      const alone = rejected(bus.call(Api.slow({ ms: 20_000 }), { timeout: "20 seconds" }))
      await last.next("started")
      const killed = performance.now()
      last.program.kill("SIGKILL")
      const died = await alone
      assert.ok(died instanceof HandlerDied, String(died))
      assert.ok(performance.now() - killed < 10_000)
    })
  })

  test("listens: handles, tries again through the delay queue, and buries", { skip: skipLong }, async () => {
    const follow = `${name}.followed`
    const followed: Array<unknown> = []
    const app = `${name}py`
    const lines = peer("listen", { type: `${name}.noted`, handler: "register", attempts: 3, follow })
    await lines.next("ready")
    await warren({ hear: on(Api.followed, ({ n }, { id }) => void followed.push([n, id])) }, async (bus) => {
      const { id } = await bus.emit(Api.noted({ n: 1, fails: 0 }))
      assert.deepEqual(await lines.next("handled"), { what: "handled", n: 1, attempt: 1, id })
      while (followed.length === 0) await delay(5)
      assert.deepEqual(followed, [[1, deriveId(id, `${app}.register`, 0)]])

      const began = performance.now()
      const poison = await bus.emit(Api.noted({ n: 2, fails: 9 }))
      const twice = await bus.emit(Api.noted({ n: 3, fails: 2 }))
      // two copies, one after the other, through the queue of the 1 s tier
      assert.deepEqual(await lines.next("handled"), { what: "handled", n: 3, attempt: 3, id: twice.id })
      const waited = performance.now() - began
      assert.ok(waited >= 1_990 && waited < 14_000, `${waited} ms`)
      await lines.next("dead")

      const connection = await dial(url())
      const channel = await connection.createChannel()
      const letter = async () => {
        for (;;) {
          const got = await channel.get(QueueName.dead(app), { noAck: true })
          if (got !== false) return toPacket(got.properties, got.content)
          await delay(20)
        }
      }
      const { id: dead, type, headers, persistent, body } = await letter()
      assert.deepEqual([dead, type, persistent], [poison.id, `${name}.noted`, true])
      assert.deepEqual(JSON.parse(new TextDecoder().decode(body)), { n: 2, fails: 9 })
      const { [Header.deadAt]: at, [Header.traceparent]: trace, ...rest } = headers
      assert.ok(Math.abs(Number(at) - Date.now()) < 60_000 && typeof trace === "string")
      const { [Header.schema]: schema, ...told } = rest
      assert.equal(typeof schema, "string")
      assert.deepEqual(told, {
        [Header.version]: "1",
        [Header.attempt]: 3,
        [Header.deadReason]: "failed",
        [Header.deadError]: "it was told to fail",
        [Header.deadHandler]: `${app}.register`,
      })

      channel.publish("warren.events", `${name}.noted`, Buffer.from('{"n":4,"__proto__":{}}'))
      const foreign = await letter()
      assert.deepEqual([foreign.headers[Header.deadReason], foreign.headers[Header.attempt]], ["undecodable", 1])
      await connection.close()
    })
  })
})
