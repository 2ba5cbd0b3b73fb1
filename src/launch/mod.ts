/**
 * Door of the launch room: one process put together, for the CLI and for programs.
 */
export type { Launched, LaunchOptions } from "./launch.ts"
export { launch, transportLayer } from "./launch.ts"
