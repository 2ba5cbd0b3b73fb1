/**
 * `npm start`: runs the sample company in workers/ with its HTTP gateway on 127.0.0.1:8080.
 *
 * Is `warren run workers --http` spelled so that flags after `npm start --` still win: the address is only a
 * default of the variable WARREN_HTTP. Stays in its own process and its own runtime, so that signals and
 * exit codes need no passing on. Set-up is done before it, by scripts/setup.mjs.
 */
import process from "node:process"

process.env["WARREN_HTTP"] ??= "127.0.0.1:8080"
// npm, like `deno task`, passes on the ctrl-c that the terminal has sent to everyone already
process.env["WARREN_SIGNAL_ECHO"] ??= "250"
process.argv.splice(2, 0, "run")
await import("../src/cli/main.ts")
