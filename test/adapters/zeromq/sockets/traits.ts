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
  /** Bounds what waits in bytes too. */
  readonly limitsBytes: Trait
  /** Accepts so many peers and no more. */
  readonly limitsPeers: Trait
  /** Takes no message of more than so many frames. */
  readonly limitsFrames: Trait
  /** The limit on bytes is one on whole messages. */
  readonly limitsWholes: Trait
  /** Peers that are connected stay so when it listens no more. */
  readonly keepsPeers: Trait
  /** A ROUTER closes the connection of a peer whose name is taken, or goes to another. */
  readonly refusesNames: Trait
  /** A REQ drops what is no answer, and goes on waiting for one from the same peer. */
  readonly forgivesAnswers: Trait
  /** A ROUTER forgets a peer that it connected to when the connection is lost. */
  readonly forgetsDialled: Trait
  /** What has come before a connection broke can be received, although it was more than may wait. */
  readonly survivesBreaks: Trait
  /** Refuses ZMTP 1.0 and 2.0, and what may be taken for them. */
  readonly refusesOld: Trait
  /** Sends no heartbeats to peers of ZMTP 3.0, which know none. */
  readonly sparesOld: Trait
  /** A peer that takes no more messages for now, but has heartbeats of its own, is not taken for lost. */
  readonly sparesSlow: Trait
  /** What was sent last comes although the peer sends until the end. */
  readonly endsGently: Trait
  /** Waits at its end until everything is sent. */
  readonly waitsAtEnd: Trait
  /** Says each time that it tries again, and after which pause. */
  readonly tellsRetries: Trait
  /** Takes no path in the file system from another socket that listens there. */
  readonly respectsPaths: Trait
}
