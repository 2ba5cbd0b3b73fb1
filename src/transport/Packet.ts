/**
 * What travels: one message as a broker sees it, properties, headers and bytes.
 *
 * The vocabulary is AMQP 0-9-1's basic properties under Warren's names, because every transport
 * so far speaks it. Packets are immutable; a transport never looks inside `body`.
 * Meaning (deadlines, attempts, errors) is given to the headers by `src/wire`, not here.
 */

/** A header value that every broker carries unchanged. */
export type HeaderValue = string | number | boolean

/** Headers of a packet; names are lower case. */
export type Headers = Readonly<Record<string, HeaderValue>>

/** One message, as handed to and received from a broker. */
export interface Packet {
  /** Stable identity of the message (`message_id`); a retry or a redelivery keeps it. */
  readonly id: string
  /** What it is, for example `sales.orderPlaced` (`type`). */
  readonly type: string
  /** The app that sent it (`app_id`). */
  readonly app: string
  /** When it was sent, ms since the epoch (AMQP carries whole seconds, so adapters may round down). */
  readonly timestamp: number
  /** MIME type of `body` (`content_type`). */
  readonly contentType: string
  /** `true`: survives a broker restart (`delivery_mode` 2). */
  readonly persistent: boolean
  /** Matches a reply with its call (`correlation_id`). */
  readonly correlationId?: string | undefined
  /** The queue that awaits the reply (`reply_to`). */
  readonly replyTo?: string | undefined
  /** Time to live in ms, at least 0 (`expiration`); absent: no limit. */
  readonly expiration?: number | undefined
  readonly headers: Headers
  readonly body: Uint8Array
}
