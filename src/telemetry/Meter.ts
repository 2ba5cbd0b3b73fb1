/**
 * Counts what happens in a process: the one source of every metric, whoever asks for them.
 *
 * A journal for what handlers and callers do (`Deeds`), and a tally of what goes over the wire (`Traffic`), which
 * `measured` feeds. The gateway says it in Prometheus' text, `otlp.ts` in OTLP; both by the same names.
 */
import type { Journal } from "../runtime/mod.ts"
import { Deeds } from "./Deeds.ts"
import type { Family } from "./Family.ts"
import { Traffic } from "./Traffic.ts"

/** A journal that counts. */
export interface Meter extends Journal {
  readonly traffic: Traffic
  /** Everything so far; families without points are there too. */
  readonly families: () => ReadonlyArray<Family>
}

/** A meter that starts at zero. */
export const makeMeter = (): Meter => {
  const deeds = new Deeds()
  const traffic = new Traffic()
  return {
    record: (entry) => deeds.record(entry),
    traffic,
    families: () => [...deeds.families(), ...traffic.families()],
  }
}
