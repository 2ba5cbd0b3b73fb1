/**
 * Why a `fetch` failed, in the same words on every runtime, and whether the request may have been sent.
 *
 * Bun, Deno and Node name the same failures differently; here is the table. Sends nothing.
 */

/** What a failed fetch means. */
export interface Unreachable {
  readonly detail: string
  /** Whether the request may have arrived. */
  readonly sent: boolean
}

/** Judges what `fetch` threw. */
export const whyUnreachable = (url: string, error: unknown): Unreachable => {
  const text = textOf(error)
  const unsent = (what: string): Unreachable => ({
    detail: `${url} ${what}; start one with \`warren run --http\`, or say where it is`,
    sent: false,
  })
  if (/ECONNREFUSED|ConnectionRefused|connection refused|Unable to connect/i.test(text)) return unsent("has no gateway")
  if (/ENOTFOUND|EAI_AGAIN|failed to lookup|FailedToOpenSocket|DNSException/i.test(text)) {
    return unsent("cannot be resolved")
  }
  if (/bad port|port \d+ are blocked/i.test(text)) return unsent("has a port that HTTP clients do not use")
  if (/EHOSTUNREACH|ENETUNREACH|unreachable/i.test(text)) return unsent("cannot be reached")
  return { detail: `the connection to ${url} broke, ${firstLine(error)}`, sent: true }
}

/** Messages and codes of an error and its causes. */
const textOf = (error: unknown): string => {
  const parts: Array<string> = []
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    parts.push(at.message, String((at as { readonly code?: unknown }).code ?? ""))
    // Node gathers one error an address in an AggregateError
    if (at instanceof AggregateError) parts.push(...at.errors.map(textOf))
  }
  return parts.join(" ")
}

const firstLine = (error: unknown): string => {
  const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return (innermost instanceof Error ? innermost.message : String(innermost)).split("\n")[0]!
}
