/**
 * Which runtime and which libraries run here, and whether they are those that Warren is made for.
 *
 * Reads package.json files that lie above this one, as the runtimes do. Loads no library.
 */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { runtime } from "../../../adapters/runtime/mod.ts"
import { type Check, checksOf } from "../../inspect/mod.ts"
import { version } from "../version.ts"
import { within } from "./versions.ts"

const { ok, warning, broken, unknown, skipped } = checksOf("software")

/** What of a package.json counts here. */
interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly engines?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** The oldest of those that package.json says nothing of, on which the tests run. */
export const oldest = { bun: ">=1.4", deno: ">=2.9" } as const

/** Examines it. `versions`: of the runtimes, as the process tells. */
export const examineSoftware = (
  versions: Readonly<Record<string, string | undefined>> = process.versions,
): ReadonlyArray<Check> => {
  const own = ownManifest()
  return [
    runtimeOf(versions, own?.engines?.["node"] ?? ">=22.18"),
    ok("warren", version),
    library("effect", own?.peerDependencies?.["effect"] ?? "^4.1.0"),
    library("amqplib", own?.dependencies?.["amqplib"] ?? "~2.3.1"),
    zeromq(own?.peerDependencies?.["zeromq"] ?? "^6.8.0"),
  ]
}

/** Node reads TypeScript from then on. */
const readsTypeScript = ">=22.18"

const runtimeOf = (versions: Readonly<Record<string, string | undefined>>, engines: string): Check => {
  const is = versions["bun"] !== undefined ? "bun" : versions["deno"] !== undefined ? "deno" : "node"
  const found = versions[is] ?? ""
  const range = is === "node" ? engines : oldest[is]
  const answer = within(found, range)
  if (answer === undefined) return unknown("runtime", `"${is} ${found}" is a version that cannot be read`)
  if (answer === "older") {
    return broken("runtime", `${is} ${found} is older than Warren supports (${range})`, `Update ${is}`)
  }
  return is === "node" && within(found, readsTypeScript) === "older"
    ? warning(
      "runtime",
      `node ${found} reads no worker modules in TypeScript (${readsTypeScript} does)`,
      "Update Node, or write the modules in JavaScript",
    )
    : ok("runtime", `${is} ${found} on ${process.platform} ${process.arch} (supported: ${range})`)
}

const library = (name: string, range: string): Check => {
  const found = find(name)?.version
  if (found === undefined) {
    return unknown(name, `its package.json was not found above this program`, `\`npm install ${name}@${range}\``)
  }
  const answer = within(found, range)
  if (answer === "within") return ok(name, `${found} (supported: ${range})`)
  return answer === "older"
    ? broken(name, `${found} is older than Warren supports (${range})`, `\`npm install '${name}@${range}'\``)
    : warning(
      name,
      `${found} is not among those that Warren is tested with (${range})`,
      `\`npm install '${name}@${range}'\``,
    )
}

const zeromq = (range: string): Check => {
  const found = find("zeromq")?.version
  const isWanted = process.env["WARREN_ZEROMQ"] === "libzmq"
  if (!isWanted) {
    const there = found === undefined ? "not installed" : `${found} is installed`
    return skipped("zeromq", `${there}, and not needed: Warren speaks ZeroMQ itself unless WARREN_ZEROMQ is libzmq`)
  }
  if (runtime.name !== "node") {
    return broken(
      "zeromq",
      `WARREN_ZEROMQ is libzmq, which runs on Node alone, and this is ${runtime.name}`,
      "Leave WARREN_ZEROMQ out: Warren speaks ZeroMQ itself",
    )
  }
  return found === undefined
    ? broken("zeromq", "WARREN_ZEROMQ is libzmq, and the package is not installed", `\`npm install zeromq@${range}\``)
    : library("zeromq", range)
}

/** Folders from this file up to the root. */
const above = (): ReadonlyArray<string> => {
  const folders: Array<string> = []
  for (let one = dirname(fileURLToPath(import.meta.url)); one !== dirname(one); one = dirname(one)) folders.push(one)
  return folders
}

const ownManifest = (): Manifest | undefined => {
  const folder = above().find((one) => existsSync(join(one, "package.json")))
  return folder === undefined ? undefined : manifestAt(folder)
}

const find = (name: string): Manifest | undefined => {
  const folder = above().map((one) => join(one, "node_modules", name)).find((one) =>
    existsSync(join(one, "package.json"))
  )
  return folder === undefined ? undefined : manifestAt(folder)
}

const manifestAt = (folder: string): Manifest | undefined => {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest
  } catch {
    return undefined
  }
}
