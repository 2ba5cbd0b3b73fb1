/**
 * Which files a module imports, and those in turn: what `--watch` has to look at.
 *
 * Reads the text, since a module that cannot be loaded is the one worth watching. Follows relative paths, `#names` and
 * the package's own name through its package.json (and deno.json); leaves installed packages alone. What looks like an
 * import in a comment only makes one more file watched.
 */
import { existsSync, readFileSync, statSync } from "node:fs"
import { dirname, extname, isAbsolute, join, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"

const pattern = /\b(?:import|export)\b(?:[^'"`;()]*?\bfrom)?\s*\(?\s*(["'])([^"'\n]+)\1/g

/** The specifiers a module's text names. */
export const specifiersIn = (text: string): ReadonlyArray<string> => Array.from(text.matchAll(pattern), (m) => m[2]!)

/** The files, and everything they import, that exist and are not installed packages. */
export const importsOf = (files: ReadonlyArray<string>): ReadonlySet<string> => {
  const seen = new Set<string>()
  const packages = new Map<string, Package | undefined>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    if (!code.has(extname(file))) return
    let text: string
    try {
      text = readFileSync(file, "utf8")
    } catch {
      return
    }
    for (const specifier of specifiersIn(text)) {
      for (const target of resolveSpecifier(specifier, file, packages)) visit(target)
    }
  }
  files.forEach(visit)
  return seen
}

const code: ReadonlySet<string> = new Set([".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"])

/** The nearest package around a file. */
interface Package {
  readonly folder: string
  readonly name: string | undefined
  readonly imports: unknown
  readonly exports: unknown
  /** The import map of deno.json. */
  readonly map: unknown
}

/** The files that a specifier may mean: one a condition, where a package says so. */
const resolveSpecifier = (
  specifier: string,
  from: string,
  packages: Map<string, Package | undefined>,
): ReadonlyArray<string> => {
  if (specifier.startsWith("file:")) return existing(fileURLToPath(specifier))
  if (specifier.startsWith(".") || isAbsolute(specifier)) {
    return existing(resolve(dirname(from), specifier.replace(/[?#].*$/, "")))
  }
  const owner = packageAround(dirname(from), packages)
  if (owner === undefined) return []
  const own = owner.name !== undefined && (specifier === owner.name || specifier.startsWith(`${owner.name}/`))
    ? targetsOf(owner.exports, `.${specifier.slice(owner.name.length)}`)
    : []
  const named = specifier.startsWith("#") ? targetsOf(owner.imports, specifier) : []
  return [...own, ...named, ...targetsOf(owner.map, specifier)]
    .filter((target) => target.startsWith("./"))
    .flatMap((target) => existing(join(owner.folder, target)))
    .filter((file) => !file.includes(`${sep}node_modules${sep}`))
}

/** Every target a map of exports or imports gives for a key, whatever the condition. */
const targetsOf = (map: unknown, key: string): ReadonlyArray<string> => {
  if (typeof map === "string") return key === "." ? [map] : []
  if (typeof map !== "object" || map === null) return []
  const entries = Object.entries(map)
  const exact = entries.find(([name]) => name === key)
  if (exact !== undefined) return leaves(exact[1])
  for (const [name, target] of entries) {
    const [before, after] = name.split("*") as [string, string | undefined]
    if (after === undefined) {
      // deno.json: a key that ends with "/" stands for what lies below it
      if (name.endsWith("/") && key.startsWith(name)) return leaves(target).map((leaf) => leaf + key.slice(name.length))
    } else if (key.startsWith(before) && key.endsWith(after) && key.length >= before.length + after.length) {
      const middle = key.slice(before.length, key.length - after.length)
      return leaves(target).map((leaf) => leaf.replaceAll("*", middle))
    }
  }
  // exports without subpaths are conditions of the package itself
  return key === "." && entries.every(([name]) => !name.startsWith(".")) ? leaves(map) : []
}

const leaves = (target: unknown): ReadonlyArray<string> => {
  if (typeof target === "string") return [target]
  if (Array.isArray(target)) return target.flatMap(leaves)
  return typeof target === "object" && target !== null ? Object.values(target).flatMap(leaves) : []
}

const packageAround = (folder: string, packages: Map<string, Package | undefined>): Package | undefined => {
  if (packages.has(folder)) return packages.get(folder)
  const manifest = readJson(join(folder, "package.json"))
  const deno = readJson(join(folder, "deno.json"))
  const parent = dirname(folder)
  const found = manifest === undefined && deno === undefined
    ? parent === folder ? undefined : packageAround(parent, packages)
    : {
      folder,
      name: typeof manifest?.["name"] === "string" ? manifest["name"] : undefined,
      imports: manifest?.["imports"],
      exports: manifest?.["exports"],
      map: deno?.["imports"],
    }
  packages.set(folder, found)
  return found
}

const readJson = (file: string): Record<string, unknown> | undefined => {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>
  } catch {
    return undefined
  }
}

const endings = ["", ".ts", ".mts", ".js", ".mjs", ".tsx", ".jsx", ".json", "/index.ts", "/index.js"]

/** The path, as it is or as runtimes complete it; one that is missing is watched for all the same. */
const existing = (path: string): ReadonlyArray<string> => {
  const found = endings.map((ending) => `${path}${ending}`).find((file) =>
    statSync(file, { throwIfNoEntry: false })?.isFile() === true
  )
  return [found ?? path]
}
