/**
 * Beacons: one small file for each running process of Warren, in a folder of its user alone.
 *
 * `connect()` and `warren run` light one (by `src/launch`); whoever inspects reads them all. One that cannot be written is
 * no failure of the program. Nobody else's files are believed, and those of processes that are gone are removed.
 */
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { Effect, Option, Schema, type Scope } from "effect"
import { Beacon } from "../../src/transport/mod.ts"
import { isAlive, startOf } from "./alive.ts"
import { beaconFolders, isOwn, isTheirs, openFolder, type User, userId } from "./folder.ts"
import { permitted } from "./permitted.ts"

/** What of a beacon changes while it burns; `gateway: undefined`: there is none any more. */
export interface BeaconChange {
  readonly emits?: ReadonlyArray<string>
  readonly gateway?: string | undefined
}

/** A beacon that burns. */
export interface LitBeacon {
  readonly update: (change: BeaconChange) => Effect.Effect<void>
}

/** Bytes of a beacon, and how many files of a folder are looked at, at most. */
const limits = { bytes: 65_536, files: 1_000 }

/** `since`: when the process was started, where the system tells. */
const File = Schema.Struct({ v: Schema.Literal(1), beacon: Beacon, since: Schema.optionalKey(Schema.String) })

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(File))

/** Lights a beacon, which burns until the scope closes. */
export const lightBeacon = Effect.fnUntraced(
  function* (beacon: Beacon): Effect.fn.Return<LitBeacon, never, Scope.Scope> {
    const folder = yield* attempt(openFolder)
    if (folder === undefined) return { update: () => Effect.void }
    const file = join(folder, `${beacon.instance.replaceAll(/[^\w-]/g, "_").slice(0, 100)}.json`)
    const since = startOf(beacon.pid)
    let current = beacon
    let isOut = false
    const write = attempt(() => {
      if (!isOut) replace(file, { v: 1, beacon: current, ...(since !== undefined && { since }) })
    })
    yield* Effect.addFinalizer(() =>
      attempt(() => {
        isOut = true
        rmSync(file, { force: true })
      })
    )
    yield* write
    return {
      update: (change) =>
        Effect.suspend(() => {
          const { gateway, ...rest } = { ...current, ...change }
          current = { ...rest, ...(gateway !== undefined && { gateway }) }
          return write
        }),
    }
  },
)

/** Processes of this user that run on this machine and say so, the oldest first. */
export const readBeacons: Effect.Effect<ReadonlyArray<Beacon>> = Effect.sync(() => {
  const user = userId()
  if (user === undefined) return []
  const all = beaconFolders(user).flatMap((folder) => readFolder(folder, user))
  const byInstance = new Map(all.map((one) => [one.instance, one]))
  return [...byInstance.values()].sort((a, b) => a.startedAt - b.startedAt)
})

/** Nobody's program stops because others cannot be told of it. */
const attempt = <A>(make: () => A): Effect.Effect<A | undefined> =>
  Effect.try({ try: make, catch: (error) => error instanceof Error ? error.message : String(error) }).pipe(
    Effect.catch((why) =>
      Effect.as(Effect.logDebug(`Other programs on this machine cannot see where this one is: ${why}`), undefined)
    ),
  )

/** Writes it whole or not at all, for nobody else to read. */
const replace = (file: string, content: typeof File.Type): void => {
  const text = JSON.stringify(content)
  if (Buffer.byteLength(text) > limits.bytes) throw new Error("there is too much to say")
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, text, { mode: 0o600 })
  renameSync(draft, file)
}

const readFolder = (folder: string, user: User): ReadonlyArray<Beacon> => {
  if (!isOwn(folder, user)) return []
  const here = permitted({ name: "sys", kind: "hostname" }) ? hostname() : unknown
  return readdirSync(folder).filter((name) => name.endsWith(".json")).slice(0, limits.files).flatMap((name) => {
    try {
      return readFile(join(folder, name), user, here)
    } catch {
      // it was removed meanwhile
      return []
    }
  })
}

/** What a process says whose host cannot be asked for. */
const unknown = "unknown"

const readFile = (path: string, user: User, here: string): ReadonlyArray<Beacon> => {
  const stat = lstatSync(path)
  if (!stat.isFile() || stat.size > limits.bytes || !isTheirs(stat, user)) return []
  const file = Option.getOrUndefined(decode(readFileSync(path, "utf8")))
  // a folder that machines, or containers, share: whether those processes live cannot be told here
  if (file === undefined || file.beacon.host !== here && file.beacon.host !== unknown && here !== unknown) return []
  const alive = isAlive(file.beacon.pid, file.since)
  if (alive === false) rmSync(path, { force: true })
  return alive === true ? [file.beacon] : []
}
