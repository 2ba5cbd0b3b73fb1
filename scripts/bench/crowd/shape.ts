/**
 * Of what a crowd is made: how many instances in how many processes, and which app each of them runs.
 *
 * Below `crowd.ts`, which starts it, and `member.ts`, which is one of its processes. Every second instance runs one of a few
 * apps, as copies of one program do; the others run one of many, of which each has a few.
 */

/** Instances in one process of the operating system. */
export const together = 50

/** Apps of which there are many instances each, and instances of each of the others. */
const few = 4
const each = 5

/** Which app the instance of that number runs. */
export const appOf = (instance: number): string =>
  instance % 2 === 0 ? `crowd${instance / 2 % few}` : `small${Math.floor(instance / 2 / each)}`

/** Apps of so many instances. */
export const appsOf = (instances: number): number => new Set(Array.from({ length: instances }, (_, i) => appOf(i))).size

/** What a member has done since its start, all its instances together. */
export interface Traffic {
  /** Notices of presence that were published here, to everybody or to one process alone. */
  readonly sent: number
  /** Those that were delivered here. */
  readonly heard: number
  /** Documents of the ledger that were written. */
  readonly written: number
  /** Instances that each of those here knows; the fewest. */
  readonly known: number
}

/** What an observer found out. */
export interface Observed {
  /** How long the first answer took, ms, with joining; and the second one. */
  readonly first: number
  readonly again: number
  /** Processes that were listed, and that answered; of `ps`. */
  readonly listed: number
  readonly answered: number
  /** Of `why`. */
  readonly verdict: string
  /** Its links that are not as they should be. */
  readonly amiss: string
  /** Bytes of the ledger's two documents. */
  readonly ledger: number
}
