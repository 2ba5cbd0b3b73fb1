/**
 * Which runtime this is, and its version.
 *
 * For banners, bug reports and the few places where Bun, Deno and Node differ. Asks once; decides nothing.
 */
import process from "node:process"

/** The runtime of this process. */
export interface Runtime {
  readonly name: "bun" | "deno" | "node"
  /** `1.4.5`. */
  readonly version: string
}

const versions: NodeJS.ProcessVersions & { readonly deno?: string } = process.versions

/** The runtime of this process; Bun and Deno are asked first, since both name a Node version too. */
export const runtime: Runtime = versions["bun"] !== undefined
  ? { name: "bun", version: versions["bun"] }
  : versions.deno !== undefined
  ? { name: "deno", version: versions.deno }
  : { name: "node", version: versions.node }

/** For people: `Bun 1.4.5`. */
export const runtimeTitle = `${runtime.name[0]!.toUpperCase()}${runtime.name.slice(1)} ${runtime.version}`
