/**
 * One worker process of a chaos run: five listeners to one event, and three calls.
 *
 * Started and killed by `children.ts`. A line is written when a handler has come to its end, so that a line says what was
 * done, not what was acknowledged; the effect of `effect` is a row in the transaction of its inbox, without a
 * constraint that would hide a second one.
 */
import { join } from "node:path"
import { Result } from "effect"
import { handle, on, worker } from "warren"
import { sqliteInbox, SqliteTransaction, sqliteTransactionInbox } from "warren/inbox"
import { readModule } from "../../src/runtime/mod.ts"
import { main, record, settings } from "./child.ts"
import { callOf } from "./calls.ts"
import { app, Chaos, fateOf, files } from "./company.ts"

const handled = (n: number, handler: string) => record("handled", n, Date.now(), handler)

/** A call that is asked: `began` is written first of all. */
interface Question {
  readonly n: number
  readonly until: number
}

const began = ({ n, until }: Question, handler: string) => record("began", n, Date.now(), until, handler)

const shared = worker({ app, layer: sqliteInbox({ path: join(settings.folder, files.inbox) }) })
const exact = worker({
  app,
  layer: sqliteTransactionInbox({
    path: join(settings.folder, files.effects),
    schema: "CREATE TABLE IF NOT EXISTS effects (n INTEGER NOT NULL)",
  }),
})

// the innocent must not be dead-lettered because a fault made them fail some times
const patient = { retry: { attempts: 100, delays: "1 second" } } as const

const module = {
  plain: on(Chaos.happened, ({ n }) => handled(n, "plain"), patient),

  dedupe: shared.on(Chaos.happened, async ({ n }, { sleep }) => {
    await sleep(2)
    handled(n, "dedupe")
  }, { ...patient, dedupe: true }),

  effect: exact.on(Chaos.happened, async ({ n }, { get, sleep }) => {
    get(SqliteTransaction).run("INSERT INTO effects VALUES (?)", n)
    // some have time to be killed between the statement and the commit
    if (n % 16 === 0) await sleep(5)
    handled(n, "effect")
  }, { ...patient, dedupe: true }),

  ordered: on(Chaos.happened, async ({ n }, { sleep }) => {
    if (n % 8 === 0) await sleep(3)
    handled(n, "ordered")
  }, { ...patient, orderBy: ({ key }) => key }),

  stumbling: on(Chaos.happened, ({ n }, { attempt }) => {
    const fate = fateOf(n)
    if (fate === "dies" || fate === "stumbles" && attempt === 1) throw new Error(`Planned: ${fate}`)
    handled(n, "stumbling")
  }, { retry: { attempts: 3, delays: "1 second" } }),

  look: handle(Chaos.look, async (question, { sleep }) => {
    began(question, "look")
    const { takes } = callOf(question.n)
    if (takes > 0) await sleep(takes)
    handled(question.n, "look")
    return question.n
  }),

  charge: handle(Chaos.charge, async (question, { sleep }) => {
    began(question, "charge")
    await sleep(callOf(question.n).takes)
    handled(question.n, "charge")
    return question.n
  }),

  relay: handle(Chaos.relay, async (question, { call }) => {
    began(question, "relay")
    const n = await call(Chaos.charge(question))
    handled(n, "relay")
    return n
  }),
}

await main([Result.getOrThrow(readModule(module, { file: import.meta.filename, app }))], (_launched, asked) => asked)
