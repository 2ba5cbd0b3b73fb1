/**
 * Prometheus' text exposition format 0.0.4: families of samples to text.
 *
 * Pure, and knows no metric by name. Label values are escaped as the format asks; names are the caller's and trusted.
 */

/** One figure. */
export interface Sample {
  /** Follows the family's name: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Figures of one name. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: "counter" | "gauge" | "histogram"
  readonly samples: ReadonlyArray<Sample>
}

/** The media type of the format. */
export const prometheusMedia = "text/plain; version=0.0.4; charset=utf-8"

/** Families as text; those without a sample are left out. */
export const formatFamilies = (families: ReadonlyArray<Family>): string =>
  families.filter(({ samples }) => samples.length > 0).map(formatFamily).join("")

const formatFamily = ({ name, help, type, samples }: Family): string =>
  [
    `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ suffix = "", labels, value }) => `${name}${suffix}{${formatLabels(labels)}} ${value}`),
    "",
  ].join("\n")

const formatLabels = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`).join(",")

const escape = (value: string): string => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
