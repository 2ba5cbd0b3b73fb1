/**
 * A verb of inspection on behalf of an HTTP client: JSON in, JSON or a stream of JSON lines out.
 *
 * Between the routes and `src/inspect`, which knows the verbs. The scene is opened for each request and closed with it:
 * when the answer is there, when the client hangs up, or when the process ends. Decides nothing about who may ask.
 */
import { type Context, Effect, Exit, Scope, Stream } from "effect"
import type { Following, InspectError, Scene, Verb } from "../inspect/mod.ts"
import { type BodyLimits, readJson } from "./body.ts"
import { nearest } from "../contract/mod.ts"
import { type Problem, problemBody, problems } from "./problem.ts"

/** What a gateway inspects with. */
export interface Inspection {
  readonly verbs: ReadonlyMap<string, Verb>
  /** What a request looks at; it is closed with the request. */
  readonly scene: Effect.Effect<Scene, InspectError, Scope.Scope>
  /** Ends what goes on telling. @default never */
  readonly ending?: Effect.Effect<void>
  /** Whether requests are answered that came through a proxy, from whoever reaches that. @default false */
  readonly proxied?: boolean
}

/** The media type of a stream: one JSON value a line; an empty line says that nothing happened yet. */
export const linesMedia = "application/x-ndjson"

/** How often a stream without news says that it is alive, so that nobody in between gives it up. */
const heartbeat = "15 seconds"

const remedy =
  "Start it with --inspect (WARREN_INSPECT=1) if everybody who can reach it may look into messages and change " +
  "queues; or look over the broker itself, with --broker"

/** Headers by which proxies say for whom they ask. */
const proxies = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"]

/** Answers a request. `trace`: under which a stream's problem is told. */
export const inspect = Effect.fnUntraced(function* (
  inspection: Inspection | "off",
  name: string,
  request: Request,
  limits: BodyLimits,
  { trace, context }: { readonly trace: string; readonly context: Context.Context<never> },
): Effect.fn.Return<Response, Problem> {
  if (inspection === "off") {
    return yield* Effect.fail(problems.notInspected("This gateway does not let anybody inspect what runs here", remedy))
  }
  const proxy = inspection.proxied === true ? undefined : proxies.find((header) => request.headers.has(header))
  if (proxy !== undefined) {
    const detail =
      `This gateway lets only this machine inspect what runs here, and the request came through a proxy ("${proxy}")`
    return yield* Effect.fail(problems.notInspected(detail, remedy))
  }
  const verb = inspection.verbs.get(name)
  if (verb === undefined) return yield* Effect.fail(unknown(name, inspection.verbs.keys()))
  const input = yield* readJson(request, limits)
  if (verb.kind === "ask") {
    const answering = Effect.flatMap(inspection.scene, (scene) => verb.run(scene, input))
    const answer = yield* Effect.mapError(Effect.scoped(answering), problemOf)
    return new Response(JSON.stringify(answer ?? null), { headers: { "content-type": "application/json" } })
  }
  const lines = yield* follow(inspection, verb, input, new URL(request.url).pathname, trace)
  // a client that hangs up before the first line ends it too
  const body = Stream.toReadableStreamWith(lines, context, { signal: request.signal })
  return new Response(body, { headers: { "content-type": linesMedia } })
})

const follow = Effect.fnUntraced(function* (
  { scene: opening, ending = Effect.never }: Inspection,
  verb: Following,
  input: unknown,
  path: string,
  trace: string,
): Effect.fn.Return<Stream.Stream<Uint8Array>, Problem> {
  const scope = yield* Scope.make()
  const scene = yield* Scope.provide(opening, scope).pipe(
    Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit)),
    Effect.mapError(problemOf),
  )
  const told = verb.run(scene, input).pipe(
    Stream.provideService(Scope.Scope, scope),
    Stream.map((value) => JSON.stringify(value ?? null)),
    Stream.catch((error) => Stream.succeed(JSON.stringify(problemBody(problemOf(error), path, trace)))),
    Stream.catchCause((cause) =>
      Stream.fromEffect(Effect.as(
        Effect.annotateLogs(Effect.logError("The gateway failed", cause), { trace }),
        JSON.stringify(problemBody(problems.internal(), path, trace)),
      ))
    ),
  )
  // the first empty line comes at once, and with it the headers
  const alive = Stream.map(Stream.tick(heartbeat), () => "")
  return Stream.merge(told, alive, { haltStrategy: "left" }).pipe(
    Stream.interruptWhen(ending),
    Stream.map((line) => `${line}\n`),
    Stream.encodeText,
    Stream.onExit((exit) => Scope.close(scope, exit)),
  )
})

const unknown = (name: string, verbs: Iterable<string>): Problem => {
  const near = nearest(name, verbs)
  const hint = near.length === 0 ? "" : `; did you mean ${near.map((one) => `"${one}"`).join(" or ")}?`
  return problems.notFound(`There is no verb "${name.slice(0, 100)}" of inspection here${hint}`)
}

const problemOf = ({ problem, remedy }: InspectError): Problem => problems.notAnswered(problem, remedy)
