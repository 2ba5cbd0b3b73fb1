/**
 * `npm run bench -- profile`: where the time of a call in process goes, by room of the code.
 *
 * Samples serial calls with V8's profiler (Node's `inspector`, so the runtime is Node whatever starts it) and adds up
 * self time by file. Says shares, not times: the profiler slows everything down.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dirname, "..", "..")

interface Profile {
  readonly nodes: ReadonlyArray<{
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }>
  readonly samples: ReadonlyArray<number>
  readonly timeDeltas: ReadonlyArray<number>
}

/** What a file belongs to, the first that fits. */
const areas: ReadonlyArray<readonly [name: string, pattern: RegExp]> = [
  ["effect: schemas", /effect\/dist\/(Schema|SchemaAST|SchemaParser|SchemaIssue|internal\/(schema|record))/],
  ["effect: fibers, contexts and the rest", /effect\/dist\//],
  ["src/wire: packets, ids, headers, bytes", /\/src\/wire\//],
  ["src/broker: the queue engine", /\/src\/broker\//],
  ["src/runtime: bus, dispatch, deadlines", /\/src\/(runtime|launch)\//],
  ["src/contract: messages and codecs", /\/src\/contract\//],
  ["text encoding (node:internal/encoding)", /node:internal\/encoding/],
  ["the bench itself", /\/scripts\//],
]

const areaOf = (functionName: string, url: string): string => {
  if (functionName === "(garbage collector)") return "garbage collector"
  if (url === "") return "native code (JSON, RegExp, crypto)"
  return areas.find(([, pattern]) => pattern.test(url))?.[0] ?? "Node itself"
}

/** Prints the table. */
export const run = (): void => {
  const folder = mkdtempSync(join(tmpdir(), "warren-profile-"))
  try {
    const args = ["--cpu-prof", `--cpu-prof-dir=${folder}`, join(import.meta.dirname, "coreCase.ts"), "--only-calls"]
    execFileSync(join(root, "node_modules", ".bin", "node"), args, { stdio: ["ignore", "ignore", "inherit"] })
    const [file] = readdirSync(folder)
    const profile = JSON.parse(readFileSync(join(folder, file!), "utf8")) as Profile
    const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
    const shares = new Map<string, number>()
    profile.samples.forEach((id, i) => {
      const { functionName, url } = frames.get(id)!
      if (functionName === "(idle)" || functionName === "(program)") return
      const area = areaOf(functionName, url)
      shares.set(area, (shares.get(area) ?? 0) + profile.timeDeltas[i]!)
    })
    const total = [...shares.values()].reduce((sum, time) => sum + time, 0)
    for (const [area, time] of [...shares].sort(([, a], [, b]) => b - a)) {
      console.log(`${area.padEnd(42)}${(time / total * 100).toFixed(1).padStart(6)} %`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) run()
