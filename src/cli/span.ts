/**
 * Durations as people say them, in at most two units.
 */

/** `850 ms`, `12 s`, `6 min`, `2 h 5 min`, `3 d 4 h`. */
export const span = (ms: number): string => {
  const seconds = Math.floor(Math.max(0, ms) / 1_000)
  if (seconds < 1) return `${Math.round(Math.max(0, ms))} ms`
  if (seconds < 60) return `${seconds} s`
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`
  return `${minutes} min`
}

/** How long ago; what lies ahead of this clock is now. */
export const ago = (ms: number): string => ms < 1_000 ? "just now" : `${span(ms)} ago`

/** Milliseconds as a bare figure: `0.4`, `12`, `1200`; `-`: there are none. */
export const figureOf = (ms: number | null): string =>
  ms === null ? "-" : ms < 10 ? ms.toFixed(1) : String(Math.round(ms))
