/**
 * A call that waits for a reply which may come straight, and who is told what becomes of it.
 *
 * Kept by `LaneClient` under its token, and by the server it was sent to, if it went straight too.
 */
import { type Bagged, type Keyed, nowhere } from "../../collections/mod.ts"
import type { HeaderValue } from "../../transport/mod.ts"
import type { RefusalReason } from "../../wire/mod.ts"
import type { Server } from "./Servers.ts"

/** A reply that came straight. */
export interface StraightReply {
  /** As the header `warren-error`; empty: a value. */
  readonly error: string
  readonly body: Uint8Array
  /** What it tells of the call's way: the header `warren-hops`. */
  readonly hops: HeaderValue | undefined
}

/** Who is told what becomes of a call. */
export interface Straight {
  readonly onReply: (reply: StraightReply, sent: Sent) => void
  /** It was given back; unless its server `Stopped`, it was not begun. */
  readonly onRefused: (reason: RefusalReason) => void
  /** Its link is lost: whether it was run is unknown. */
  readonly onLost: () => void
  /** Its server is dead. */
  readonly onDead: (detail: string) => void
}

/** See the top of the file. */
export class Sent implements Bagged, Keyed<Sent> {
  /** The token. */
  readonly key: string
  readonly straight: Straight
  /** Where it was sent straight to; `undefined`: it went through the broker. */
  readonly server: Server | undefined
  chained: Sent | undefined
  place = nowhere

  constructor(key: string, straight: Straight, server: Server | undefined) {
    this.key = key
    this.straight = straight
    this.server = server
  }
}
