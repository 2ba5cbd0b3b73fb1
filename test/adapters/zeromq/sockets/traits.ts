/**
 * What a driver does beyond the core of the port's contract: `true`, or the reason why it does not.
 */

/** A promise, or why there is none. */
export type Trait = true | string

/** See the top of the file. */
export interface Traits {
  /** Stops connecting to a peer that will never fit, and says so. */
  readonly givesUp: Trait
  /** Says what kind of socket a peer is, and its key. */
  readonly tellsPeers: Trait
  /** Says why a connection was lost. */
  readonly tellsWhy: Trait
  /** `offer` of a mandatory ROUTER tells at once that there is no such peer, or no room at it. */
  readonly tellsAtOnce: Trait
  /** Counts what was dropped. */
  readonly countsDropped: Trait
  /** Counts what waits to be sent. */
  readonly countsUnsent: Trait
  /** Accepts so many peers and no more. */
  readonly limitsPeers: Trait
  /** Takes no message of more than so many frames. */
  readonly limitsFrames: Trait
  /** The limit on bytes is one on whole messages. */
  readonly limitsWholes: Trait
  /** Peers that are connected stay so when it listens no more. */
  readonly keepsPeers: Trait
  /** A ROUTER closes the connection of a peer whose name is taken. */
  readonly refusesNames: Trait
  /** A ROUTER forgets a peer that it connected to when the connection is lost. */
  readonly forgetsDialled: Trait
  /** What peers sent before they were lost can be received, however much it was. */
  readonly keepsLastWords: Trait
  /** What was sent last comes although the peer sends until the end. */
  readonly endsGently: Trait
  /** Waits at its end until everything is sent. */
  readonly waitsAtEnd: Trait
  /** Says each time that it tries again, and after which pause. */
  readonly tellsRetries: Trait
  /** Takes the place of a socket in the file system that nobody listens at, and of nothing else. */
  readonly caresForPaths: Trait
}
