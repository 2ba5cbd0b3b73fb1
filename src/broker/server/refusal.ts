/**
 * Why a server does not do what a peer asked for: one of AMQP's replies, and whether it costs the channel or the connection.
 *
 * Below everything in this folder. Inside it is thrown, from the depth of a method up to the session, which tells the peer;
 * it never leaves the session. Codes, names and consequences are RabbitMQ's, and the texts follow its form, since clients
 * look into them.
 */
import { textSize } from "../amqp/text.ts"

/** Replies by name: the code, and what it ends. */
export const replies = {
  CONTENT_TOO_LARGE: [311, "channel"],
  NO_ROUTE: [312, "channel"],
  NO_CONSUMERS: [313, "channel"],
  CONNECTION_FORCED: [320, "connection"],
  INVALID_PATH: [402, "connection"],
  ACCESS_REFUSED: [403, "channel"],
  NOT_FOUND: [404, "channel"],
  RESOURCE_LOCKED: [405, "channel"],
  PRECONDITION_FAILED: [406, "channel"],
  FRAME_ERROR: [501, "connection"],
  SYNTAX_ERROR: [502, "connection"],
  COMMAND_INVALID: [503, "connection"],
  CHANNEL_ERROR: [504, "connection"],
  UNEXPECTED_FRAME: [505, "connection"],
  RESOURCE_ERROR: [506, "connection"],
  NOT_ALLOWED: [530, "connection"],
  NOT_IMPLEMENTED: [540, "connection"],
  INTERNAL_ERROR: [541, "connection"],
} as const satisfies Readonly<Record<string, readonly [code: number, ends: "channel" | "connection"]>>

/** The names of replies. */
export type Reply = keyof typeof replies

/** One refusal. */
export class Refused {
  readonly reply: Reply
  readonly code: number
  /** What it ends. */
  readonly ends: "channel" | "connection"
  /** Name and detail, at most 255 bytes. */
  readonly text: string

  /** Whether the method that it is about is named with it. */
  readonly namesMethod: boolean

  constructor(
    reply: Reply,
    detail: string,
    ends: "channel" | "connection" = replies[reply][1],
    namesMethod = true,
  ) {
    this.namesMethod = namesMethod
    this.reply = reply
    this.code = replies[reply][0]
    this.ends = ends
    this.text = shorten(`${reply} - ${detail}`)
  }
}

/** Makes one, to be thrown. */
export const refused = (reply: Reply, detail: string): Refused => new Refused(reply, detail)

/** The name of a reply by its code. */
export const replyOf = (code: number): Reply =>
  (Object.keys(replies) as Array<Reply>).find((name) => replies[name][0] === code) ?? "INTERNAL_ERROR"

/** A text that fits into 255 bytes, from its beginning. */
export const shorten = (text: string): string => {
  if (textSize(text) <= 255) return text
  let fitting = text.slice(0, 252)
  while (textSize(fitting) > 252) fitting = fitting.slice(0, -1)
  return `${fitting}...`
}

/** `queue 'x' in vhost '/'`, as RabbitMQ names things. */
export const named = (kind: "queue" | "exchange", name: string, vhost: string): string =>
  `${kind} '${name}' in vhost '${vhost}'`
