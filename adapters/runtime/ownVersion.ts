/**
 * Warren's own version, from the package.json that lies above this file.
 *
 * The depth differs between a checkout and an installed package, so it is looked for upwards.
 */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

let known: string | undefined

/** The version, `0.1.0`; `unknown` where there is no package.json, as in a bundle, or it may not be read. */
export const ownVersion = (): string => {
  try {
    return known ??= look()
  } catch {
    return known = "unknown"
  }
}

const look = (): string => {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, "package.json")
    if (existsSync(file)) return String((JSON.parse(readFileSync(file, "utf8")) as { version?: unknown }).version)
  }
  return "unknown"
}
