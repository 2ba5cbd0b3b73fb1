/**
 * Names that are nearly right: what somebody may have meant.
 *
 * Pure. Counts the letters to change (a swap of two neighbours is one change); knows nothing of what the names stand for.
 */

/** The most that a name is compared by; longer ones are nobody's typing mistake. */
const longest = 130

/** The candidates nearest to a name, at most three, the nearest first; none when all are far from it. */
export const nearest = (name: string, candidates: Iterable<string>): ReadonlyArray<string> => {
  if (name.length > longest) return []
  const wanted = name.toLowerCase()
  const allowed = Math.max(1, Math.floor(name.length / 4))
  return [...candidates]
    .map((candidate) => ({ candidate, changes: distance(wanted, candidate.toLowerCase(), allowed) }))
    .filter(({ changes }) => changes <= allowed)
    .sort((a, b) => a.changes - b.changes || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** Changes between two texts; more than `limit` counts as infinitely many. */
const distance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return Number.POSITIVE_INFINITY
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let changes = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        changes = Math.min(changes, beforeLast[j - 2]! + 1)
      }
      row.push(changes)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
