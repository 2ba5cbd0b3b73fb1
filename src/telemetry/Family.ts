/**
 * Figures as they are handed out: families of one name, each with its points.
 *
 * Data between the meter, which counts, and who says it: Prometheus' text in the gateway, OTLP here. Knows neither format.
 */

/** What tells the points of a family apart; few values each. */
export type Labels = Readonly<Record<string, string>>

/** One figure. */
export interface Point {
  readonly labels: Labels
  readonly value: number
}

/** How many were how long, in seconds. */
export interface Distribution {
  readonly labels: Labels
  /** One for each bound of the family, and one more for what is beyond; not added up. */
  readonly buckets: ReadonlyArray<number>
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

/** Figures of one name. */
export type Family =
  | {
    readonly type: "counter" | "gauge"
    readonly name: string
    readonly help: string
    readonly points: ReadonlyArray<Point>
  }
  | {
    readonly type: "histogram"
    readonly name: string
    readonly help: string
    /** Upper bounds of the buckets, in seconds. */
    readonly bounds: ReadonlyArray<number>
    readonly points: ReadonlyArray<Distribution>
  }
