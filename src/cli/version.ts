/**
 * Warren's own version, which every command says.
 */
import { ownVersion } from "../../adapters/runtime/mod.ts"

/** The version, `0.1.0`. */
export const version: string = ownVersion()
