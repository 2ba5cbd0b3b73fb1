/**
 * Finds a Python with a module, or installs Debian's package of it when this user is root: for programs in Python that the
 * tests run (`pika` for test/protocol/peer/, `zmq` for test/adapters/zeromq/interop/program.py, all but `zmq` for
 * test/adapters/embedded/clients/python/).
 *
 * Debian's own Python comes first, since that is where packages go. Changes nothing where the module is there already.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import process from "node:process"
import { tail } from "./rabbitmq/wait.ts"

/** A Python that has it, or why there is none and what to do. */
export type Python = { readonly program: string } | { readonly missing: string }

const programs = ["/usr/bin/python3", "python3"]

// a module that does not load, because a library of the system is missing, is none
const found = (module: string): Python | undefined => {
  const program = programs.find((one) => spawnSync(one, ["-c", `import ${module}`], { stdio: "ignore" }).status === 0)
  return program === undefined ? undefined : { program }
}

// without a network it is to fail soon
const options = ["DPkg::Lock::Timeout=300", "Acquire::Retries=0", "Acquire::http::Timeout=20"]

const apt = (...words: ReadonlyArray<string>) =>
  spawnSync("apt-get", ["-q", ...options.flatMap((option) => ["-o", option]), ...words], {
    encoding: "utf8",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    timeout: 120_000,
  })

/** The Python to use, if need be after installing Debian's `python3-<module>`. */
export const findPython = (
  module: "celery" | "kombu" | "pika" | "zmq",
  log: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Python => {
  const there = found(module)
  if (there !== undefined) return there
  const name = `python3-${module}`
  const missing = `no Python with ${module} was found (Debian: "sudo apt-get install ${name}")`
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return { missing }
  log(`Installing ${name} with apt-get`)
  const install = () => apt("install", "-y", "--no-install-recommends", name)
  // lists of packages are fetched only where they are missing or too old
  let last = install()
  if (last.status !== 0) last = apt("update")
  if (last.status === 0 && found(module) === undefined) last = install()
  return found(module) ?? { missing: `${missing}; apt-get failed: ${tail(last.stderr ?? "")}` }
}
