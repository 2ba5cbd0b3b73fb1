/**
 * Two processes race for the same messages over one file and are killed again and again: what each message does in its
 * transaction is done exactly once.
 */
import assert from "node:assert/strict"
import { join } from "node:path"
import process from "node:process"
import { Effect } from "effect"
import { test } from "#test"
import { runtime } from "../../adapters/runtime/mod.ts"
import { type Background, start } from "../support/process.ts"
import { effect, folder, reading } from "./support.ts"

const messages = 2_000
const kills = 6

const flags = { bun: [], deno: ["run", "-A", "--no-check"], node: [] }[runtime.name]
const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Kills that are left to the two races together, and those that have struck. */
interface Budget {
  kills: number
  made: number
}

/** Fails with what a racer has said so far when something takes longer than 20 s. */
const within = async <A>(what: string, racer: Background, promise: Promise<A>): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`A racer did not ${what} in 20 s; it said: ${racer.output()}`)), 20_000)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Runs a racer to its end; kills it a moment after it has begun, and starts it again, as long as there are kills left. */
const race = async (path: string, budget: Budget): Promise<void> => {
  for (;;) {
    const racer = start(process.execPath, [
      ...flags,
      join(import.meta.dirname, "fixtures", "racer.ts"),
      path,
      `${messages}`,
    ])
    let isOver = false
    void racer.ended.then(() => isOver = true)
    try {
      await within("begin", racer, begun(racer, () => isOver))
      if (await killed(racer, budget, () => isOver)) continue
      const { code, output } = await within("come through", racer, racer.ended)
      assert.equal(code, 0, output)
      assert.match(output, /through/)
      return
    } finally {
      racer.kill("SIGKILL")
    }
  }
}

const begun = async (racer: Background, isOver: () => boolean): Promise<void> => {
  while (!isOver() && !racer.output().includes("begun")) await later(2)
}

const killed = async (racer: Background, budget: Budget, isOver: () => boolean): Promise<boolean> => {
  if (budget.kills === 0) return false
  // before the wait, in which the other race looks at it
  budget.kills--
  await later(5 + Math.random() * 60)
  if (isOver()) return false
  racer.kill("SIGKILL")
  await within("die", racer, racer.ended)
  budget.made++
  return true
}

test(
  "two processes that are killed at random: each of 2,000 messages has its effect once",
  { timeout: 90_000 },
  () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "race.db")
      const budget = { kills, made: 0 }
      yield* Effect.promise(() => Promise.all([race(path, budget), race(path, budget)]))
      // one may be through before it can be killed
      assert.ok(budget.made >= kills - 2, `Only ${budget.made} of ${kills} could be killed`)
      const { rows, different, total, marks } = yield* reading(path, (sqlite) => ({
        rows: sqlite.prepare("SELECT count(*) AS n FROM ledger").get()?.["n"],
        different: sqlite.prepare("SELECT count(DISTINCT message) AS n FROM ledger").get()?.["n"],
        total: sqlite.prepare("SELECT n FROM total").get()?.["n"],
        marks: sqlite.prepare("SELECT count(*) AS n FROM warren_inbox").get()?.["n"],
      }))
      assert.deepEqual({ rows, different, total, marks }, {
        rows: messages,
        different: messages,
        total: messages,
        marks: messages,
      })
    })),
)
