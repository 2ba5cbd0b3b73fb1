#!/usr/bin/env node
/**
 * Entry of the command `warren`: runs the command line and ends with its code.
 *
 * Whatever it does is in `program.ts`. Nothing imports this file but what starts it.
 */
import { Effect } from "effect"
import process from "node:process"
import { exit } from "../../adapters/runtime/mod.ts"
import { program } from "./program.ts"

await exit(await Effect.runPromise(program(process.argv.slice(2))))
