/**
 * How commands of inspection get their answers: from a running process through its gateway, or from a broker they join.
 *
 * Each command reads `inspectFlags`, asks a verb of `src/inspect` by name, and prints what comes. What carries the
 * question (`remote.ts`, `scene.ts`) is loaded when it is asked. In the console both are open already: `Session.ts`.
 */
import { Effect, Option, type Redacted, Stream } from "effect"
import { Flag } from "effect/cli"
import process from "node:process"
import { defaultUrl } from "./defaultUrl.ts"
import { findOwn, lookingAt, readNamed } from "./embedded.ts"
import { CliFailure } from "./Failure.ts"
import { type Management, managementFlag } from "./management.ts"
import { type Reach, reachFlags } from "./reach.ts"
import { CurrentSession } from "./Session.ts"

/** Whom to ask. */
export interface InspectInput extends Reach {
  readonly management: Option.Option<Management>
}

/** The same, when it is a broker. */
export interface BrokerInput extends Pick<InspectInput, "workers" | "management"> {
  readonly broker: Redacted.Redacted<string>
}

/** The flags of {@link InspectInput}, and `--json`. */
export const inspectFlags = {
  ...reachFlags,
  broker: Flag.withDescription(
    reachFlags.broker,
    "Look into this RabbitMQ, or the embedded broker; WARREN_BROKER, else the embedded one if it runs, unless a gateway is named",
  ),
  management: managementFlag,
  json: Flag.Boolean("json").pipe(Flag.withDescription("Print it as JSON"), Flag.withDefault(false)),
}

/**
 * The broker to look into: the one that is named; unless a gateway is, that of `WARREN_BROKER`, else the project's embedded
 * one where somebody hosts it.
 */
export const brokerOf = Effect.fnUntraced(function* (
  { broker, url }: Pick<Reach, "broker" | "url">,
): Effect.fn.Return<Option.Option<Redacted.Redacted<string>>, CliFailure> {
  if (Option.isSome(broker) || Option.isSome(url)) return yield* lookingAt(broker)
  const said = readNamed(process.env["WARREN_BROKER"] ?? "")
  return said === undefined ? yield* findOwn : yield* lookingAt(Option.some(said))
})

/** Nobody is at the usual place of a gateway: whoever asks may have meant a broker. */
const lonely = ({ url }: Pick<Reach, "url">, failure: CliFailure): CliFailure => {
  if ((failure.from as { readonly _tag?: string } | undefined)?._tag !== "Disconnected") return failure
  const elsewhere =
    "ook into the broker that the apps are on, --broker amqp://… (WARREN_BROKER); or ask a process that " +
    "runs, `warren run … --http`, at --url (WARREN_URL)"
  return Option.isSome(url)
    ? new CliFailure({
      problem: `Nobody to ask: no gateway answers at ${url.value}`,
      remedy: `L${elsewhere}`,
      from: failure.from,
    })
    : new CliFailure({
      problem: `Nobody to ask: nobody hosts this project's embedded broker, and no gateway answers at ${defaultUrl}`,
      remedy: `Start \`warren run\` in this project; or l${elsewhere}`,
      from: failure.from,
    })
}

/** Asks a verb; succeeds with its answer. `timeout`: how long a gateway may take, ms; 30 s unless said otherwise. */
export const ask = Effect.fnUntraced(function* (
  input: InspectInput,
  verb: string,
  args: unknown,
  { timeout }: { readonly timeout?: number | undefined } = {},
): Effect.fn.Return<unknown, CliFailure> {
  const session = yield* CurrentSession
  if (session !== undefined) return yield* session.ask(verb, args, timeout)
  const broker = yield* brokerOf(input)
  if (Option.isSome(broker)) {
    const { askThere } = yield* Effect.promise(() => import("./scene.ts"))
    return yield* askThere({ ...input, broker: broker.value }, verb, args)
  }
  const { remotely } = yield* Effect.promise(() => import("./remote.ts"))
  return yield* remotely(input, (gateway) => gateway.inspect(verb, args, timeout === undefined ? {} : { timeout }))
    .pipe(Effect.mapError((error) => lonely(input, error)))
})

/** Follows a verb that goes on telling; whoever stops listening ends it. */
export const follow = (input: InspectInput, verb: string, args: unknown): Stream.Stream<unknown, CliFailure> =>
  Stream.unwrap(Effect.gen(function* () {
    const session = yield* CurrentSession
    if (session !== undefined) return session.follow(verb, args)
    const broker = yield* brokerOf(input)
    if (Option.isSome(broker)) {
      const { followThere } = yield* Effect.promise(() => import("./scene.ts"))
      return followThere({ ...input, broker: broker.value }, verb, args)
    }
    const { remotelyFollow } = yield* Effect.promise(() => import("./remote.ts"))
    return Stream.mapError(
      remotelyFollow(input, (gateway) => gateway.follow(verb, args)),
      (error) => lonely(input, error),
    )
  }))
