/**
 * `warren tap` over RabbitMQ: what two processes send, through a gateway and straight over the broker; a flood of messages;
 * and nothing that is left behind by a tap that is killed.
 */
import { afterEach, describe, test } from "#test"
import assert from "node:assert/strict"
import process from "node:process"
import { Context, Effect, Layer } from "effect"
import { layer } from "../../adapters/amqp/mod.ts"
import type { TapMessageTold, TapTold } from "../../src/inspect/mod.ts"
import { type Confirm, Transport } from "../../src/transport/mod.ts"
import { encodeTapHello, eventPacket, nextTrace, tapHello, tapHelloType, tapPacket } from "../../src/wire/mod.ts"
import { rabbit, skip, skipLong } from "../support/rabbit.ts"
import { cleanUp, folderWith, post, serving, type Warren, warren } from "./support.ts"

const url = rabbit()
afterEach(cleanUp)

const apis = (name: string) => ({
  "apis/shop.ts": `import { Schema } from "effect"
import { api, call, event } from "warren"
export const Shop = api("${name}", {
  sold: event({ n: Schema.Int, text: Schema.String }),
  packed: event({ n: Schema.Int }),
  price: call({ n: Schema.Int }, { returns: Schema.Int }),
  flood: call({ n: Schema.Int }, { returns: Schema.Int })
}, { expose: true })`,
})

const seller = (name: string) => ({
  ...apis(name),
  [`${name}-seller.ts`]: `import { Effect } from "effect"
import { Bus, handle } from "warren"
import { Shop } from "./apis/shop.ts"
export const price = handle(Shop.price, ({ n }) => n * 2)
export const flood = handle(Shop.flood, ({ n }) => Effect.gen(function*() {
  const began = performance.now()
  yield* Effect.forEach(Array.from({ length: n }, (_, i) => i), (n) => Bus.emit(Shop.sold({ n, text: "x".repeat(500) })), {
    concurrency: 50
  })
  return Math.round(performance.now() - began)
}), { timeout: "60 seconds" })`,
})

const packer = (name: string) => ({
  ...apis(name),
  [`${name}-packer.ts`]: `import { on } from "warren"
import { Shop } from "./apis/shop.ts"
export const pack = on(Shop.sold, async ({ n }, { call, emit }) => {
  if (n >= 0) return
  await call(Shop.price({ n }))
  await emit(Shop.packed({ n }))
}, { concurrency: 100 })`,
})

const unique = () => `t${crypto.randomUUID().slice(0, 8)}`

/** A tap that is open. */
const tapping = async (...args: ReadonlyArray<string>): Promise<Warren> => {
  const tap = warren(["tap", ...args])
  await tap.until(/ctrl-c ends|"kind":"open"/)
  return tap
}

const toldOf = (tap: Warren) => tap.lines() as ReadonlyArray<unknown> as ReadonlyArray<TapTold>
const messagesOf = (tap: Warren) => toldOf(tap).filter((one): one is TapMessageTold => one.kind === "message")
const missedOf = (tap: Warren) => toldOf(tap).reduce((sum, one) => one.kind === "missed" ? sum + one.count : sum, 0)

