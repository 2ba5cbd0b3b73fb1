/**
 * Versions, and whether they are within a range as a package.json writes it: `^4.1.0`, `~2.3.1`, `>=20.19`.
 *
 * Pure, and no more than those forms. What cannot be read is `undefined`, never a yes.
 */

type Numbers = readonly [major: number, minor: number, patch: number]

const read = (text: string): Numbers | undefined => {
  const found = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text.trim())
  return found === null ? undefined : [Number(found[1]), Number(found[2] ?? 0), Number(found[3] ?? 0)]
}

const compare = (a: Numbers, b: Numbers): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]

/** How a version is to a range: older than it, within it, or newer. */
export const within = (version: string, range: string): "older" | "within" | "newer" | undefined => {
  const sign = /^(\^|~|>=)?/.exec(range.trim())![0]
  const [is, least] = [read(version), read(range.trim().slice(sign.length))]
  if (is === undefined || least === undefined) return undefined
  if (compare(is, least) < 0) return "older"
  const isNewer = sign === "^"
    // below 1 each minor version may break
    ? is[0] !== least[0] || is[0] === 0 && is[1] !== least[1]
    : sign === "~"
    ? is[0] !== least[0] || is[1] !== least[1]
    : sign === "" && compare(is, least) !== 0
  return isNewer ? "newer" : "within"
}
