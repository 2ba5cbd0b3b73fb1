/**
 * One question or order of inspection, as the command line, the gateway and the console all use it.
 *
 * Input and answers are JSON, so that a verb can be asked from another process; each verb reads its own input and says
 * what is wrong with it. The list of all verbs is `verbs.ts`.
 */
import { type Effect, Schema, type Scope, type Stream } from "effect"
import type { Scene } from "./Scene.ts"

/** Inspection could not answer; the message says why, the remedy what to do about it. */
export class InspectError extends Schema.TaggedError<InspectError>()("InspectError", {
  problem: Schema.String,
  remedy: Schema.optional(Schema.String),
}) {
  override get message(): string {
    return this.problem
  }
}

/** A verb with one answer. */
export interface Asking {
  readonly kind: "ask"
  /** `why`, `dead.ls`. */
  readonly name: string
  /** Whether it only looks. */
  readonly looks: boolean
  readonly run: (scene: Scene, input: unknown) => Effect.Effect<unknown, InspectError, Scope.Scope>
}

/** A verb that goes on telling until nobody listens any more. */
export interface Following {
  readonly kind: "follow"
  readonly name: string
  readonly looks: boolean
  readonly run: (scene: Scene, input: unknown) => Stream.Stream<unknown, InspectError, Scope.Scope>
}

/** Any of them. */
export type Verb = Asking | Following
