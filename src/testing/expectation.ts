/**
 * Whether an expected message was among those sent, and what to say when it was not.
 *
 * Compares encoded payloads, so that what counts is what travelled.
 */
import { Equal, Result, Schema } from "effect"
import { type ContractSpec, isContract, Match, Message } from "../contract/mod.ts"
import type { Packet } from "../transport/mod.ts"
import { fromBytes } from "../wire/mod.ts"
import type { Sent, Timeline } from "./Timeline.ts"

/** What a test looks for: a whole message, part of one, or any of a contract. */
export type Wanted = Message<ContractSpec> | Match<ContractSpec> | ContractSpec

/** An expectation that was not met; its message holds the timeline. */
export class ExpectationFailed extends Schema.TaggedError<ExpectationFailed>()("ExpectationFailed", {
  expected: Schema.String,
  /** What was wrong with it. */
  detail: Schema.String,
  timeline: Schema.String,
}) {
  override get message(): string {
    return `Expected ${this.expected}, but ${this.detail}\n\nTimeline:\n${this.timeline}`
  }
}

/** The messages that fit. */
export const fitting = (wanted: Wanted, sent: ReadonlyArray<Sent>): ReadonlyArray<Sent> => {
  const { type } = contractOf(wanted)
  const fits = fitter(wanted)
  return sent.filter((message) => message.type === type && fits(message.body))
}

/** Whether a packet carries such a message. */
export const isFitting = (wanted: Wanted, { type, body }: Packet): boolean =>
  type === contractOf(wanted).type && fitter(wanted)(Result.getOrElse(fromBytes(body), () => undefined))

/** The contract of what is looked for. */
export const contractOf = (wanted: Wanted): ContractSpec => isContract(wanted) ? wanted : wanted.contract

const fitter = (wanted: Wanted): (body: unknown) => boolean => {
  if (isContract(wanted)) return () => true
  if (wanted instanceof Match) {
    return (body) => {
      const decoded = wanted.contract.codec.decode(body)
      return wanted.accepts(Result.isSuccess(decoded) ? decoded.success : body)
    }
  }
  const encoded = wanted.contract.codec.encode(wanted.payload)
  // through JSON, as the body went: absent keys and `undefined` are the same there
  return Result.isFailure(encoded)
    ? () => false
    : (body) => Equal.equals(body, JSON.parse(JSON.stringify(encoded.success ?? null)))
}

/** The error for an expectation that was not met. */
export const notMet = (
  wanted: Wanted,
  times: number | undefined,
  sent: ReadonlyArray<Sent>,
  timeline: Timeline,
): ExpectationFailed => {
  const found = fitting(wanted, sent).length
  const similar = sent.filter(({ type }) => type === contractOf(wanted).type)
  const detail = found > 0
    ? `it was sent ${found} time${found === 1 ? "" : "s"}`
    : similar.length === 0
    ? "no message of that name was sent"
    : `${similar.length} of that name ${similar.length === 1 ? "was" : "were"} sent with other payloads: ${
      similar.slice(0, 3).map(({ body }) => JSON.stringify(body)).join(", ")
    }`
  const expected = isContract(wanted) ? `any ${wanted.type}` : String(wanted)
  return new ExpectationFailed({
    expected: times === undefined
      ? expected
      : times === 0
      ? `no ${expected.replace(/^any /, "")}`
      : `${expected} ${times} times`,
    detail,
    timeline: timeline.toString(),
  })
}
