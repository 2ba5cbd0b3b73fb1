/**
 * What `npm pack` and `npm publish` need: `node scripts/pack.mjs before` and `after`, called as prepack and postpack.
 *
 * In the checkout, package.json points at the TypeScript sources; in the tarball it has to point at JavaScript with
 * types. `before` builds dist/ and writes the published package.json; `after` puts the checkout's own back. When npm
 * failed in between, the next set-up or pack does that. A package.json that somebody edited meanwhile is left alone.
 * Nothing is rewritten unless the build succeeded.
 */
// @ts-check
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const manifest = join(root, "package.json")
const keep = join(root, ".warren", "pack")
const original = join(keep, "package.json")
const published = join(keep, "published.json")
const dist = join(root, "dist")

const read = (/** @type {string} */ file) => readFileSync(file, "utf8")

/** The place in dist/ of a source file: `./src/mod.ts` becomes `./dist/src/mod.js`. */
const builtFrom = (/** @type {string} */ source) => {
  const base = source.replace(/^\.\//, "./dist/").replace(/\.ts$/, "")
  return { types: `${base}.d.ts`, default: `${base}.js` }
}

/** The package.json of the tarball, made from that of the checkout. */
export const publish = (/** @type {string} */ text) => {
  const { scripts: _1, devDependencies: _2, imports: _3, allowScripts: _4, ...rest } = JSON.parse(text)
  const doors = Object.entries(/** @type {Record<string, string>} */ (rest.exports))
  rest.engines = { node: ">=22.19" }
  rest.exports = Object.fromEntries(
    doors.map(([door, source]) => [door, source.endsWith(".ts") ? builtFrom(source) : source]),
  )
  return `${JSON.stringify(rest, null, 2)}\n`
}

/** Puts the checkout's package.json back, if a pack left the published one there for at least `age` milliseconds. */
export const restore = (age = 0) => {
  if (!existsSync(original) || Date.now() - statSync(original).mtimeMs < age) return
  const now = read(manifest)
  if (now === read(published)) writeFileSync(manifest, read(original))
  else if (now !== read(original)) {
    console.error(
      `package.json was edited while it was being packed, and is left as it is\n` +
        `The one from before is ${original}: take over what you need, then delete that folder.`,
    )
    process.exit(1)
  }
  rmSync(keep, { recursive: true })
}

/** Declarations keep the `.ts` of relative imports; published ones have to name the JavaScript. */
const nameJavaScript = () => {
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".d.ts"))
  for (const file of files) {
    const path = join(dist, file)
    writeFileSync(path, read(path).replace(/((?:from|import)\s*\(?\s*["']\.{1,2}\/[^"']*)\.ts(["'])/g, "$1.js$2"))
  }
}

const before = () => {
  restore()
  rmSync(dist, { recursive: true, force: true })
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  const built = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root, stdio: ["ignore", 2, 2] })
  if (built.status !== 0) {
    console.error(
      built.error === undefined && existsSync(tsc)
        ? "The sources do not compile: nothing was packed"
        : 'Found no compiler: run "npm run setup" first',
    )
    process.exit(1)
  }
  nameJavaScript()
  mkdirSync(keep, { recursive: true })
  const text = read(manifest)
  writeFileSync(published, publish(text))
  writeFileSync(original, text)
  writeFileSync(manifest, publish(text))
}

const after = () => {
  restore()
  rmSync(dist, { recursive: true, force: true })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const step = { before, after }[process.argv[2] ?? ""]
  if (step === undefined) {
    console.error("Usage: node scripts/pack.mjs before|after")
    process.exit(2)
  }
  step()
}
