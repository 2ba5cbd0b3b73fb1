/**
 * The verb `trace`: sends one real message and tells everything that happens to it, and to whatever it causes, as it happens.
 *
 * Above the runtime's following (`src/runtime/Follows.ts`), which works in whatever process has the message in hand, and the
 * bindings, which say what has to be waited for. It sends nothing but the message, and changes nothing.
 */
import { Cause, Effect, Exit, Fiber, Option, Queue, Result, Schema, Stream } from "effect"
import { type CallSpec, type ContractSpec, type EventSpec, Message, nearest } from "../../contract/mod.ts"
import type { HeardHop } from "../../runtime/mod.ts"
import type { Scene } from "../Scene.ts"
import { type Following, InspectError } from "../Verb.ts"
import { type Destinations, seeRoutes } from "./routes.ts"
import type { EndTold, HopTold, Open, RoutedTold, TraceTold } from "./told.ts"
import { Tracing } from "./Tracing.ts"

const Input = Schema.Struct({
  /** `sales.quote`. */
  type: Schema.String,
  payload: Schema.Unknown,
  /** Longest time for all, ms. */
  timeout: Schema.optionalKey(Schema.Finite),
  /** Whether retries are waited for. */
  wait: Schema.optionalKey(Schema.Boolean),
})

/** What is asked of a trace. */
export type TraceInput = typeof Input.Type

const readInput = Schema.decodeUnknownResult(Input)

/** Longest time for all unless said otherwise, ms. */
const usual = 10_000
/** How often it is looked whether all has ended, ms. */
const pace = 20
/** Queues of one event that are looked at, and how many at a time. */
const looks = { most: 50, concurrency: 8 } as const

/** See the top of the file. */
export const trace: Following = {
  kind: "follow",
  name: "trace",
  looks: false,
  run: (scene, input) => {
    const read = readInput(input)
    if (Result.isFailure(read)) {
      return Stream.fail(new InspectError({ problem: `Cannot trace that: ${read.failure.message}` }))
    }
    const contract = contractFor(scene, read.success.type)
    if (contract instanceof InspectError) return Stream.fail(contract)
    return Stream.callback<TraceTold, InspectError>((queue) => follow(scene, contract, read.success, queue))
  },
}

/** The contract of what is to be sent; through a gateway, those that it exposes and no others. */
const contractFor = ({ contracts, reaches }: Scene, type: string): ContractSpec | InspectError => {
  const isReached = (one: ContractSpec) => reaches !== "exposed" || one.exposed
  const contract = contracts.get(type)
  if (contract !== undefined && isReached(contract)) return contract
  const near = nearest(type, [...contracts.values()].filter(isReached).map((one) => one.type))
  return new InspectError({
    problem: reaches === "exposed"
      ? `No "${type}" is exposed there`
      : `Cannot find "${type}" in the apis of the modules`,
    remedy: near.length > 0
      ? `Did you mean ${near.map((one) => `"${one}"`).join(" or ")}?`
      : reaches === "exposed"
      ? "Expose it in its api, or go over the broker, with --broker"
      : "Name the modules that know it with --workers",
  })
}

const follow = Effect.fnUntraced(function* (
  scene: Scene,
  contract: ContractSpec,
  { payload, timeout = usual, wait = false }: TraceInput,
  queue: Queue.Queue<TraceTold, InspectError | Cause.Done>,
) {
  const { core } = scene
  const routes = yield* seeRoutes(scene)
  const tracing = new Tracing(wait)
  const began = core.monotonic()
  /** When the first hop came; times that are told are since then. */
  let first: number | undefined
  const elapsed = () => core.monotonic() - began
  const at = (ms: number) => Math.max(0, Math.round((ms - (first ?? 0)) * 1_000) / 1_000)
  const tell = (told: TraceTold) => void Queue.offerUnsafe(queue, told)
  const looking = new Set<Fiber.Fiber<unknown, unknown>>()

  const onHop = (heard: HeardHop): void => {
    first ??= heard.at
    tell(hopTold(heard, at(heard.at)))
    tracing.hear(heard.hop, elapsed())
    const { fact, id, type } = heard.hop
    if (fact !== "emitted") return
    const found = routes.of(type)
    const followed = found.queues.flatMap((one) => one.followed ? [one.queue] : [])
    tracing.routed(id, type, { followed, complete: found.complete })
    const fiber = core.runFork(
      Effect.map(
        look(scene, found),
        // it went there when it was confirmed, whenever that is looked up
        (queues) => tell({ kind: "routed", at: at(heard.at), reckoned: heard.isReckoned, id, type, ...queues }),
      ),
    )
    looking.add(fiber)
    fiber.addObserver(() => looking.delete(fiber))
  }

  const asking = yield* Effect.acquireRelease(
    Effect.sync(() => core.follows.ask({ onHop, onMissed: (count) => tell({ kind: "missed", count }) })),
    ({ end }) => Effect.sync(end),
  )
  const sending = yield* Effect.forkScoped(send(scene, contract, payload, asking.follow, timeout))
  let exit: Exit.Exit<unknown, unknown> | undefined
  sending.addObserver((ended) => exit = ended)
  while (elapsed() < timeout) {
    // it never left
    if (exit !== undefined && !tracing.hasBegun) break
    if (exit !== undefined && looking.size === 0 && tracing.isOver(elapsed())) break
    yield* Effect.sleep(pace)
  }
  const error = exit !== undefined && Exit.isFailure(exit) ? errorOf(exit.cause) : undefined
  if (error !== undefined && !tracing.hasBegun) {
    yield* Queue.fail(queue, new InspectError({ problem: told(error), remedy: error.consequence }))
    return
  }
  const open = yield* Effect.forEach(tracing.open(elapsed()), (one) => evidence(scene, one), looks)
  const { failures } = tracing
  const end: EndTold = {
    kind: "end",
    at: at(elapsed()),
    outcome: failures.length > 0 ? "failed" : open.length > 0 ? "open" : "whole",
    failures,
    open,
    ...(contract.kind === "call" && exit !== undefined && Exit.isSuccess(exit) &&
      { value: encoded(contract, exit.value) }),
    ...(error !== undefined && { error }),
  }
  tell(end)
  yield* Queue.end(queue)
})

