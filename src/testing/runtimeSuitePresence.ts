/**
 * Cases of the runtime suite: who is there, calls whose server died, and versions side by side.
 *
 * On transports that are shared; elsewhere there is nobody to hear of.
 */
import assert from "node:assert/strict"
import { Effect, Exit, Fiber, Result, Schema, Scope } from "effect"
import { api, call, isCallError } from "../contract/mod.ts"
import { CurrentMachine, handle, on } from "../runtime/mod.ts"
import { fromBytes, Header, presenceType, QueueName, routeTo } from "../wire/mod.ts"
import { callError, foreign, gate, type Process, type RuntimeCase, until } from "./runtimeSuiteRig.ts"

const quick = { heartbeat: 200 }

/** What a process knows of another. */
const lifeOf = ({ core }: Process, other: Process): string | undefined =>
  core.presence.directory?.get(other.core.instance)?.life

/** Presence. */
export const presences: ReadonlyArray<RuntimeCase> = [
  {
    name: "processes hear of each other at once, what they serve and do, and how their life goes on",
    needs: ["shared"],
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        const scope = yield* Scope.make()
        const server = yield* start({
          [app]: {
            again: handle(contracts.again, ({ n }) => ({ n })),
            note: on(contracts.happened, () => Effect.fail("no")),
          },
        }, { version: "7.1" }).pipe(
          Effect.provideService(CurrentMachine, { host: "far away", pid: 77, runtime: "bun 9" }),
          Scope.provide(scope),
        )
        const { instance } = server.core
        // whoever comes later need not wait for a heartbeat
        const began = performance.now()
        const caller = yield* start({}, quick)
        yield* until("the caller knows the server", () => lifeOf(caller, server) === "running")
        assert.ok(performance.now() - began < 1_000)
        const known = caller.core.presence.directory!.get(instance)!
        assert.deepEqual(
          [known.host, known.pid, known.runtime, known.version, known.isSelf],
          ["far away", 77, "bun 9", "7.1", false],
        )
        assert.deepEqual(known.apps.map(({ app, handlers }) => [app, handlers.map(({ schema: _, ...one }) => one)]), [[
          app,
          [
            {
              name: "again",
              kind: "call",
              subject: contracts.again.type,
              queue: QueueName.call(contracts.again.type),
              version: "1",
              idempotent: true,
            },
            {
              name: "note",
              kind: "listener",
              subject: contracts.happened.type,
              queue: QueueName.listener(app, "note"),
              version: "1",
              idempotent: false,
            },
          ],
        ]])
        const self = caller.core.presence.list().find(({ isSelf }) => isSelf)
        assert.equal(self?.instance, caller.core.instance)
        yield* until("the server knows the caller", () => lifeOf(server, caller) === "running")
        yield* caller.bus.call(contracts.again({ n: 1 }))
        yield* until("what the caller does is known", () =>
          server.core.presence.directory?.get(caller.core.instance)?.calls.includes(contracts.again.type) === true)
        yield* server.host.drain(0)
        yield* until("it is known to drain", () =>
          lifeOf(caller, server) === "draining")
        yield* Scope.close(scope, Exit.void)
        yield* until("it is known to have gone", () => lifeOf(caller, server) === "gone")
      }),
  },
  {
    name: "a process that falls silent is missing after three heartbeats, and its heartbeat is remembered",
    needs: ["shared"],
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        const server = yield* start({ [name("app")]: { ask: handle(contracts.ask, ({ n }) => ({ n })) } }, quick)
        const caller = yield* start({}, quick)
        yield* until("it is known", () => lifeOf(caller, server) === "running")
        assert.equal(caller.core.presence.seen(contracts.ask.type).servers, 1)
        yield* server.kill
        yield* until("it is missing", () => lifeOf(caller, server) === "missing")
        const { lastHeard } = caller.core.presence.directory!.get(server.core.instance)!
        const error = yield* callError("NoHandler", caller.bus.call(contracts.ask({ n: 1 })))
        assert.deepEqual([error.servers, error.lastHeartbeat], [0, lastHeard])
        // anyone can write to the exchange
        for (const body of ["", "{}", '{"v":1,"kind":"announce"}', '{"v":1,"kind":"ask","instance":7}', "\u0000"]) {
          for (const kind of ["announce", "ask"] as const) {
            yield* transport.publish(routeTo.presence(kind), foreign(body, { type: presenceType }))
          }
        }
        const { bus } = yield* start()
        yield* callError("NoHandler", bus.call(contracts.ask({ n: 1 })))
        assert.equal(caller.core.presence.list().filter(({ life }) => life === "running").length > 0, true)
      }),
  },
  {
    name: "errors cite the servers alive and the last heartbeat",
    needs: ["shared"],
    run: ({ contracts, name, start, lane }) =>
      Effect.gen(function* () {
        const serve = () => start({ [name("app")]: { ask: handle(contracts.ask, () => Effect.never) } }, quick)
        const servers = [yield* serve(), yield* serve()]
        const { bus, core } = yield* start()
        yield* until("both are known", () => core.presence.seen(contracts.ask.type).servers === 2)
        const before = core.now()
        const late = yield* callError("DeadlineExceeded", bus.call(contracts.ask({ n: 1 }), { timeout: 500 }))
        assert.equal(late.servers, 2)
        assert.ok((late.lastHeartbeat ?? 0) >= before, "The heartbeat is of this very moment")
        assert.match(late.message, /\(2 servers seen, lane "\w+", last heartbeat: 20\d\d-/)
        assert.match(late.lane, lane)
        // a server counts itself
        assert.equal(servers[0]!.core.presence.seen(contracts.ask.type).servers, 2)
      }),
  },
  {
    name: "call() fails HandlerDied when its last server vanishes, naming it, and not while another is left",
    needs: ["shared"],
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        const began: Array<number> = []
        const { promise, open } = gate()
        const server = yield* start({
          [app]: {
            ask: handle(contracts.ask, ({ n }) => Effect.andThen(Effect.sync(() => began.push(n)), Effect.never)),
            far: handle(contracts.far, () => Effect.never),
          },
        }).pipe(Effect.provideService(CurrentMachine, { host: "far away", pid: 77, runtime: "bun 9" }))
        const other = yield* start({
          [name("other")]: {
            far: handle(contracts.far, async ({ n }) => {
              began.push(n)
              await promise
              return { n }
            }),
          },
        })
        const { bus, core, facts } = yield* start()
        yield* until("both are known", () => core.presence.seen(contracts.far.type).servers === 2)
        const doomed = yield* Effect.forkChild(
          Effect.result(Effect.timed(Effect.flip(bus.call(contracts.ask({ n: 1 }), { timeout: 20_000 })))),
          { startImmediately: true },
        )
        yield* until("it is in hand", () => began.includes(1))
        yield* server.kill
        // sent after the death, to the one that is left
        const kept = yield* Effect.forkChild(bus.call(contracts.far({ n: 2 }), { timeout: 20_000 }), {
          startImmediately: true,
        })
        const outcome = yield* Fiber.join(doomed)
        assert.ok(Result.isSuccess(outcome))
        const [, error] = outcome.success
        assert.ok(isCallError(error) && error._tag === "HandlerDied", String(error))
        assert.match(
          error.message,
          new RegExp(
            `the worker that ran it died, app "${app}" \\(instance ${server.core.instance}, host "far away", pid 77\\) ` +
              "is gone, last heard of \\d+(\\.\\d)? s ago, and (nobody else serves the call|the link to it is lost) \\(",
          ),
        )
        // a lost link tells so soon that others may not have been heard yet
        if (error.lane !== "direct") assert.equal(error.servers, 0)
        assert.ok(error.lastHeartbeat !== null)
        assert.equal(lifeOf({ core } as Process, server), "gone")
        assert.equal(lifeOf({ core } as Process, other), "running")
        yield* Effect.sleep(1_200)
        open()
        assert.deepEqual(yield* Fiber.join(kept), { n: 2 })
        assert.equal(facts("called").length, 2)
        assert.deepEqual(began, [1, 2])
      }),
  },
  {
    name: "a server that nobody knows keeps a call waiting: the queue tells of it",
    needs: ["shared", "queued"],
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        const server = yield* start({ [name("app")]: { ask: handle(contracts.ask, () => Effect.never) } })
        const { bus, core } = yield* start()
        yield* until("it is known", () => core.presence.seen(contracts.ask.type).servers === 1)
        // a foreign program beside it, which answers late
        yield* transport.consume(QueueName.call(contracts.ask.type), { prefetch: 10 }, ({ packet, settle }) => {
          const { replyTo = "", correlationId } = packet
          Effect.runFork(Effect.gen(function* () {
            yield* Effect.sleep(3_500)
            yield* transport.publish(routeTo.queue(replyTo), foreign('{"n":5}', { correlationId }))
            yield* settle("ack")
          }))
        })
        const answers = yield* Effect.forkChild(
          Effect.forEach([1, 2], (n) => Effect.result(bus.call(contracts.ask({ n }), { timeout: 20_000 })), {
            concurrency: 2,
          }),
          { startImmediately: true },
        )
        yield* Effect.sleep(300)
        yield* server.kill
        const found = yield* Fiber.join(answers)
        assert.deepEqual(found.map((one) => Result.isSuccess(one) && one.success), [{ n: 5 }, { n: 5 }])
        assert.equal(lifeOf({ core } as Process, server), "gone")
      }),
  },
  {
    name: "a connection that everyone lost is nobody's death",
    needs: ["shared", "cut"],
    run: ({ contracts, name, start, features }) =>
      Effect.gen(function* () {
        let asked = 0
        const server = yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, ({ n }) =>
              Effect.andThen(Effect.sync(() => asked++), Effect.as(Effect.sleep(6_000), { n }))),
          },
        })
        const { bus, core } = yield* start()
        yield* until("it is known", () =>
          core.presence.seen(contracts.ask.type).servers === 1)
        const pending = yield* Effect.forkChild(bus.call(contracts.ask({ n: 1 }), { timeout: 20_000 }), {
          startImmediately: true,
        })
        yield* until("it is in hand", () => asked === 1)
        assert.ok(typeof features.cut === "object")
        yield* features.cut
        yield* Effect.sleep(300)
        yield* until("it is known again", () => core.presence.seen(contracts.ask.type).servers === 1)
        assert.deepEqual(yield* Fiber.join(pending), { n: 1 })
        assert.equal(lifeOf({ core } as Process, server), "running")
      }),
  },
  {
    name: "two versions of an app run side by side: their drift is told once, by name, and no call is lost",
    needs: ["shared"],
    run: ({ contracts, name, start, transport, replies }) =>
      Effect.gen(function* () {
        const app = name("app")
        const { ask: { api: own } } = contracts
        const newer = api(own, {
          ask: call({ n: Schema.Int, hurry: Schema.optionalKey(Schema.Boolean) }, {
            returns: Schema.Struct({ n: Schema.Int }),
          }),
        }, { version: "2" })
        const answered: Array<string> = []
        const answer = (who: string) => ({ n }: { readonly n: number }) => {
          answered.push(who)
          return Effect.as(Effect.sleep(5), { n })
        }
        const { bus, core, facts } = yield* start()
        const old = yield* start({ [app]: { ask: handle(contracts.ask, answer("old")) } }, { version: "1.0" })
        const fresh = yield* start({ [app]: { ask: handle(newer.ask, answer("new")) } }, { version: "2.0" })
        yield* until("everyone has told the drift", () =>
          [facts, old.facts, fresh.facts].every((of) => of("drift").length > 0))
        const [drift] = facts("drift")
        for (const [process, version, contract] of [[old, "1.0", "1"], [fresh, "2.0", "2"]] as const) {
          const { instance } = process.core
          const told = `"${app}.ask" (contract version ${contract}, ${version}, instance ${instance}, host "`
          assert.ok(drift?.error?.includes(told), drift?.error)
        }
        assert.deepEqual([drift?.type, core.presence.seen(contracts.ask.type).servers], [contracts.ask.type, 2])

        const results: Array<Result.Result<unknown, unknown>> = []
        const calling = yield* Effect.forkChild(
          Effect.forEach(
            Array.from({ length: 400 }, (_, n) =>
              n),
            (n) => Effect.map(Effect.result(bus.call(contracts.ask({ n }))), (result) => results.push(result)),
            {
              concurrency: 4,
            },
          ),
          { startImmediately: true },
        )
        yield* until("both serve", () => new Set(answered).size === 2)
        yield* old.host.drain(5_000)
        const drained = answered.length
        yield* Fiber.join(calling)
        assert.deepEqual(results.filter(Result.isFailure).map(({ failure }) => String(failure)), [])
        assert.equal(results.length, 400)
        assert.deepEqual([...new Set(answered.slice(drained))], ["new"])
        assert.equal(core.presence.seen(contracts.ask.type).servers, 1)
        // the new one was called with the old schema many times, and noted it once
        assert.equal(fresh.facts("drift").length, 2)
        assert.match(
          fresh.facts("drift")[1]?.error ?? "",
          /^"suite" writes it with fingerprint \w+, this handler reads/,
        )

        const { queue, inbox } = yield* replies
        yield* transport.publish(
          routeTo.call(contracts.ask.type),
          foreign('{"n":3}', { replyTo: queue, correlationId: "c", headers: { [Header.schema]: "" } }),
        )
        assert.deepEqual(Result.getOrThrow(fromBytes((yield* inbox.take).body)), { n: 3 })
        assert.equal(fresh.facts("drift").length, 2)
      }),
  },
]
