/**
 * What an engine must know of the messages it carries, whatever they are.
 *
 * Given to an `Engine<P>` once. In process P is the transport's `Packet` (`packets.ts`); below an AMQP server it is what
 * was published, byte for byte. The engine reads a P only through these functions and changes none: they give a new one.
 */
import type { Arguments } from "./Arguments.ts"
import type { DeathReason } from "./deaths.ts"

/** What became of a message in a queue; for its record. */
export interface DeathFact {
  readonly queue: string
  readonly reason: DeathReason
  /** When, ms on the engine's clock. */
  readonly time: number
  /** Where it had been published to before it reached that queue. */
  readonly exchange: string
  readonly key: string
  /** Whether it goes on under another key than its own; RabbitMQ then takes the `CC` header away. */
  readonly isRerouted: boolean
}

/** More routing keys of one message, and the message without what nobody else shall see of them. */
export interface Carbons<P> {
  readonly keys: ReadonlyArray<string>
  readonly packet: P
}

/** See the top of the file. */
export interface Payload<P> {
  /** Its own time to live, ms, at least 0; `undefined`: no limit. */
  readonly expiration: (packet: P) => number | undefined
  /** Bytes that count: those of its body. */
  readonly size: (packet: P) => number
  /** Bytes of memory that it takes, more than an ordinary message of its size. @default its size */
  readonly weight?: (packet: P) => number
  /** What is more urgent, from 0; asked only where a queue has priorities. */
  readonly priority: (packet: P) => number
  /** What a headers exchange looks at; asked only there. */
  readonly headers: (packet: P) => Arguments | undefined
  /** The sender's own further addressees (`CC`, `BCC`); asked at each publish. @default there are none */
  readonly carbons?: (packet: P) => Carbons<P> | undefined
  /** Where and why it died before, latest first; what stops circles. */
  readonly deaths: (packet: P) => ReadonlyArray<{ readonly queue: string; readonly reason: string }>
  /** The same message with one more death on its record and without its own expiration. */
  readonly withDeath: (packet: P, fact: DeathFact) => P
}