const eventually = async (what: string, passes: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> => {
  for (const late = performance.now() + ms; !await passes();) {
    assert.ok(performance.now() < late, `It never came that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const onBroker = <A>(use: (transport: Transport["Service"]) => Effect.Effect<A, unknown>): Promise<A> =>
  Effect.runPromise(Effect.scoped(
    Effect.flatMap(Layer.build(layer({ url: url() })), (services) => use(Context.get(services, Transport))),
  ))

/** Whether there is any tap on the broker. */
const hello = (): Promise<Confirm> =>
  onBroker(({ publish }) => publish(tapHello, tapPacket(tapHelloType, "h", "test", 1, encodeTapHello("nobody"))))

describe("warren tap", () => {
  test("prints what every process sends, through a gateway and with --broker", { skip, timeout: 60_000 }, async () => {
    const name = unique()
    const folder = folderWith(seller(name))
    const env = { WARREN_BROKER: url() }
    const listening = folderWith(packer(name))
    const packing = warren(["run", listening], { env })
    const selling = await serving([folder], { env })
    await packing.said(/^ready$/)
    const direct = ["--broker", url(), "--workers", folder]
    const gateway = ["--url", selling.url]
    const text = await tapping(name, ...direct)
    const json = await tapping("#", "--from", `${name}-packer`, ...gateway, "--json")
    const chosen = await tapping(`${name}.sold`, "--where", "n=-2", "-n", "1", "--json", ...direct)
    const counting = await tapping(`${name}.*`, "--count", "-n", "7", ...direct)
    const brief = await tapping("nothing.#", "--count", "--for", "1s", ...direct)
    // a process whose life is short is heard, too
    for (const n of [-1, -2]) {
      const sent = warren([
        "emit",
        `${name}.sold`,
        JSON.stringify({ n, text: "a\u0085b" }),
        "--broker",
        url(),
        "--workers",
        listening,
      ])
      assert.equal(await sent.ended, 0, sent.stderr())
    }
    await eventually("all are told", () => messagesOf(json).length === 4)
    assert.deepEqual(messagesOf(json).map(({ type, what, pid, fits, heard }) => [type, what, pid, fits, heard]), [
      [`${name}.price`, "call", packing.child.pid, true, null],
      [`${name}.packed`, "event", packing.child.pid, true, false],
      [`${name}.price`, "call", packing.child.pid, true, null],
      [`${name}.packed`, "event", packing.child.pid, true, false],
    ])
    assert.equal(await chosen.ended, 0)
    assert.deepEqual(messagesOf(chosen).map(({ payload }) => payload), [{ n: -2, text: "a\u0085b" }])
    await text.until(new RegExp(`call {3}${name}\\.price +${name}-packer {2}\\{"n":-2\\}`))
    await text.until(new RegExp(`event {2}${name}\\.packed +${name}-packer {2}\\{"n":-2\\} {2}\\(nobody listens\\)`))
    assert.match(text.stdout(), new RegExp(`event {2}${name}\\.sold +\\S+ +\\{"n":-1,"text":"a\\\\u0085b"\\}\n`))
    assert.match(text.stderr(), new RegExp(`^tapping "${name}\\.\\*"; \\d+ processes tell, ctrl-c ends\n`))
    // what nobody but the broker knows the sender of, by whoever handles it
    const body = new TextEncoder().encode('{"n":"x"}')
    const origin = {
      id: unique(),
      type: `${name}.sold`,
      app: "cobol",
      now: 1,
      version: "1",
      schema: "",
      cause: undefined,
    }
    const { headers: _, ...packet } = eventPacket({ ...origin, trace: nextTrace(undefined, origin.id) }, body)
    await onBroker(({ publish }) =>
      publish({ exchange: "warren.events", key: packet.type }, { ...packet, headers: {} })
    )
    await text.until(/cobol +\{"n":"x"\} {2}\(foreign, does not fit: .*"n" is "x", expected/)
    assert.equal(await counting.ended, 0)
    assert.match(counting.stdout(), new RegExp(`call +${name}\\.price +${name}-packer +2 `))
    assert.match(counting.stdout(), /\n7 messages in \d+ s\n$/)
    assert.equal(await brief.ended, 0)
    assert.match(brief.stdout(), /^0 messages in 1 s\n$|^no messages/i)
    text.signal("SIGINT")
    assert.equal(await text.ended, 0, text.stderr())
    // nobody reads it any more, as after `| head`
    json.child.stdout!.destroy()
    for (let n = -10, isOver = false; !isOver; n--) {
      await warren(["emit", `${name}.sold`, JSON.stringify({ n, text: "" }), "--broker", url(), "--workers", listening])
        .ended
      isOver = await Promise.race([json.ended, new Promise<undefined>((resolve) => setTimeout(resolve, 500))]) === 0
      assert.ok(n > -20, "It goes on")
    }
    await eventually("nothing is left", async () => await hello() === "unroutable")
    const wrong = warren(["tap", "--where", "customer", ...direct])
    assert.equal(await wrong.ended, 1)
    assert.match(wrong.stderr(), /Cannot read "customer" as a condition\n.*customer=c1/)
  })

  test("a flood, a frozen tap and one that is killed hold nobody up", { skip: skipLong, timeout: 90_000 }, async () => {
    const name = unique()
    const folder = folderWith(seller(name))
    const env = { WARREN_BROKER: url() }
    const packing = warren(["run", folderWith(packer(name))], { env })
    const selling = await serving([folder], { env })
    await packing.said(/^ready$/)
    const flood = async (n: number): Promise<number> => {
      const { status, body } = await post(`${selling.url}/calls/${name}/flood`, { n }, 60_000)
      assert.equal(status, 200, JSON.stringify(body))
      return body as number
    }
    const alone = await flood(6_000)
    const direct = ["--broker", url(), "--workers", folder, "--json"]
    const tap = await tapping(`${name}.sold`, ...direct)
    const all = 6_000
    const watched = await flood(all)
    await eventually("all are told or counted", () => messagesOf(tap).length + missedOf(tap) === all)
    assert.ok(messagesOf(tap).length >= 1_000, `${messagesOf(tap).length} are told`)
    // frozen: the broker keeps so much and no more, and nobody waits
    process.kill(tap.child.pid!, "SIGSTOP")
    const frozen = await flood(all)
    process.kill(tap.child.pid!, "SIGCONT")
    await eventually("all are told or counted", () => messagesOf(tap).length + missedOf(tap) === 2 * all)
    const times = `${alone} ms alone, ${watched} ms watched, ${frozen} ms by a frozen tap`
    assert.ok(Math.max(watched, frozen) < 4 * alone + 2_000, times)
    // killed: its queue goes with it
    assert.equal(await hello(), "routed")
    tap.signal("SIGKILL")
    await tap.ended
    await eventually("nothing is left", async () => await hello() === "unroutable")
    await flood(100)
  })
})
