/**
 * Makes a checkout ready to run: `node scripts/setup.mjs [bun] [deno] [node]`.
 *
 * Installs what package-lock.json says when node_modules differs from it, and sees to it that the runtimes
 * named as arguments really start, running their install scripts itself where the package manager did not.
 * Needs nothing but Node 20 (or Bun, or Deno): hence plain JavaScript. Says nothing when there is nothing to do,
 * never changes package.json or the lockfile, and installs nothing outside the checkout.
 */
// @ts-check
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { delimiter, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const at = (/** @type {Array<string>} */ ...parts) => join(root, ...parts)
const windows = process.platform === "win32"
const stamp = at("node_modules", ".warren-setup")
const say = (/** @type {string} */ line) => console.error(`warren set-up: ${line}`)

/** What each runtime answers to `--version` when it works, and the script of its package that unpacks it. */
const runtimes = {
  bun: { answers: /^\d+\./, script: "install.js", file: "bin/bun.exe" },
  deno: { answers: /^deno \d+\./, script: "install.cjs", file: windows ? "deno.exe" : "deno" },
  node: { answers: /^v2[4-9]\./, script: "installArchSpecificPackage.js", file: windows ? "bin/node.exe" : "bin/node" },
}

/** A failure with its remedy; ends the set-up with exit code 1. */
class SetupFailed extends Error {}

const readJson = (/** @type {string} */ file) => {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return undefined
  }
}

/** What the stamp says once an installation is complete. */
const fingerprint = () =>
  createHash("sha256")
    .update(readFileSync(at("package-lock.json")))
    .update(`${process.platform} ${process.arch}`)
    .digest("hex")

/** Whether node_modules holds what the lockfile asks for: by our stamp, or by npm's own record of what it installed. */
const upToDate = () => {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint()) return true
  const wanted = readJson(at("package-lock.json"))?.packages
  const present = readJson(at("node_modules", ".package-lock.json"))?.packages
  if (wanted === undefined || present === undefined) return false
  return Object.entries(wanted).every(([path, entry]) =>
    path === "" || (present[path] === undefined ? entry.optional === true : present[path].version === entry.version)
  )
}

const run = (/** @type {string} */ command, /** @type {ReadonlyArray<string>} */ args, cwd = root) => {
  const done = spawnSync(command, args, { cwd, encoding: "utf8", shell: windows, maxBuffer: 1 << 26 })
  const output = `${done.stdout ?? ""}${done.stderr ?? ""}${done.error?.message ?? ""}`.trim()
  return { ok: done.status === 0, output }
}

/** How to call npm here: the one that called us, else the one on the PATH, else none. */
const npm = () => {
  const { npm_execpath: script, npm_node_execpath: node } = process.env
  if (script?.endsWith("npm-cli.js") && node !== undefined && existsSync(node)) return [node, script]
  return run("npm", ["--version"]).ok ? ["npm"] : undefined
}

/** What can install here: npm by the lockfile, else the runtime itself, without the scripts that need more than it. */
const installer = () => {
  const found = npm()
  const quiet = ["--loglevel=error", "--no-audit", "--no-fund", "--no-progress", "--prefer-offline", "--include=dev"]
  if (found !== undefined) return { name: "npm ci", command: [...found, "ci", ...quiet] }
  if ("bun" in process.versions) {
    return { name: "bun install", command: [process.execPath, "install", "--no-save", "--silent", "--ignore-scripts"] }
  }
  if ("deno" in process.versions) {
    return {
      name: "deno install",
      command: [process.execPath, "install", "--no-lock", "--quiet"],
    }
  }
  throw new SetupFailed("Found no npm on the PATH. Install Node 20 or later with npm: https://nodejs.org")
}

