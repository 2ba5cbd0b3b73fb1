/** What `warren why` answers, as far as the laboratory reads it. */

/** One link of the way, looked at. */
export interface Link {
  readonly link: string
  readonly state: "ok" | "broken" | "unknown" | "note"
  readonly evidence: string
}

/** See the top of the file. */
export interface Report {
  readonly verdict: "whole" | "broken" | "unknown"
  readonly links: ReadonlyArray<Link>
  readonly cause?: { readonly code: string; readonly text: string; readonly remedy: string }
  readonly source: string
  readonly ms: number
}
