/**
 * Reaches a running process through its gateway, by names and JSON.
 *
 * Below `call`, `emit`, `topology` and the commands of inspection; above the gateway's client. Problems come back as
 * what they were: the typed error, its message and what follows from it.
 */
import { Effect, Option, Stream } from "effect"
import { type GatewayClient, type GatewayProblem, request, type RequestError } from "../gateway/mod.ts"
import { CliFailure } from "./Failure.ts"
import { consequenceOf } from "./consequence.ts"
import { defaultUrl } from "./defaultUrl.ts"
import type { Reach } from "./reach.ts"

/** Asks the gateway that the flags name. */
export const remotely = <A>(
  { url, token }: Pick<Reach, "url" | "token">,
  ask: (gateway: GatewayClient) => Effect.Effect<A, RequestError>,
): Effect.Effect<A, CliFailure> => {
  const gateway = request(Option.getOrElse(url, () => defaultUrl), Option.getOrUndefined(token))
  return Effect.mapError(ask(gateway), failed)
}

/** Follows what the gateway that the flags name goes on telling. */
export const remotelyFollow = <A>(
  { url, token }: Pick<Reach, "url" | "token">,
  follow: (gateway: GatewayClient) => Stream.Stream<A, RequestError>,
): Stream.Stream<A, CliFailure> =>
  Stream.mapError(follow(request(Option.getOrElse(url, () => defaultUrl), Option.getOrUndefined(token))), failed)

const failed = (error: RequestError): CliFailure =>
  error._tag === "GatewayProblem" ? refused(error) : new CliFailure({
    problem: `${error._tag}: ${error.message}`,
    remedy: error._tag === "Disconnected"
      ? "Start one, `warren run workers --http`, or say where it is with --url (WARREN_URL)"
      : error.consequence,
    from: error,
  })

const refused = (problem: GatewayProblem): CliFailure => {
  const { type, detail, members } = problem
  if (type.startsWith("urn:warren:error:")) {
    return new CliFailure({
      problem: `${type.slice("urn:warren:error:".length)}: ${detail}`,
      remedy: `The handler declares this error: ${JSON.stringify(members["error"])}`,
      from: problem,
    })
  }
  const kind = type.replace(/^urn:warren:problem:/, "")
  if (kind === "unauthorized") {
    return new CliFailure({ problem: detail, remedy: "Give the gateway's token with WARREN_TOKEN (or --token)" })
  }
  if (kind.startsWith("inspection")) {
    const { remedy } = members
    return new CliFailure({ problem: detail, remedy: typeof remedy === "string" ? remedy : undefined, from: problem })
  }
  const tag = kind.split("-").map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join("")
  const consequence = consequenceOf(tag, members)
  return new CliFailure({
    problem: consequence === undefined ? detail : `${tag}: ${detail}`,
    remedy: consequence ?? (kind === "not-found" ? "`warren topology` lists what there is, exposed or not" : undefined),
    from: problem,
  })
}
