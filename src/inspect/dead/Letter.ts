/**
 * A dead letter, read: whose it was, why it died, and when, as far as its headers say.
 *
 * Pure, below everything else of this folder. A handler that gives up writes Warren's own headers; what the broker buries
 * itself has only the broker's record, and what somebody else put there has neither. Headers come from foreign hands, so
 * nothing is taken for granted, and whatever is not said is `null`.
 */
import type { HeaderValue, Peeked } from "../../transport/mod.ts"
import { Header, readMeta } from "../../wire/mod.ts"
import { readQueueName } from "../queueNames.ts"
import { groupOf } from "./grouping.ts"

/** Who put it among the dead letters. */
export type Buried = "handler" | "broker" | "stranger"

/** See the top of the file. */
export interface Letter {
  /** `""`: the message has none. */
  readonly id: string
  readonly type: string
  /** The app that sent the message. */
  readonly sender: string
  /** The queue of dead letters that it lies in. */
  readonly queue: string
  /** The app whose dead letters these are. */
  readonly app: string
  /** `app.handler`; `null`: nobody says. */
  readonly handler: string | null
  /** The queue that it comes from; `null`: nobody says, or only the handler is known. */
  readonly from: string | null
  readonly buried: Buried
  /** `failed`, `undecodable`, `delivery_limit`, …; `""`: nobody says. */
  readonly reason: string
  /** What was thrown, or what the broker said, in words. */
  readonly error: string
  /** `null`: nobody counted. */
  readonly attempts: number | null
  /** When it died, ms since the epoch on the clock of its handler's process. */
  readonly at: number | null
  /** When the message was sent. */
  readonly sent: number | null
  /** What it has in common with others: the same in every look. */
  readonly group: string
}

/** Reads one of a queue of dead letters. */
export const readLetter = (queue: string, { packet }: Peeked): Letter => {
  const { headers, id, type, app: sender, timestamp } = packet
  const reason = text(headers[Header.deadReason])
  const by = text(headers[Header.deadHandler])
  const record = deathOf(headers)
  const buried: Buried = reason !== "" || by !== "" ? "handler" : record === undefined ? "stranger" : "broker"
  const from = buried === "broker" ? record!.queue : null
  const own = from === null ? undefined : readQueueName(from)
  const handler = by !== "" ? by : own !== undefined && own.app !== "" ? `${own.app}.${own.rest}` : null
  const story = buried === "broker" ? record!.reason : reason
  const error = buried === "handler" ? text(headers[Header.deadError]) : said(buried, story, from)
  const isCounted = buried === "handler" && headers[Header.attempt] !== undefined
  return {
    id,
    type,
    sender,
    queue,
    app: readQueueName(queue).app,
    handler,
    from,
    buried,
    reason: story,
    error,
    attempts: isCounted ? readMeta(packet).attempt : null,
    at: timeOf(headers[Header.deadAt]),
    sent: timeOf(timestamp),
    group: groupOf(handler ?? queue, buried, story, error),
  }
}

/** When it died, or else when it was sent. */
export const timeOfLetter = ({ at, sent }: Letter): number | null => at ?? sent

interface Death {
  readonly queue: string
  readonly reason: string
}

/** The broker's newest record; older ones are of retries that it waited for. */
const deathOf = (headers: Readonly<Record<string, HeaderValue>>): Death | undefined => {
  for (const which of ["last", "first"]) {
    const queue = text(headers[`x-${which}-death-queue`])
    if (queue === "") continue
    return { queue, reason: text(headers[`x-${which}-death-reason`]) }
  }
  return undefined
}

const words: Readonly<Record<string, string>> = {
  delivery_limit: "it was delivered too often without an end: it may kill the process that handles it",
  rejected: "it was rejected: it may be too large to be copied, or a foreign program took it",
  expired: "its time to live was over before anybody took it",
  maxlen: "the queue was full",
}

const said = (buried: Buried, reason: string, from: string | null): string =>
  buried === "stranger"
    ? "nobody says why it is here"
    : `the broker buried it, ${reason || "without a reason"}: ${words[reason] ?? "it says no more"} (queue "${from}")`

const text = (value: HeaderValue | undefined): string => typeof value === "string" ? value : ""

/** A time that some stranger wrote may be none. */
const timeOf = (value: HeaderValue | undefined): number | null =>
  typeof value === "number" && value > 0 && value < 8.64e15 ? value : null
