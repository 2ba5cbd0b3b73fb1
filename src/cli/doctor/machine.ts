/**
 * The machine at hand: room on its disks, files that may be open, and who of Warren runs here.
 *
 * Reads only. What the system does not tell is `skipped` or `unknown`, with the reason.
 */
import { Effect } from "effect"
import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, resolve } from "node:path"
import process from "node:process"
import { lookAtFolder, readBeacons } from "../../../adapters/beacons/mod.ts"
import { type Check, checksOf } from "../../inspect/mod.ts"
import type { Beacon } from "../../transport/mod.ts"

const { ok, warning, broken, unknown, skipped } = checksOf("machine")

/** Bytes that should be free, and below which things stop. */
const room = { enough: 1e9, least: 5e7 }

/** Open files that a process with many links and connections needs. */
const files = { enough: 1_024, share: 0.8 }

/** Processes that are named at most. */
const most = 10

/** Examines it. `data`: files or folders whose disks matter too, such as an inbox. */
export const examineMachine = Effect.fnUntraced(function* (
  data: ReadonlyArray<string>,
): Effect.fn.Return<ReadonlyArray<Check>> {
  const beacons = yield* readBeacons
  const state = lookAtFolder()
  const folder = state.kind === "own" || state.kind === "absent" ? state.folder : undefined
  return [
    beaconsOf(state),
    processesOf(beacons, folder !== undefined),
    ...(folder === undefined ? [] : [diskOf("disk", folder)]),
    ...data.map((path) => dataOf(path)),
    ...(folder === undefined && data.length === 0 ? [diskOf("disk", tmpdir())] : []),
    openFilesOf(beacons),
  ]
})

const beaconsOf = (state: ReturnType<typeof lookAtFolder>): Check => {
  switch (state.kind) {
    case "off":
      return skipped("beacons", "WARREN_BEACONS is off: processes on this machine cannot be seen")
    case "own":
      return ok("beacons", state.folder)
    case "absent":
      return ok("beacons", `${state.folder} is not there yet, and is made by the first process`)
    case "refused":
      return warning(
        "beacons",
        `${state.why}: processes on this machine cannot be seen`,
        "Remove that folder if it is a stranger's, or name another one with WARREN_BEACONS",
      )
  }
}

const processesOf = (beacons: ReadonlyArray<Beacon>, canSee: boolean): Check => {
  if (!canSee) return skipped("processes", "without beacons they are not seen")
  if (beacons.length === 0) return ok("processes", "none of Warren runs on this machine as this user")
  const told = beacons.slice(0, most).map(({ apps, pid, broker, gateway }) =>
    `${apps.join(", ")} (pid ${pid}, ${broker.label}${gateway === undefined ? "" : `, gateway ${gateway}`})`
  )
  const more = beacons.length > most ? ` and ${beacons.length - most} more` : ""
  return ok("processes", told.join("; ") + more)
}

const size = (bytes: number): string => bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`

/** The path itself, or the nearest folder above it that is there. */
const existing = (path: string): string => {
  let one = resolve(path)
  while (!existsSync(one) && one !== dirname(one)) one = dirname(one)
  return one
}

const diskOf = (name: string, path: string): Check => {
  try {
    const { bavail, bsize } = statfsSync(existing(path))
    const free = bavail * bsize
    const text = `${size(free)} free at ${path}`
    const remedy = "Free space on that disk, or keep the data on another one"
    return free < room.least
      ? broken(name, text, remedy)
      : free < room.enough
      ? warning(name, text, remedy)
      : ok(name, text)
  } catch (error) {
    return unknown(name, `${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A file or folder that a worker keeps its data in. */
const dataOf = (path: string): Check => {
  const at = existing(path)
  try {
    accessSync(at, constants.R_OK | constants.W_OK)
  } catch {
    return broken("data", `${at} cannot be read and written by this user`, "Give this user that file or folder")
  }
  const found = diskOf("data", path)
  if (found.state !== "ok" || !existsSync(path) || !statSync(path).isFile()) return found
  return { ...found, evidence: `${found.evidence}, which holds ${size(statSync(path).size)}` }
}

/** How many files a process may have open; `undefined`: the system does not tell. */
const limitOf = (pid: number | "self"): number | undefined => {
  try {
    const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1]
    return found === undefined ? undefined : found === "unlimited" ? Number.POSITIVE_INFINITY : Number(found)
  } catch {
    return undefined
  }
}

const openOf = (pid: number): number | undefined => {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return undefined
  }
}

const openFilesOf = (beacons: ReadonlyArray<Beacon>): Check => {
  const limit = limitOf("self")
  if (limit === undefined) return skipped("open files", `${process.platform} does not tell how many there may be`)
  const full = beacons.flatMap(({ apps, pid }) => {
    const [open, may] = [openOf(pid), limitOf(pid)]
    return open !== undefined && may !== undefined && open > may * files.share
      ? [`${apps.join(", ")} (pid ${pid}) has ${open} of ${may}`]
      : []
  })
  const remedy = "Raise it: `ulimit -n 65536`, or LimitNOFILE= in the service's unit"
  if (full.length > 0) return broken("open files", full.join("; "), remedy)
  const text = limit === Number.POSITIVE_INFINITY
    ? "a process may have any number"
    : `a process that is started here may have ${limit.toLocaleString("en-US")}`
  return limit < files.enough ? warning("open files", text, remedy) : ok("open files", text)
}
