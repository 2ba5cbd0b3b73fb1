/**
 * Packages that only this bench needs: installed on first use into `.warren/bench`, which Git ignores.
 *
 * Their versions are pinned here; scripts of packages are not run. Nothing of Warren depends on them.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"

const folder = join(import.meta.dirname, "../../../.warren/bench")

/** Moleculer speaks AMQP with the amqplib that it names. */
const dependencies = { "amqplib": "0.10.9", "moleculer": "0.15.2", "rabbitmq-client": "5.0.8" } as const

/** A package of this bench. */
export type PackageName = keyof typeof dependencies

/** Whether what is pinned is there. */
const isThere = (name: string, version: string): boolean => {
  const file = join(folder, "node_modules", name, "package.json")
  return existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version === version
}

/** Installs what is missing; says why it cannot. */
export const installPackages = (): string | undefined => {
  if (Object.entries(dependencies).every(([name, version]) => isThere(name, version))) return undefined
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }))
  try {
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 120_000,
    })
    return undefined
  } catch (error) {
    return `npm could not install it: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`
  }
}

/** What a package exports. */
export const load = <A>(name: PackageName): A => createRequire(join(folder, "package.json"))(name) as A

/** A package with its version, for people. */
export const versionOf = (name: PackageName): string => `${name} ${dependencies[name]}`