const install = () => {
  const { name, command } = installer()
  say(`installing the dependencies (${name}, about 15 seconds, 600 MB)`)
  const start = Date.now()
  const [program = "", ...args] = command
  const done = run(program, args)
  if (!done.ok) {
    throw new SetupFailed(
      `${done.output}\n"${name}" failed in ${root}\n` +
        `Check that the package registry can be reached and that the disk has 1 GB free, then run "npm ci" by hand.`,
    )
  }
  writeFileSync(stamp, fingerprint())
  say(`installed in ${Math.round((Date.now() - start) / 1000)} s`)
}

/** Whether a runtime from node_modules starts, and by its own program rather than by a script that wraps it. */
const starts = (/** @type {keyof typeof runtimes} */ name) => {
  const [link, program] = [at("node_modules", ".bin", name), at("node_modules", name, runtimes[name].file)]
  if (!windows && !(existsSync(link) && existsSync(program) && realpathSync(link) === realpathSync(program))) {
    return false
  }
  const done = run(at("node_modules", ".bin", windows ? `${name}.cmd` : name), ["--version"])
  return done.ok && runtimes[name].answers.test(done.output)
}

/** Runs the install script of a runtime's package, and links its program where npm would have. */
const unpack = (/** @type {keyof typeof runtimes} */ name) => {
  const { script, file } = runtimes[name]
  const folder = at("node_modules", name)
  say(`unpacking ${name}`)
  const done = run(process.execPath, "deno" in process.versions ? ["run", "-A", script] : [script], folder)
  const link = at("node_modules", ".bin", name)
  if (!windows && existsSync(join(folder, file))) {
    rmSync(link, { force: true })
    symlinkSync(join("..", name, file), link)
  }
  if (starts(name)) return
  throw new SetupFailed(
    `${done.output}\nThe runtime "${name}" in node_modules does not start\n` +
      `Delete the folder node_modules and try again; npm must be allowed to run the install script of "${name}".`,
  )
}

/** The system's name of an error, such as "EEXIST". */
const codeOf = (/** @type {unknown} */ error) => error instanceof Error && "code" in error ? error.code : undefined

const alive = (/** @type {number} */ pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === "EPERM"
  }
}

/** Runs one set-up at a time: a second one waits until the first has ended, then finds nothing left to do. */
const alone = async (/** @type {() => void} */ body) => {
  const lock = at(".warren", "setup.lock")
  mkdirSync(at(".warren"), { recursive: true })
  for (let waited = 0;; waited += 200) {
    try {
      const handle = openSync(lock, "wx")
      writeSync(handle, String(process.pid))
      closeSync(handle)
      break
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error
      const holder = existsSync(lock) ? readFileSync(lock, "utf8") : ""
      const fresh = existsSync(lock) && Date.now() - statSync(lock).mtimeMs < 1000
      if (holder === "" ? !fresh : !alive(Number(holder))) rmSync(lock, { force: true })
      else if (waited === 1000) say(`waiting for another set-up (process ${holder})`)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  const release = () => rmSync(lock, { force: true })
  process.on("exit", release)
  body()
  release()
}

/** A failed `npm pack` may have left the published package.json in the checkout; put ours back first. */
const restorePackage = async () => {
  if (existsSync(at(".warren", "pack"))) (await import("./pack.mjs")).restore(120_000)
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in runtimes))
if (unknown.length > 0) {
  console.error(`Unknown runtime "${unknown.join(" ")}": name any of ${Object.keys(runtimes).join(", ")}`)
  process.exit(2)
}
// the folder of the running program goes first, so that install scripts that call "node" find one
process.env.PATH = [process.env.PATH ?? "", at("node_modules", ".bin")].join(delimiter)
try {
  await restorePackage()
  const names = /** @type {Array<keyof typeof runtimes>} */ (wanted)
  if (!upToDate() || !names.every(starts)) {
    await alone(() => {
      if (!upToDate()) install()
      for (const name of names) if (!starts(name)) unpack(name)
    })
  }
} catch (error) {
  if (!(error instanceof SetupFailed)) throw error
  console.error(error.message)
  process.exit(1)
}
