/**
 * Cases of the runtime suite: what is remembered of processes that are gone.
 */
import assert from "node:assert/strict"
import { Effect, Exit, Queue, Scope } from "effect"
import { CurrentMachine, handle, on } from "../runtime/mod.ts"
import type { Delivery, Transport } from "../transport/mod.ts"
import {
  type Contracts,
  decodeContracts,
  decodeLedger,
  joinContracts,
  joinLedgers,
  type Ledger,
  ledgerTopology,
  QueueName,
  routeTo,
  seenOf,
} from "../wire/mod.ts"
import { foreign, type RuntimeCase } from "./runtimeSuiteRig.ts"

/** Looks at the parts of a document, and leaves them where they are. */
const peek = Effect.fnUntraced(function* (transport: Transport["Service"], queue: string) {
  yield* transport.declare(ledgerTopology)
  const parts: Array<Delivery> = []
  yield* Effect.scoped(Effect.andThen(
    transport.consume(queue, { prefetch: 100 }, (one) => void parts.push(one)),
    Effect.sleep(50),
  ))
  yield* Effect.forEach(parts, ({ settle }) => Effect.ignore(settle("requeue")), { discard: true })
  return parts.map(({ packet }) => packet.body)
})

const ledgerOf = (transport: Transport["Service"]): Effect.Effect<Ledger, unknown> =>
  Effect.map(
    peek(transport, QueueName.ledger),
    (parts) => parts.reduce((all: Ledger, part) => joinLedgers(all, decodeLedger(part), 0), []),
  )

const contractsOf = (transport: Transport["Service"]): Effect.Effect<Contracts, unknown> =>
  Effect.map(
    peek(transport, QueueName.contracts),
    (parts) => parts.reduce((all: Contracts, part) => joinContracts(all, decodeContracts(part), 0), []),
  )

/** Waits until a document says something. */
const untilSaid = <A>(
  look: Effect.Effect<A, unknown>,
  wanted: (said: A) => boolean,
): Effect.Effect<A, unknown> => {
  const round: Effect.Effect<A, unknown> = Effect.flatMap(
    look,
    (said) => wanted(said) ? Effect.succeed(said) : Effect.delay(round, 100),
  )
  return Effect.timeoutOrElse(round, {
    duration: "15 seconds",
    orElse: () => Effect.flatMap(look, (said) => Effect.die(new Error(`It says ${JSON.stringify(said)}`))),
  })
}

/** Waits until the ledger says something. */
const untilLedger = (transport: Transport["Service"], wanted: (ledger: Ledger) => boolean) =>
  untilSaid(ledgerOf(transport), wanted)

const quick = { heartbeat: 200 }

/** The ledger. */
export const ledgers: ReadonlyArray<RuntimeCase> = [
  {
    name: "what an app handled and sent, where it ran and when it ended outlives it, and so do its contracts",
    needs: ["shared"],
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        const [app, web] = [name("app"), name("web")]
        const scope = yield* Scope.make()
        const { core } = yield* start({
          [app]: {
            again: handle(contracts.again, ({ n }) => ({ n })),
            note: on(contracts.happened, () => Effect.void),
          },
        }, { ...quick, version: "7.1" }).pipe(
          Effect.provideService(CurrentMachine, { host: "far away", pid: 77, runtime: "bun 9" }),
          Scope.provide(scope),
        )
        const caller = yield* start({}, { ...quick, app: web })
        yield* caller.bus.emit(contracts.happened({ n: 1 }))
        const running = yield* untilLedger(
          transport,
          (ledger) => [app, web].every((wanted) => ledger.some((one) => one.app === wanted)),
        )
        const of = (ledger: Ledger, wanted: string) => ledger.find((one) => one.app === wanted)!
        assert.equal(of(running, app).instances[0]?.ended, undefined)
        assert.deepEqual(of(running, web).sent.map(({ type, kind }) => [type, kind]), [[
          contracts.happened.type,
          "event",
        ]])
        yield* Scope.close(scope, Exit.void)
        const ended = yield* untilLedger(transport, (ledger) => of(ledger, app).instances[0]?.ended !== undefined)
        const remembered = of(ended, app)
        assert.deepEqual(
          remembered.instances.map(({ instance, host, pid, version }) => [instance, host, pid, version]),
          [[core.instance, "far away", 77, "7.1"]],
        )
        assert.deepEqual(
          remembered.handlers.map(({ name, kind, subject, queue }) => [name, kind, subject, queue]).sort(),
          [
            ["again", "call", contracts.again.type, QueueName.call(contracts.again.type)],
            ["note", "listener", contracts.happened.type, QueueName.listener(app, "note")],
          ],
        )
        assert.ok(seenOf(remembered) <= core.now() && seenOf(remembered) > core.now() - 60_000)
        const known = yield* untilSaid(contractsOf(transport), (some) =>
          some.find(({ type }) => type === contracts.happened.type)?.apps.length === 2)
        const spoken = known.filter(({ type }) =>
          type === contracts.happened.type
        )
        assert.deepEqual(spoken.map(({ apps }) => apps), [[app, web].sort()])
      }),
  },
  {
    name: "many that begin together are all remembered, and what a stranger wrote there does no harm",
    needs: ["shared"],
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        yield* transport.declare(ledgerTopology)
        yield* transport.publish(routeTo.queue(QueueName.ledger), foreign("[[[[", { id: "x" }))
        const apps = Array.from({ length: 12 }, (_, i) => name(`a${i}`))
        yield* Effect.forEach(
          apps,
          (app) => start({ [app]: { note: on(contracts.happened, () => Effect.void) } }, quick),
          { concurrency: "unbounded" },
        )
        yield* untilLedger(transport, (ledger) => apps.every((wanted) => ledger.some(({ app }) => app === wanted)))
      }),
  },
  {
    name: "who finds it in somebody's hand writes beside it, and nobody who runs no more is forgotten",
    needs: ["shared"],
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        const [past, first, second] = [name("past"), name("first"), name("second")]
        const worker = { note: on(contracts.happened, () => Effect.void) }
        const scope = yield* Scope.make()
        yield* start({ [past]: worker }, quick).pipe(Scope.provide(scope))
        yield* untilLedger(transport, (ledger) => ledger.some(({ app }) => app === past))
        yield* Scope.close(scope, Exit.void)
        yield* start({ [first]: worker }, quick)
        yield* untilLedger(transport, (ledger) => ledger.some(({ app }) => app === first))
        const hand = yield* Scope.make()
        const held = yield* Queue.unbounded<Delivery>()
        yield* transport.consume(QueueName.ledger, { prefetch: 1 }, (one) => Queue.offerUnsafe(held, one)).pipe(
          Scope.provide(hand),
        )
        const document = yield* Queue.take(held)
        yield* start({ [second]: worker }, quick)
        // longer than an empty queue is waited for once
        yield* Effect.sleep(900)
        yield* Scope.close(hand, Exit.void)
        yield* document.settle("requeue")
        const ledger = yield* untilLedger(transport, (ledger) => ledger.some(({ app }) => app === second))
        for (const app of [past, first]) assert.ok(ledger.some((one) => one.app === app), `${app} is forgotten`)
      }),
  },
]
