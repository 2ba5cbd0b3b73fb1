/**
 * Checks who may know whom: the way of a value through the rooms, doors, cycles, foreign libraries, and time.
 *
 * Rooms are the folders of src/ and adapters/. A room imports only rooms below it, through their `mod.ts`, and never
 * through its own. No file takes part in a cycle of loading. A foreign library has its place; time comes from Effect's clock.
 * Works on text alone; tests are exempt. What is allowed is the table below and nothing else.
 */
import { join, posix } from "node:path"
import process from "node:process"
import { codeOf, importsOf, lineAt, readSources, report } from "./source.ts"
import type { Finding, Sources } from "./source.ts"

/** Which rooms a room may import. Files directly in src/ are the package's own doors and may import all of src/. */
export const allowed: Readonly<Record<string, ReadonlyArray<string> | "all">> = {
  "src": "all",
  "src/collections": [],
  "src/contract": [],
  "src/transport": [],
  "src/wire": ["src/contract", "src/transport"],
  "src/runtime": ["src/collections", "src/contract", "src/wire", "src/transport"],
  "src/broker": ["src/transport"],
  "src/telemetry": ["src/contract", "src/wire", "src/runtime", "src/transport"],
  "src/gateway": ["src/contract", "src/wire", "src/runtime", "src/transport", "src/telemetry", "src/inspect"],
  "src/inbox": ["src/runtime", "adapters/runtime"],
  "src/inspect": ["src/contract", "src/wire", "src/runtime", "src/transport", "src/broker"],
  "src/testing": ["src/contract", "src/wire", "src/runtime", "src/transport", "src/broker"],
  "src/launch": [
    "src/contract",
    "src/wire",
    "src/runtime",
    "src/transport",
    "src/broker",
    "src/telemetry",
    "src/gateway",
    "adapters/amqp",
    "adapters/zeromq",
    "adapters/beacons",
    "adapters/embedded",
  ],
  "src/cli": "all",
  "adapters/amqp": ["src/collections", "src/transport"],
  "adapters/beacons": ["src/transport"],
  "adapters/embedded": ["src/broker", "src/transport", "adapters/runtime"],
  "adapters/management": ["src/transport"],
  "adapters/zeromq": ["src/transport"],
  "adapters/runtime": ["src/transport"],
}

