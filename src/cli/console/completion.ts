/**
 * What the key for completion offers: commands, events and calls that are known, apps, and fields of payloads.
 *
 * Pure, over what is known of the apis. As readline wants it: what could stand there, and the part of the line that it replaces.
 */
import { exampleText, placeAtEnd, suggestionsAt } from "./fields.ts"
import type { Knowledge } from "./knowledge.ts"

/** What is offered, and what of the line it stands for. */
export type Completion = readonly [offers: ReadonlyArray<string>, replaced: string]

/** The console's own words. */
export const ownWords = ["help", "exit"] as const

/** Commands by the kind of name that they take first. */
const kinds: Readonly<Record<string, ReadonlyArray<"event" | "call">>> = {
  call: ["call"],
  emit: ["event"],
  trace: ["event", "call"],
  why: ["event", "call"],
  tap: ["event", "call"],
}

/** Commands that take a payload after the name. */
const paying = ["call", "emit", "trace"]

/** Completes a line at its end. `commands`: names of all that can be asked. */
export const complete = (line: string, { members, apps }: Knowledge, commands: ReadonlyArray<string>): Completion => {
  const [, command = ""] = /^\s*(\S+)\s/.exec(line) ?? []
  const last = /\S*$/.exec(line)![0]
  if (command === "") return of([...commands, ...ownWords].map((one) => `${one} `), line.trimStart())
  const [, type, rest] = /^\s*\S+\s+(?:--\S+\s+)*([^\s-][^\s]*)\s+(.*)$/s.exec(line) ?? []
  const payload = rest === undefined ? undefined : /[{[].*$/s.exec(rest)?.[0]
  const member = type === undefined ? undefined : members.get(type)
  if (payload !== undefined) {
    const place = member === undefined ? undefined : placeAtEnd(payload)
    if (place === undefined || member === undefined) return [[], last]
    return of(suggestionsAt(member.payload, place), place.typed)
  }
  if (/--(to|from)\s+\S*$/.test(line)) return of(apps.map((app) => `${app} `), last)
  const wanted = kinds[command]
  if (wanted === undefined) return [[], last]
  if (type === undefined) {
    const names = [...members.values()].filter(({ kind }) => wanted.includes(kind)).map((one) => one.type)
    return of(names.toSorted().map((one) => `${one} `), last)
  }
  if (member === undefined || !paying.includes(command) || last !== "") return [[], last]
  const example = exampleText(member.payload)
  return example === undefined ? [[], last] : [[example], ""]
}

const of = (all: ReadonlyArray<string>, typed: string): Completion => {
  const begins = all.filter((one) => one.startsWith(typed))
  if (begins.length > 0) return [begins, typed]
  const lower = typed.toLowerCase()
  return [all.filter((one) => one.toLowerCase().startsWith(lower)), typed]
}
