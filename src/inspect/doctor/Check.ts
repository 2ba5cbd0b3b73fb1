/**
 * What `warren doctor` answers: one thing that was examined, how it is, by what that is known, and what mends it.
 *
 * Plain data, the same of a broker, of processes, and of the machine at hand. What could not be found out is `unknown`,
 * what there was nothing of to look at is `skipped`: neither is ever shown as well.
 */

/** How something is. */
export type CheckState = "ok" | "warning" | "broken" | "unknown" | "skipped"

/** See the top of the file. */
export interface Check {
  /** What it belongs to: `broker`, `processes`, `machine`. */
  readonly area: string
  /** `permissions`. */
  readonly name: string
  readonly state: CheckState
  /** Figures, names and times; of what is unknown or skipped, why. */
  readonly evidence: string
  /** The command or the change that mends it; only where it is a warning, broken or unknown. */
  readonly remedy?: string
}

/** Where calls may be sent straight to: an address that a process tells the others. */
export interface Advertised {
  readonly apps: ReadonlyArray<string>
  readonly host: string
  readonly pid: number
  /** `zmq+tcp://10.0.0.5:7001#…`. */
  readonly address: string
}

/** What a scene shows. */
export interface Examined {
  readonly checks: ReadonlyArray<Check>
  /** For whoever is able to connect to them. */
  readonly advertised: ReadonlyArray<Advertised>
}

/** Whole, broken, or in the dark about something. */
export type Verdict = "well" | "broken" | "unknown"

/** All that was found out. */
export interface DoctorReport {
  readonly verdict: Verdict
  readonly checks: ReadonlyArray<Check>
}

/** Makes the checks of one area. */
export const checksOf = (area: string) => {
  const make = (state: CheckState) => (name: string, evidence: string, remedy?: string): Check => ({
    area,
    name,
    state,
    evidence,
    ...(remedy !== undefined && { remedy }),
  })
  return {
    ok: make("ok"),
    warning: make("warning"),
    broken: make("broken"),
    unknown: make("unknown"),
    skipped: make("skipped"),
  }
}

/** What some checks come to: what is broken goes before what is unknown; a warning leaves it well. */
export const verdictOf = (checks: ReadonlyArray<Check>): Verdict =>
  checks.some(({ state }) => state === "broken")
    ? "broken"
    : checks.some(({ state }) => state === "unknown")
    ? "unknown"
    : "well"
