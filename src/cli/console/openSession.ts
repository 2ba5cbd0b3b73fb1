/**
 * Opens what a console is at: a broker, joined once for all lines, or the gateway of a running process.
 *
 * Above `scene.ts` and `remote.ts`. The steward's own connection does not come back by itself: where it is gone, the broker is
 * joined again with the next question.
 */
import { Effect, Exit, Option, Redacted, Scope, Semaphore, Stream } from "effect"
import type { ContractSpec } from "../../contract/mod.ts"
import type { Scene, SchemaDocument, Verb } from "../../inspect/mod.ts"
import { QueueName } from "../../wire/mod.ts"
import { defaultUrl } from "../defaultUrl.ts"
import { callOver, emitOver, type Saying } from "../direct.ts"
import { type CliFailure, misuse } from "../Failure.ts"
import { type BrokerInput, brokerOf, type InspectInput } from "../inspecting.ts"
import { remotely, remotelyFollow } from "../remote.ts"
import { openScene, refused, verbOf } from "../scene.ts"
import { openContract } from "./openContract.ts"
import type { Session } from "../Session.ts"

/** Opens it, at a broker where one is named (`brokerOf`), until the scope closes; fails where nobody is there. */
export const openSession = (input: InspectInput): Effect.Effect<Session, CliFailure, Scope.Scope> =>
  Effect.flatMap(
    brokerOf(input),
    Option.match({
      onNone: () => atGateway(input),
      onSome: (broker) => atBroker({ ...input, broker }),
    }),
  )

const atBroker = Effect.fnUntraced(function* (input: BrokerInput): Effect.fn.Return<Session, CliFailure, Scope.Scope> {
  const outer = yield* Effect.scope
  const turn = yield* Semaphore.make(1)
  const open = Effect.gen(function* () {
    const scope = yield* Scope.fork(outer)
    const scene = yield* Scope.provide(openScene(input), scope).pipe(
      Effect.onExit((exit) => Exit.isFailure(exit) ? Scope.close(scope, exit) : Effect.void),
    )
    return { scene, scope }
  })
  let current = yield* open
  const { contracts, place } = current.scene

  /** The scene; joined again where its connection is gone. */
  const scene = turn.withPermits(1)(Effect.gen(function* () {
    const looked = yield* Effect.exit(current.scene.steward.look(QueueName.ledger))
    if (Exit.isFailure(looked)) {
      yield* Scope.close(current.scope, Exit.void)
      current = yield* open
    }
    return current.scene
  }))
  /** What is known of what runs, and of no module at hand. */
  let learned: ReadonlyMap<string, ContractSpec> = new Map()
  const contractsWith = Effect.fnUntraced(function* (type: string) {
    const now = yield* scene
    if (!now.contracts.has(type)) {
      const told = yield* Effect.exit(Effect.scoped(documentOf(now)))
      if (Exit.isSuccess(told)) learned = contractsOf(told.value)
    }
    return new Map([...learned, ...now.contracts])
  })
  const run = Effect.fnUntraced(function* <K extends Verb["kind"]>(kind: K, name: string, args: unknown) {
    const verb = yield* verbOf(name, kind)
    // what is sent needs its contract
    const type = verb.looks ? undefined : typeIn(args)
    const contracts = type === undefined ? undefined : yield* contractsWith(type)
    const now = yield* scene
    return { verb, scene: contracts === undefined ? now : { ...now, contracts } }
  })
  const over = <A>(
    saying: Saying,
    say: (contracts: ReadonlyMap<string, ContractSpec>) => Effect.Effect<A, CliFailure>,
  ) => Effect.flatMap(contractsWith(`${saying.name.api}.${saying.name.member}`), say)

  const withoutLane = ({ lane }: Saying) =>
    lane === undefined || lane === "broker"
      ? Effect.void
      : Effect.fail(misuse(`In the console calls go through the broker, not by the lane "${lane}"`, "Leave --lane out"))

  return {
    ask: (name, args) =>
      Effect.scoped(Effect.gen(function* () {
        const { verb, scene } = yield* run("ask", name, args)
        return yield* Effect.mapError(verb.run(scene, args), refused)
      })),
    follow: (name, args) =>
      Stream.unwrap(Effect.map(
        run("follow", name, args),
        ({ verb, scene }) => Stream.mapError(verb.run(scene, args), refused),
      )).pipe(Stream.scoped),
    call: (saying) =>
      Effect.andThen(
        withoutLane(saying),
        over(saying, (contracts) => callOver(current.scene.bus, contracts, saying)),
      ),
    emit: (saying) => over(saying, (contracts) => emitOver(current.scene.bus, contracts, saying)),
    contracts,
    place: `${place.server} at ${place.label}`,
    flags: [
      "--broker",
      Redacted.value(input.broker),
      ...Option.match(input.workers, { onNone: () => [], onSome: (workers) => ["--workers", workers] }),
      ...Option.match(input.management, {
        onNone: () => [],
        onSome: (one) => ["--management", one === "off" ? one : Redacted.value(one)],
      }),
    ],
  }
})

const typeIn = (args: unknown): string | undefined => {
  const { type } = (args ?? {}) as { readonly type?: unknown }
  return typeof type === "string" ? type : undefined
}

const documentOf = (scene: Scene) =>
  Effect.gen(function* () {
    const verb = yield* verbOf("schema.dump", "ask")
    return (yield* verb.run(scene, {})) as SchemaDocument
  })

/** Of several shapes of one, that which somebody handles. */
const contractsOf = ({ contracts }: SchemaDocument): ReadonlyMap<string, ContractSpec> =>
  new Map(
    contracts.toSorted((a, b) => a.handledBy.length - b.handledBy.length).flatMap((told) => {
      const contract = openContract(told)
      return contract === undefined ? [] : [[told.type, contract] as const]
    }),
  )

const atGateway = Effect.fnUntraced(function* (input: InspectInput): Effect.fn.Return<Session, CliFailure> {
  const url = Option.getOrElse(input.url, () => defaultUrl)
  // that somebody is there is known before the first line
  yield* remotely(input, (gateway) => gateway.topology)
  const typeOf = ({ name }: Saying) => `${name.api}.${name.member}`
  return {
    ask: (verb, args, timeout) =>
      remotely(input, (gateway) => gateway.inspect(verb, args, timeout === undefined ? {} : { timeout })),
    follow: (verb, args) => remotelyFollow(input, (gateway) => gateway.follow(verb, args)),
    call: (saying) =>
      saying.lane === undefined
        ? remotely(input, (gateway) => gateway.call(typeOf(saying), saying.payload, saying))
        : Effect.fail(misuse("A gateway chooses the lane itself", "Go over the broker, with --broker")),
    emit: (saying) => remotely(input, (gateway) => gateway.emit(typeOf(saying), saying.payload, saying)),
    contracts: new Map(),
    place: `the gateway ${url}`,
    flags: [
      "--url",
      url,
      ...Option.match(input.token, { onNone: () => [], onSome: (token) => ["--token", Redacted.value(token)] }),
    ],
  }
})
