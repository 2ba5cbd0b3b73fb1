/**
 * When a received call must be done, on the receiver's clock.
 *
 * The deadline travels as a time and as a duration. The broker drops calls that outlive their expiration in
 * a queue, so a call that arrives long after its deadline, or before it was sent, shows a clock that is off, unless it is known
 * to be so late (`Lateness`): then the duration counts, less its age. It neither runs expired calls nor kills live ones.
 */
import type { Packet } from "../transport/mod.ts"
import type { Meta } from "../wire/mod.ts"

/** Differences below this are not called skew, ms: transit, rounding, and a receiver's own queue. */
const tolerance = 1_000

/** Deadline of a foreign call that names none, and the most a call may ask for, ms. */
const fallback = 5_000
const longest = 24 * 3_600_000

/** The deadline in ms since the epoch, and the skew in ms when the clocks disagree. `age`: ms that it is known to have been on its way. */
export const callDeadline = (
  packet: Packet,
  meta: Meta,
  now: number,
  age: number = 0,
): { readonly deadline: number; readonly skew: number | undefined } => {
  const asked = meta.timeout ?? packet.expiration ?? fallback
  const granted = Math.min(asked, longest) - age
  if (meta.deadline === undefined) return { deadline: now + granted, skew: undefined }
  const sent = meta.deadline - asked
  const early = sent - now
  const late = now - meta.deadline
  if (early > tolerance) return { deadline: now + granted, skew: -early }
  if (late > tolerance) return { deadline: now + granted, skew: granted > 0 ? late : undefined }
  return { deadline: Math.min(meta.deadline, now + granted), skew: undefined }
}
