/**
 * Runs inputs: each is fed whole and byte by byte to something new, and both must come to the same.
 *
 * Above the targets, below `main.ts` and the tests. An input is a finding when it throws, when both feedings differ, when an
 * outcome is wrong in itself, or when a valid one ends. A run is a finding when memory has grown.
 */
import process from "node:process"
import { makeRandom } from "../chaos/random.ts"
import type { Input, Outcome, Target } from "./Target.ts"

/** What is run. */
export interface RunOptions {
  readonly seed: number
  /** How many inputs. */
  readonly inputs: number
  /** The number of the first one. @default 0 */
  readonly from?: number
  /** Is told of each input before it is fed. */
  readonly onInput?: (index: number) => void
}

/** An input that something is wrong with. */
export interface Finding {
  readonly index: number
  readonly setup: string
  /** Hexadecimal. */
  readonly bytes: string
  readonly why: string
}

/** What came of a run. */
export interface Report {
  readonly inputs: number
  readonly valid: number
  readonly findings: ReadonlyArray<Finding>
  /** How often each way to end was met. */
  readonly endings: ReadonlyMap<string, number>
  /** How many inputs of each kind there were. */
  readonly kinds: ReadonlyMap<string, number>
  /** Most bytes that were held for one peer. */
  readonly held: number
  /** Bytes in use after a collection, when the run was warm and at its end; `undefined`: this runtime cannot tell. */
  readonly heap: { readonly before: number; readonly after: number } | undefined
  readonly seconds: number
}

/** After so many findings the rest is not needed. */
const enough = 10

/** So many inputs until memory is measured first: what is compiled and cached then is there to stay. */
const warm = 20_000

/** Turns end so often, for what waits for their end. */
const turn = 200

/** The input of a number. */
export const inputAt = (target: Target, seed: number, index: number): Input =>
  target.draw(makeRandom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)))

/** What is wrong with an input; else what came of it. */
export const judge = (target: Target, input: Input): Outcome | { readonly why: string } => {
  let whole: Outcome
  let bytes: Outcome
  try {
    whole = target.feed(input, "whole")
    bytes = target.feed(input, "bytes")
  } catch (error) {
    return { why: `threw ${error instanceof Error ? error.stack : String(error)}` }
  }
  if (whole.told !== bytes.told) return { why: `whole:         ${whole.told}\n  byte by byte:  ${bytes.told}` }
  const wrong = whole.wrong ?? bytes.wrong
  if (wrong !== undefined) return { why: `${wrong}: ${whole.told}` }
  if (input.isValid && whole.ending !== "talks") return { why: `valid, but it ended so: ${whole.ending}` }
  return whole.held > bytes.held ? whole : bytes
}

/** Bytes in use after a collection. */
const heap = (): number | undefined => {
  const { Bun, gc } = globalThis as {
    readonly Bun?: { readonly gc: (wait: boolean) => void }
    readonly gc?: () => void
  }
  const collect = Bun === undefined ? gc : () => Bun.gc(true)
  if (collect === undefined) return undefined
  collect()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + Math.max(external, arrayBuffers)
}

/** See the top of the file. */
export const fuzz = async (target: Target, { seed, inputs, from = 0, onInput }: RunOptions): Promise<Report> => {
  const findings: Array<Finding> = []
  const endings = new Map<string, number>()
  const kinds = new Map<string, number>()
  let [valid, held, done] = [0, 0, 0]
  let before: number | undefined
  const start = performance.now()
  for (let index = from; index < from + inputs && findings.length < enough; index++) {
    if (done % turn === 0) await Promise.resolve()
    if (done === Math.min(warm, Math.floor(inputs / 2))) before = heap()
    onInput?.(index)
    const input = inputAt(target, seed, index)
    const outcome = judge(target, input)
    const kind = target.kindOf(input.setup)
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    done++
    if (input.isValid) valid++
    if ("why" in outcome) {
      const hex = Array.from(input.bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
      findings.push({ index, setup: input.setup, bytes: hex, why: outcome.why })
      continue
    }
    endings.set(outcome.ending, (endings.get(outcome.ending) ?? 0) + 1)
    held = Math.max(held, outcome.held)
  }
  await Promise.resolve()
  const seconds = (performance.now() - start) / 1_000
  const after = heap()
  const measured = before === undefined || after === undefined ? undefined : { before, after }
  return { inputs: done, valid, findings, endings, kinds, held, heap: measured, seconds }
}
