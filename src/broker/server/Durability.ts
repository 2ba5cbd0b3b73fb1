/**
 * What a server knows of a store: how far changes are recorded, and when they are on disk.
 *
 * A store records what the engine reports while a method is carried out, and commits in groups. The server compares
 * `recorded` before and after: where it has grown, the confirm of a publish, or the answer to a declaration, waits until
 * that much is stored. A server without a store answers everything at once.
 */

/** The port; a store implements it. */
export interface Durability {
  /** Changes recorded so far; only ever grows. */
  readonly recorded: () => number
  /**
   * Calls `then` once, later or at once, when the first `count` changes are on disk, or with `false` when they will never be.
   * Calls come in the order of `count`. Must not throw.
   */
  readonly whenStored: (count: number, then: (isStored: boolean) => void) => void
}

/** Nothing is kept: nothing waits. */
export const volatile: Durability = { recorded: () => 0, whenStored: (_count, then) => then(true) }
