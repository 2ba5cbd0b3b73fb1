/**
 * The contracts of a running system: who speaks each, by what processes answer and by what is remembered.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect, Result, Schema } from "effect"
import { memberSchema } from "../../../src/contract/mod.ts"
import { InspectError, type Scene, type SchemaDiff, type SchemaDocument, verbs } from "../../../src/inspect/mod.ts"
import { found, unknown } from "../../../src/inspect/Finding.ts"
import { documentOf as documentOfFound, memory } from "../../../src/inspect/schema/running.ts"
import { api, call, event, handle, on } from "../../../src/mod.ts"
import type { Contracts, Ledger } from "../../../src/wire/mod.ts"
import { withTeam } from "../team.ts"
import { documentOf } from "./documents.ts"

const order = { orderId: Schema.String }
const Sales = api("sales", { placed: event(order), quote: call(order, { returns: Schema.Int }) })
const Next = api("sales", {
  placed: event({ ...order, channel: Schema.String }),
  quote: call(order, { returns: Schema.String }),
}, { version: 2 })

const ask = (scene: Scene, name: string, input: unknown = {}) => {
  const verb = verbs.get(name)
  return verb?.kind === "ask" ? verb.run(scene, input) : Effect.die(new Error(name))
}

const rows = ({ contracts }: SchemaDocument) =>
  contracts.map(({ type, version, handledBy, sentBy }) => [type, version, handledBy, sentBy])

describe("schema.dump", () => {
  test(
    "lists each shape at work with who speaks it, replies that differ included",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        yield* start({
          sales: { quote: handle(Sales.quote, () => 1) },
          warranty: { register: on(Sales.placed, () => {}) },
        })
        // replies are not in the fingerprint
        yield* start({ sales: { quote: handle(Next.quote, () => "1") } })
        const web = yield* start({}, { app: "web" })
        yield* Effect.sleep(50)
        yield* web.bus.emit(Next.placed({ orderId: "o", channel: "web" }))
        const document = (yield* ask(yield* scene(), "schema.dump")) as SchemaDocument
        assert.deepEqual(rows(document), [
          ["sales.placed", "1", ["warranty.register"], []],
          ["sales.placed", "2", [], ["web"]],
          ["sales.quote", "1", ["sales.quote"], []],
          ["sales.quote", "2", ["sales.quote"], []],
        ])
        assert.deepEqual([document.source, document.gaps], ["running", undefined])
        // it can be read back, and is the same again
        const again = yield* ask(yield* scene(), "schema.dump")
        assert.equal(JSON.stringify(again), JSON.stringify(document))
      })
    ),
  )

  test(
    "takes a ledger that somebody has in hand for no empty one",
    withTeam(({ scene }) =>
      Effect.gen(function* () {
        const held = {
          look: () => Effect.succeed({ consumers: 1 }),
          peek: () => Effect.succeed([]),
        } as unknown as Scene["steward"]
        const document = (yield* ask(yield* scene({ steward: held }), "schema.dump")) as SchemaDocument
        assert.equal(document.gaps?.length, 2)
        assert.match(document.gaps?.[0] ?? "", /has had "warren.*" in hand all the time/)
      })
    ),
  )

  test(
    "tells of an empty system nothing",
    withTeam(({ scene }) =>
      Effect.gen(function* () {
        const document = (yield* ask(yield* scene(), "schema.dump")) as SchemaDocument
        assert.deepEqual([document.contracts, document.apps], [[], []])
      })
    ),
  )
})

describe("schema.diff", () => {
  test(
    "holds what runs against a document",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        yield* start({ warranty: { register: on(Sales.placed, () => {}) } })
        const web = yield* start({}, { app: "web" })
        yield* Effect.sleep(50)
        yield* web.bus.emit(Sales.placed({ orderId: "o" }))
        const document = documentOf({ sales: { Next }, warranty: { register: on(Next.placed, () => {}) } })
        const report = (yield* ask(yield* scene(), "schema.diff", { document })) as SchemaDiff
        const [placed, quote] = report.members
        assert.deepEqual([placed?.type, placed?.verdict, placed?.breaks], ["sales.placed", "breaking", ["warranty"]])
        assert.deepEqual(placed?.clashes.map(({ direction, writers }) => [direction, writers]), [
          ["old to new", ["web"]],
        ])
        assert.deepEqual([quote?.type, quote?.verdict], ["sales.quote", "added"])
      })
    ),
  )

  test(
    "refuses what is no document, and says what to give",
    withTeam(({ scene }) =>
      Effect.gen(function* () {
        const seen = yield* scene()
        for (const input of [{ document: { openapi: "3" } }, {}, { document: 7 }]) {
          const result = yield* Effect.result(ask(seen, "schema.diff", input))
          assert.ok(Result.isFailure(result) && result.failure instanceof InspectError)
          assert.match(result.failure.problem, /"schema\.diff" cannot read/)
        }
      })
    ),
  )
})

describe("documentOf what is remembered", () => {
  const now = 100 * memory
  const spoken = (contract: typeof Sales.placed | typeof Next.placed | typeof Sales.quote): Contracts[number] => ({
    ...memberSchema(contract),
    version: contract.version,
    apps: ["sales"],
    seen: now,
  })
  const placed = spoken(Sales.placed)
  const handler = (name: string, subject: string, schema: string, seen: number) => ({
    name,
    kind: "listener" as const,
    subject,
    queue: `warren.on.warranty.${name}`,
    schema,
    seen,
  })
  const warranty = (seen: number, ...handlers: ReadonlyArray<ReturnType<typeof handler>>): Ledger => [{
    app: "warranty",
    instances: [{ instance: "i", host: "h", pid: 1, runtime: "bun", version: "", since: seen, seen }],
    handlers,
    sent: [{ type: "sales.placed", kind: "event", schema: placed.fingerprint, seen }],
  }]
  const remembered = (ledger: Ledger, contracts: Contracts = [placed]) =>
    documentOfFound({ now, processes: [], infos: [], ledger: found(ledger), spoken: found(contracts) })

  test("lists apps that do not run, with the handlers that they had at the end", () => {
    const day = now - 86_400_000
    const document = remembered(warranty(
      day,
      handler("register", "sales.placed", placed.fingerprint, day),
      handler("before", "sales.placed", placed.fingerprint, day - 86_400_000),
    ))
    assert.deepEqual(rows(document), [["sales.placed", "1", ["warranty.register"], ["warranty"]]])
    assert.deepEqual([document.once, document.gaps], [["warranty"], undefined])
  })

  test("of apps that one process ran nobody knows which has sent, and a command is none", () => {
    const [one] = warranty(now)
    const both: Ledger = [one!, { ...one!, app: "sales" }, { ...one!, app: "warren" }, {
      ...one!,
      app: "web",
      instances: [{ ...one!.instances[0]!, instance: "j" }],
    }]
    assert.deepEqual(rows(remembered(both)), [["sales.placed", "1", [], ["sales+warranty", "web"]]])
  })

  test("forgets who was not seen for long", () => {
    const long = now - memory - 1
    assert.deepEqual(remembered(warranty(long, handler("register", "sales.placed", placed.fingerprint, long))).apps, [])
  })

  test("says of whom no schema is known, rather than nothing", () => {
    const document = remembered(warranty(now, handler("register", "sales.placed", "f00", now)), [])
    assert.deepEqual(document.contracts, [])
    assert.deepEqual(document.gaps, [
      '"warranty", which does not run now, handles "sales.placed" as "warranty.register" by a schema that nobody told (fingerprint f00)',
      `"warranty", which does not run now, sends "sales.placed" by a schema that nobody told (fingerprint ${placed.fingerprint})`,
    ])
  })

  test("takes no schema from a peer that is none", () => {
    const document = remembered(
      warranty(now, handler("register", "sales.placed", placed.fingerprint, now)),
      [{ ...placed, payload: "x" }],
    )
    assert.deepEqual([document.contracts, document.gaps?.length], [[], 2])
  })

  test("says when the past cannot be read", () => {
    const document = documentOfFound({
      now,
      processes: [],
      infos: [],
      ledger: unknown("not allowed"),
      spoken: unknown("not allowed"),
    })
    assert.match(document.gaps?.join("\n") ?? "", /Which apps were here before is not known: not allowed/)
  })
})
