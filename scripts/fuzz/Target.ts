/**
 * What can be fuzzed: something that hears bytes, and a source of bytes for it.
 *
 * The shape between `run.ts`, which knows no protocol, and a folder for each protocol. Inputs are drawn from a seed alone, so
 * that each can be had again; how an input is cut must make no difference to what comes of it.
 */
import type { Random } from "../chaos/random.ts"

/** One input. */
export interface Input {
  /** What hears it: a name that its target understands. */
  readonly setup: string
  readonly bytes: Uint8Array
  /** It is as a peer would send it that makes no mistake: nothing may be wrong with it. */
  readonly isValid: boolean
}

/** What came of it. */
export interface Outcome {
  /** Everything that was heard and written, in order; the same for every way to cut the same input. */
  readonly told: string
  /** What it is counted as: `open` when more could come, else why it ended. */
  readonly ending: string
  /** Bytes of memory that are held for the peer when everything was heard. */
  readonly held: number
  /** What is wrong with the outcome whatever was heard; `undefined`: nothing. */
  readonly wrong: string | undefined
}

/** How an input is cut: whole, or one byte at a time. */
export type Cut = "whole" | "bytes"

/** See the top of the file. */
export interface Target {
  readonly name: string
  readonly draw: (random: Random) => Input
  /** Feeds it to something new. What it throws is a finding. */
  readonly feed: (input: Pick<Input, "setup" | "bytes">, cut: Cut) => Outcome
  /** What an input is counted as, for the report. */
  readonly kindOf: (setup: string) => string
}
