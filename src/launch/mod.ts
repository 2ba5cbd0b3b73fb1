/**
 * Door of the launch room: one process put together, for the CLI and for programs.
 */
export type { Launched, LaunchError, LaunchOptions } from "./launch.ts"
export { launch, transportLayer } from "./launch.ts"
// what the environment says of the broker
export { credentials } from "./variables.ts"
// programs without Effect, and with it
export type { Abortable, Connected } from "./Connected.ts"
export type { ConnectOptions } from "./connect.ts"
export { busLayer, connect } from "./connect.ts"
export type { Modules } from "./readModules.ts"
