/**
 * What a gateway answered, read by its client: a value, problem details, or something that no gateway says.
 *
 * Below `client.ts` and `followLines.ts`. Knows the shape of answers, and nothing of how they came.
 */
import { Effect, Result, Schema } from "effect"
import { Disconnected, unseen } from "../contract/mod.ts"
import { fromBytes } from "../wire/mod.ts"

/** A gateway's refusal: its problem details (RFC 9457). */
export class GatewayProblem extends Schema.TaggedError<GatewayProblem>()("GatewayProblem", {
  url: Schema.String,
  status: Schema.Number,
  /** `urn:warren:problem:…`, or `urn:warren:error:…` for a declared error. */
  type: Schema.String,
  title: Schema.String,
  detail: Schema.String,
  /** Everything the gateway said, further members included. */
  members: Schema.Record(Schema.String, Schema.Unknown),
}) {
  override get message(): string {
    return this.detail
  }
}

/** Reads a value, a problem, or something that no gateway says. */
export const readAnswer = (
  url: string,
  subject: string,
  status: number,
  bytes: Uint8Array,
): Effect.Effect<unknown, GatewayProblem | Disconnected> => {
  const body = fromBytes(bytes)
  if (Result.isSuccess(body)) {
    if (status === 200 || status === 202) return Effect.succeed(body.success)
    const problem = readProblem(url, status, body.success)
    if (problem !== undefined) return Effect.fail(problem)
  }
  const detail = `${url} answered ${status}, but not as a gateway does; say where the gateway is`
  return Effect.fail(new Disconnected({ call: subject, detail, ...unseen }))
}

/** The problem that a JSON value is; `undefined`: it is none. */
export const readProblem = (url: string, status: number, members: unknown): GatewayProblem | undefined => {
  if (!isProblem(members)) return undefined
  const { type, title, detail } = members
  return new GatewayProblem({ url, status, type, title, detail, members })
}

interface ProblemMembers {
  readonly [member: string]: unknown
  readonly type: string
  readonly title: string
  readonly detail: string
}

const isProblem = (body: unknown): body is ProblemMembers =>
  typeof body === "object" && body !== null &&
  ["type", "title", "detail"].every((name) => typeof (body as Record<string, unknown>)[name] === "string")
