/**
 * Which process this is, for people: its host, its id, and the runtime it runs on.
 *
 * Read once by `Presence`, which tells other processes. What the runtime does not say, or asks its user for, reads as
 * unknown: nobody's program stops for a name.
 */
import { Context } from "effect"

/** One process on one machine. */
export interface Machine {
  readonly host: string
  readonly pid: number
  /** `bun 1.4.5`. */
  readonly runtime: string
}

/** What this file needs to know of a runtime's globals, all of which may be missing. */
interface Globals {
  readonly process?: {
    readonly pid?: number
    readonly versions?: Readonly<Record<string, string | undefined>>
    readonly getBuiltinModule?: (name: string) => { readonly hostname?: () => string } | undefined
  }
  readonly Deno?: {
    readonly permissions?: {
      readonly querySync?: (permission: { name: "sys"; kind: "hostname" }) => { readonly state: string }
    }
  }
}

const here = (): Machine => {
  const { process, Deno } = globalThis as Globals
  const versions = process?.versions ?? {}
  const name = ["bun", "deno", "node"].find((one) => versions[one] !== undefined)
  return {
    host: attempt(() => {
      // Deno would ask its user at the terminal
      const granted = Deno?.permissions?.querySync?.({ name: "sys", kind: "hostname" }).state ?? "granted"
      return granted === "granted" ? process?.getBuiltinModule?.("node:os")?.hostname?.() : undefined
    }) ?? "unknown",
    pid: process?.pid ?? 0,
    runtime: name === undefined ? "unknown" : `${name} ${versions[name]}`,
  }
}

const attempt = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** The machine in force; tests replace it. */
export const CurrentMachine = Context.Reference<Machine>("warren/runtime/Machine", { defaultValue: here })
