/**
 * What is asked: why does an app not get an event, or a caller no answer.
 */
import { Effect, Schema } from "effect"
import { InspectError } from "../Verb.ts"

const Input = Schema.Struct({
  /** `sales.orderPlaced` or `parts.lookup`. */
  subject: Schema.String,
  /** `warranty` or `warranty.register`. */
  to: Schema.optional(Schema.String),
  /** The app that sends. */
  from: Schema.optional(Schema.String),
  /** One message. */
  id: Schema.optional(Schema.String),
  /** Whether a canary may be sent. @default true */
  canary: Schema.optional(Schema.Boolean),
})

/** See the top of the file. */
export interface Question {
  readonly subject: string
  readonly to?: string | undefined
  readonly from?: string | undefined
  readonly id?: string | undefined
  readonly canary?: boolean | undefined
}

const name = /^[^\s.]+\.[^\s.]+$/

/** Reads a question. */
export const readQuestion = (input: unknown): Effect.Effect<Question, InspectError> =>
  Schema.decodeUnknownEffect(Input)(input).pipe(
    Effect.mapError(() =>
      new InspectError({
        problem: "Cannot read the question: it needs a `subject`, and may have `to`, `from`, `id` and `canary`",
        remedy: 'Such as {"subject":"sales.orderPlaced","to":"warranty"}',
      })
    ),
    Effect.filterOrFail(({ subject }) => name.test(subject), ({ subject }) =>
      new InspectError({
        problem: `Cannot read "${subject.slice(0, 200)}" as the name of an event or a call`,
        remedy: "Name api and member, as in sales.orderPlaced",
      })),
  )