/** Where a foreign library may be imported; `one` when a single file of that place has to keep it to itself. */
const places: ReadonlyArray<{ readonly library: RegExp; readonly rooms: ReadonlyArray<string>; readonly one?: true }> =
  [
    { library: /^effect(\/|$)/, rooms: ["src", "adapters"] },
    { library: /^@effect\/platform-node-shared(\/|$)/, rooms: ["src/cli", "adapters/runtime"] },
    { library: /^amqplib(\/|$)/, rooms: ["adapters/amqp"], one: true },
    { library: /^zeromq(\/|$)/, rooms: ["adapters/zeromq"], one: true },
    { library: /^@noble\//, rooms: ["adapters/zeromq"], one: true },
    { library: /^libsodium(\/|$)/, rooms: ["adapters/zeromq"], one: true },
    { library: /^hono(\/|$)/, rooms: ["src/gateway", "adapters"] },
    { library: /^@hono\/node-server(\/|$)/, rooms: ["adapters/runtime"] },
    { library: /^bun:/, rooms: ["adapters"] },
    { library: /^node:(crypto|buffer)$/, rooms: ["src", "adapters"] },
    { library: /^node:/, rooms: ["src/cli", "src/testing", "adapters"] },
  ]

/** Rooms that meet the real clock; even there, a comment beside it has to say why ("real"). */
const realTime = ["adapters", "src/cli", "src/testing"]

/** Behaviour suites are tests that several adapters share: they measure real time as tests do. */
const suite = /^src\/testing\/\w+Suite\w*\.ts$/

const clocks = /\b(?:Date\.now\s*\(|new Date\s*\(\s*\)|performance\.now\s*\(|set(?:Timeout|Interval|Immediate)\s*\()/g

/** The room of a file: its folder in src/ or adapters/, or `src` for the package's own doors. */
export const roomOf = (file: string): string | undefined => {
  const [top, room, ...rest] = file.split("/")
  if (top !== "src" && top !== "adapters") return undefined
  return rest.length === 0 ? top : `${top}/${room}`
}

const isWithin = (room: string, place: string) => room === place || room.startsWith(`${place}/`)

const door = (room: string) => `${room}/mod.ts`

/** The file a relative import means. */
const target = (file: string, specifier: string) => posix.join(posix.dirname(file), specifier)

const judgeRelative = (file: string, room: string, specifier: string): string | undefined => {
  const other = target(file, specifier)
  const otherRoom = roomOf(other)
  if (!specifier.endsWith(".ts")) return `imports "${specifier}" without ".ts": name the file`
  if (otherRoom === undefined) return `imports "${specifier}" from outside src/ and adapters/`
  if (otherRoom === room) {
    return other === door(room) && file !== door(room)
      ? `imports its own room through the door: import the file itself instead of "${specifier}"`
      : undefined
  }
  const may = allowed[room]
  if (may === undefined) {
    return `is in the room "${room}", which scripts/check-imports.ts does not know: add it to the table`
  }
  if (may !== "all" && !may.includes(otherRoom)) {
    return `imports "${specifier}": ${room} may import ${may.length === 0 ? "no other room" : may.join(", ")}`
  }
  return other === door(otherRoom) ? undefined : `imports "${specifier}" past the door: use ${door(otherRoom)}`
}

const judgeForeign = (room: string, specifier: string): string | undefined => {
  if (/^warren(\/|$)/.test(specifier)) return `imports its own package by name: "${specifier}" is for workers and tests`
  const place = places.find(({ library }) => library.test(specifier))
  if (place === undefined) return `imports "${specifier}", which has no place: scripts/check-imports.ts says which have`
  if (place.rooms.some((allowedRoom) => isWithin(room, allowedRoom))) return undefined
  return `imports "${specifier}", which belongs to ${place.rooms.join(", ")}`
}

const imports = (sources: Sources): Array<Finding> => {
  const findings: Array<Finding> = []
  for (const [file, text] of sources) {
    const room = roomOf(file)
    if (room === undefined) continue
    for (const { specifier, line } of importsOf(text)) {
      const message = specifier.startsWith(".") ? judgeRelative(file, room, specifier) : judgeForeign(room, specifier)
      if (message !== undefined) findings.push({ file, line, message })
    }
  }
  return findings
}

/** A library that one file keeps to itself, found in several. */
const alone = (sources: Sources): Array<Finding> =>
  places.filter(({ one }) => one === true).flatMap(({ library, rooms }) => {
    const users = [...sources].flatMap(([file, text]) => {
      const use = importsOf(text).find(({ specifier }) => library.test(specifier))
      return use === undefined || !rooms.includes(roomOf(file) ?? "") ? [] : [{ file, ...use }]
    })
    return users.slice(1).map(({ file, line, specifier }) => ({
      file,
      line,
      message: `imports "${specifier}" although ${users[0]?.file} does: one file keeps a foreign library to itself`,
    }))
  })

/** Files that reach themselves when they are loaded. Types may refer to each other: their imports vanish. */
const cycles = (sources: Sources): Array<Finding> => {
  const findings: Array<Finding> = []
  const done = new Set<string>()
  const visit = (file: string, path: ReadonlyArray<string>) => {
    if (path.includes(file)) {
      const cycle = [...path.slice(path.indexOf(file)), file].join(" -> ")
      findings.push({ file, line: 1, message: `takes part in a cycle: ${cycle}` })
      return
    }
    if (done.has(file)) return
    for (const { specifier, typeOnly } of importsOf(sources.get(file) ?? "")) {
      const next = target(file, specifier)
      if (!typeOnly && specifier.startsWith(".") && sources.has(next)) visit(next, [...path, file])
    }
    done.add(file)
  }
  for (const file of sources.keys()) visit(file, [])
  return findings
}

const time = (sources: Sources): Array<Finding> =>
  [...sources].flatMap(([file, text]) => {
    const room = roomOf(file)
    if (room === undefined || suite.test(file)) return []
    const lines = text.split("\n")
    return [...codeOf(text).matchAll(clocks)].flatMap((match) => {
      const line = lineAt(text, match.index)
      const excused = lines.slice(Math.max(0, line - 4), line).some((one) => /(?:\/\/|\*).*\breal\b/.test(one))
      if (excused && realTime.some((place) => isWithin(room, place))) return []
      const remedy = realTime.some((place) => isWithin(room, place))
        ? 'say why in a comment beside it, with the word "real"'
        : "use Effect's clock"
      return [{ file, line, message: `reads the real clock with \`${match[0].replace(/\s*\(.*/, "")}\`: ${remedy}` }]
    })
  })

/** `any`, and suppressed diagnostics, without a reason. */
const types = (sources: Sources): Array<Finding> =>
  [...sources].flatMap(([file, text]) => {
    const lines = text.split("\n")
    const suppressed = lines.flatMap((one, index) =>
      /deno-lint-ignore(?:-file)?\b(?!.*--\s*\S)|@ts-(?:ignore|nocheck)\b|@ts-expect-error\s*$/.test(one)
        ? [{ file, line: index + 1, message: "silences a check without saying why: add `-- reason`" }]
        : []
    )
    const loose = [...codeOf(text).matchAll(/(?<![.\w$])any\b(?!\s*[:(])/g)].flatMap(({ index }) => {
      const line = lineAt(text, index)
      const excused = /deno-lint-ignore\s+no-explicit-any/.test(lines[line - 2] ?? "")
      return excused ? [] : [{ file, line, message: "uses `any`: say what it is, or `unknown`" }]
    })
    return [...suppressed, ...loose]
  })

/** Every breach of the rules, by file and line. */
export const checkImports = (sources: Sources): ReadonlyArray<Finding> =>
  [...imports(sources), ...alone(sources), ...cycles(sources), ...time(sources), ...types(sources)]
    .sort((a, b) => a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)

if (import.meta.main) {
  const sources = readSources(join(import.meta.dirname, ".."), ["src/**/*.ts", "adapters/**/*.ts"])
  process.exit(report("imports", checkImports(sources)) ? 0 : 1)
}
