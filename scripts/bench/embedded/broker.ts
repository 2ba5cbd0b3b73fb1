/**
 * A process that hosts the embedded broker of a folder, its first argument, and says how long that took it.
 *
 * Started by `systems.ts` and `starting.ts`. What `warren run` has loaded anyway, with any broker, is loaded before the time is
 * taken, and Node keeps what it has compiled, as with the command. Ends with its standard input.
 */
import module from "node:module"
import process from "node:process"
import { Effect, Exit, Redacted, Scope } from "effect"
import { obey } from "../amqpCase.ts"

const [folder = "", isEphemeral] = process.argv.slice(2)

if (!("bun" in process.versions) && !("deno" in process.versions)) module.enableCompileCache?.()
await import("../../../src/launch/mod.ts")
await import("../../../adapters/amqp/mod.ts")

const began = performance.now()
const { openEmbedded, urlOf } = await import("../../../adapters/embedded/mod.ts")
const loaded = performance.now()
const scope = Scope.makeUnsafe()
const embedded = await Effect.runPromise(
  Scope.provide(openEmbedded({ folder, isEphemeral: isEphemeral === "ephemeral", mustHost: true }), scope),
)
const opened = performance.now()
const url = Redacted.value(urlOf(await Effect.runPromise(embedded.address)))
console.log(JSON.stringify({ url, loading: loaded - began, opening: opened - loaded }))
await obey()
await Effect.runPromise(Scope.close(scope, Exit.void))
process.exit(0)
