/**
 * What this program may do without anybody being asked: Deno would stop and ask its user at the terminal.
 *
 * For things that are nice to have, and left out where they are not granted. Bun and Node permit everything here.
 */
import process from "node:process"

/** What is about to be done. */
export type Permission =
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "read" | "write"; readonly path?: string }
  | { readonly name: "sys"; readonly kind: "uid" | "hostname" }
  | { readonly name: "run" }

interface Globals {
  readonly Deno?: {
    readonly permissions: { readonly querySync: (permission: Permission) => { readonly state: string } }
  }
}

/** Whether it is granted already. */
export const permitted = (permission: Permission): boolean => {
  const { Deno } = globalThis as Globals
  return Deno === undefined || Deno.permissions.querySync(permission).state === "granted"
}

/** A variable of the environment; `undefined` where it is not set, is empty, or may not be read. */
export const variableOf = (name: string): string | undefined =>
  permitted({ name: "env", variable: name }) ? process.env[name] || undefined : undefined