const hopTold = ({ isReckoned, instance, host, pid, hop }: HeardHop, at: number): HopTold => ({
  ...hop,
  kind: "hop",
  at,
  reckoned: isReckoned,
  instance,
  host,
  pid,
})

const send = (
  { bus }: Scene,
  contract: ContractSpec,
  payload: unknown,
  follow: string,
  timeout: number,
): Effect.Effect<unknown, unknown> =>
  Effect.suspend((): Effect.Effect<unknown, unknown> => {
    const decoded = contract.codec.decode(payload)
    // what does not fit is said by the bus, in the same words as everywhere
    const message = new Message(contract, (Result.isSuccess(decoded) ? decoded.success : payload) as never)
    const options = { follow, timeout }
    return contract.kind === "call"
      ? bus.call(message as Message<CallSpec>, options)
      : bus.emit(message as Message<EventSpec>, options)
  })

const encoded = (contract: ContractSpec, value: unknown): unknown => {
  const json = (contract as CallSpec).returnsCodec.encode(value)
  return Result.isSuccess(json) ? json.success ?? null : null
}

type Failure = NonNullable<EndTold["error"]>

const errorOf = (cause: Cause.Cause<unknown>): Failure => {
  const error = Option.getOrElse(Cause.findErrorOption(cause), () => Cause.squash(cause))
  const { _tag, consequence } = error as { readonly _tag?: string; readonly consequence?: string }
  const message = error instanceof Error && error.message !== ""
    ? error.message
    : JSON.stringify(error) ?? String(error)
  return { tag: _tag ?? "Error", message, ...(typeof consequence === "string" && { consequence }) }
}

const told = ({ tag, message }: Failure): string => message.startsWith(tag) ? message : `${tag}: ${message}`

/** Queues as they are at the moment. */
const look = (
  { steward }: Pick<Scene, "steward">,
  { queues, complete }: Destinations,
): Effect.Effect<Pick<RoutedTold, "queues" | "complete">> =>
  Effect.map(
    Effect.forEach(
      queues.slice(0, looks.most),
      (one) =>
        Effect.map(
          Effect.orElseSucceed(steward.look(one.queue), () => undefined),
          (facts) => ({ ...one, consumers: facts?.consumers ?? null, ready: facts?.ready ?? null }),
        ),
      looks,
    ),
    (looked) => ({ queues: looked, complete }),
  )

/** Why nothing may have been heard of a queue. */
const evidence = ({ steward }: Scene, open: Open): Effect.Effect<Open> => {
  const { queue, what } = open
  if (queue === undefined) return Effect.succeed(open)
  return Effect.map(Effect.orElseSucceed(steward.look(queue), () => undefined), (facts) => {
    if (facts === undefined || facts.consumers === null) return open
    const { consumers, ready } = facts
    const who = consumers === 0 ? "nobody consumes it" : `${consumers} ${consumers === 1 ? "consumer" : "consumers"}`
    const more = ready === null || ready === 0
      ? consumers === 0 ? "" : ", and it is empty: whoever has it does not tell"
      : `, and ${ready} ${ready === 1 ? "message waits" : "messages wait"} there`
    return { ...open, what: `${what}: ${who}${more}` }
  })
}
