/**
 * Door of the room for what differs between Bun, Deno and Node.
 */
// which one this is
export type { Runtime } from "./runtime.ts"
export { runtime, runtimeTitle } from "./runtime.ts"
export { ownVersion } from "./ownVersion.ts"
// serving HTTP
export type { ServeOptions, Serving } from "./serve.ts"
export { loadServer, serve } from "./serve.ts"
export type { Address } from "./serveAddress.ts"
export { defaultAddress, formatAddress, InvalidAddress, parseAddress } from "./serveAddress.ts"
export type { ServeReason } from "./ServeError.ts"
export { ServeError } from "./ServeError.ts"
// loading modules
export { importModule } from "./modules.ts"
// SQLite
export type { Sqlite, SqliteOptions, SqliteRow, SqliteStatement, SqliteValue } from "./sqlite.ts"
export { hasSqlite, openSqlite } from "./sqlite.ts"
export type { SqliteReason } from "./SqliteError.ts"
export { SqliteError } from "./SqliteError.ts"
// a lock that dies with its process
export type { FileLock } from "./fileLock.ts"
export { openFileLock } from "./fileLock.ts"
// how a process begins another, and ends
export type { Respawned } from "./respawn.ts"
export { respawn } from "./respawn.ts"
export { exit, onBrokenPipe } from "./exit.ts"
export type { Ending } from "./signals.ts"
export { endings, onEnding, onStray } from "./signals.ts"
