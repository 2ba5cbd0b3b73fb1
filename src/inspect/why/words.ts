/**
 * Times, sizes and names in sentences.
 */

/** `1 message`, `9,812 messages`. */
export const count = (figure: number, one: string, many = `${one}s`): string =>
  `${figure.toLocaleString("en-US")} ${figure === 1 ? one : many}`

/** `250 ms`, `3 s`, `12 min`, `3 h`, `2 days`. */
export const span = (ms: number): string => {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 100_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 100 * 60_000) return `${Math.round(ms / 60_000)} min`
  return ms < 48 * 3_600_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`
}

/** `3 s ago (14:02:11)`; of another day with its date. */
export const ago = (at: number, now: number): string => `${span(now - at)} ago (${time(at, now)})`

/** `14:02:11`, or `2026-11-26 14:02`. */
export const time = (at: number, now: number): string => {
  const date = new Date(at)
  const pad = (part: number) => String(part).padStart(2, "0")
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}`
  const day = (one: Date) => `${one.getFullYear()}-${pad(one.getMonth() + 1)}-${pad(one.getDate())}`
  return day(date) === day(new Date(now)) ? `${clock}:${pad(date.getSeconds())}` : `${day(date)} ${clock}`
}

/** `a, b and 3 more`. */
export const list = (names: Iterable<string>, most = 4): string => {
  const all = [...new Set(names)]
  return all.length <= most ? all.join(", ") : `${all.slice(0, most).join(", ")} and ${all.length - most} more`
}

/** One line of foreign text, cut. */
export const quote = (text: string, most = 300): string => {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim()
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}

/** An error without what is known anyway: `Cannot emit "a.b": Cannot publish "x": permission is missing` is its last part. */
export const bare = (error: string): string => quote(error.replace(/^(?:Cannot (?:[^":]|"[^"]*")*: )+/, ""), 600)

/** An error that says what to do about it, in two: `queue is full; raise its limit`. */
export const halves = (error: string): { readonly what: string; readonly mend: string | undefined } => {
  const [what = "", ...mend] = bare(error).split("; ")
  return { what, mend: mend.length === 0 ? undefined : mend.join("; ").replace(/^./, (first) => first.toUpperCase()) }
}
