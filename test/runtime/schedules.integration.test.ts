/**
 * A schedule over processes that die for real, and over a connection that is cut: each second's tick is made, by one of them.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { connect } from "amqplib"
import { QueueName } from "../../src/wire/mod.ts"
import type { Background } from "../support/process.ts"
import { startProxy } from "../support/proxy.ts"
import { rabbit, skip } from "../support/rabbit.ts"
import { siblings } from "../support/siblings.ts"

const url = rabbit()

const { run, running } = siblings()
const unique = () => `t${crypto.randomUUID().slice(0, 8)}`

const until = async (what: string, holds: () => boolean, ms = 10_000): Promise<void> => {
  for (let waited = 0; !holds(); waited += 10) {
    if (waited > ms) {
      throw new Error(`${what}: not in ${ms} ms\n${[...running].map(({ output }) => output()).join("\n")}`)
    }
    await delay(10)
  }
}

const serve = async (broker: string, app: string): Promise<Background> => {
  const one = run(join(import.meta.dirname, "fixtures/ticker.ts"), broker, app)
  await until("ready", () => /^ready$/m.test(one.output()), 20_000)
  return one
}

interface Tick {
  readonly due: number
  readonly id: string
  readonly late: number
}

const ticks = (word: "made" | "handled", ...of: ReadonlyArray<Background>): ReadonlyArray<Tick> =>
  of.flatMap(({ output }) =>
    Array.from(output().matchAll(new RegExp(`^${word} (\\d+) (\\S+)(?: (-?\\d+))?$`, "gm")), ([, due, id, late]) => ({
      due: Number(due),
      id: id!,
      late: Number(late),
    }))
  ).toSorted((a, b) => a.due - b.due)

/** Each second from the first to the last, and a due time always with the same id. */
const check = (of: ReadonlyArray<Tick>): void => {
  const dues = [...new Set(of.map(({ due }) => due))]
  assert.deepEqual(dues, dues.map((_, i) => dues[0]! + i * 1_000))
  assert.equal(new Set(of.map(({ id }) => id)).size, dues.length)
}

describe("a schedule's queues", () => {
  test("are declared and consumed again when they were deleted", { skip, timeout: 60_000 }, async () => {
    const app = unique()
    const maker = await serve(url(), app)
    await until("ticks", () => ticks("made", maker).length >= 2)
    const connection = await connect(url())
    const channel = await connection.createChannel()
    await channel.deleteQueue(QueueName.token(app, "often"))
    const before = ticks("made", maker).length
    // a broker that is busy takes its time to make a quorum queue again
    await until("it goes on", () => ticks("made", maker).length >= before + 3, 30_000)
    check(ticks("made", maker))
    assert.equal((await channel.checkQueue(QueueName.token(app, "often"))).consumerCount, 1)
    await connection.close()
  })
})

describe("a schedule over three processes", () => {
  test("goes on within two seconds when the one that makes its ticks is killed", { skip }, async () => {
    const app = unique()
    const all = [await serve(url(), app), await serve(url(), app), await serve(url(), app)]
    await until("three ticks", () => ticks("handled", ...all).length >= 3)
    assert.equal(ticks("made", ...all).length, new Set(ticks("made", ...all).map(({ id }) => id)).size)
    const makers = all.filter((one) => ticks("made", one).length > 0)
    assert.equal(makers.length, 1)
    // at once after a tick was made: its confirm and the token may still be on their way
    const [maker] = makers
    const made = ticks("made", maker!).length
    await until("another tick", () => ticks("made", maker!).length > made)
    maker!.kill("SIGKILL")
    await maker!.ended
    const others = all.filter((one) => one !== maker)
    await until("others go on", () => ticks("handled", ...others).length > 0 && ticks("made", ...others).length >= 3)
    const made1 = ticks("made", ...all)
    check(made1)
    assert.ok(made1.length - new Set(made1.map(({ id }) => id)).size <= 1, "at most the tick of the killed one twice")
    assert.ok(Math.max(...ticks("made", ...others).map(({ late }) => late)) < 2_000, JSON.stringify(made1))
    const last = ticks("made", ...all).at(-1)!.due
    await until("all are handled", () => ticks("handled", ...all).at(-1)!.due >= last)
    check(ticks("handled", ...all))
  })

  test(
    "goes on within two seconds when its maker's connection is cut, which comes back as one that waits",
    { skip },
    async () => {
      const app = unique()
      const proxy = await startProxy(Number(new URL(url() || "amqp://h:1").port))
      try {
        const maker = await serve(proxy.through(url()), app)
        const other = await serve(url(), app)
        await until("ticks", () => ticks("handled", maker, other).length >= 2)
        assert.deepEqual([ticks("made", maker).length > 0, ticks("made", other).length], [true, 0])
        proxy.cut()
        await until("the other goes on", () => ticks("made", other).length >= 4)
        const made = ticks("made", maker, other)
        check(made)
        assert.ok(made.length - new Set(made.map(({ id }) => id)).size <= 1)
        assert.ok(Math.max(...ticks("made", other).map(({ late }) => late)) < 2_000, JSON.stringify(made))
        // it is back, and takes over once more
        const before = ticks("made", maker).length
        other.kill("SIGKILL")
        await until("the first goes on", () => ticks("made", maker).length >= before + 2)
        check(ticks("made", maker, other))
      } finally {
        await proxy.close()
      }
    },
  )
})
