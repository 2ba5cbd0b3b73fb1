/**
 * Finds a Python with `zmq`, or installs Debian's package when this user is root: what the Python peer of the
 * interoperability tests runs on (test/adapters/zeromq/interop/program.py).
 *
 * Debian's own Python comes first, since that is where the package goes. Changes nothing where it is there already.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import process from "node:process"
import { tail } from "./rabbitmq/wait.ts"

/** A Python that has it, or why there is none and what to do. */
export type Python = { readonly program: string } | { readonly missing: string }

const programs = ["/usr/bin/python3", "python3"]

// links to libzmq itself: a package that does not load is none
const found = (): Python | undefined => {
  const program = programs.find((one) => spawnSync(one, ["-c", "import zmq"], { stdio: "ignore" }).status === 0)
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

const install = () => apt("install", "-y", "--no-install-recommends", "python3-zmq")

/** The Python to use, if need be after installing the package. */
export const findZmq = (log: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): Python => {
  const there = found()
  if (there !== undefined) return there
  const missing = 'no Python with zmq was found (Debian: "sudo apt-get install python3-zmq")'
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return { missing }
  log("Installing python3-zmq with apt-get")
  // lists of packages are fetched only where they are missing or too old
  let last = install()
  if (last.status !== 0) last = apt("update")
  if (last.status === 0 && found() === undefined) last = install()
  return found() ?? { missing: `${missing}; apt-get failed: ${tail(last.stderr ?? "")}` }
}
