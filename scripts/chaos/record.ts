/**
 * What a process tells of what happened: lines appended to a file of its own, which outlive its SIGKILL.
 *
 * Written by emitters and workers, each line with one write, so that it is in the kernel's hands before the next thing is
 * done; read by `ledger.ts`, also while the run goes on. A line is its fields with spaces between them.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs"

/** One line, taken apart. Times are ms since the epoch. */
export type Line =
  /** An event was confirmed. */
  | readonly [kind: "confirmed", n: number, at: number]
  /** An emit failed, to be repeated with the same id. */
  | readonly [kind: "unconfirmed", n: number, at: number, tag: string]
  /** A call is made. */
  | readonly [kind: "calling", n: number, at: number]
  /**
   * A call ended: `answered`, `hung`, `gave-up`, or the tag of its error; the lane by which it went, and how many outcomes the
   * journal tells of it.
   */
  | readonly [kind: "called", n: number, from: number, to: number, outcome: string, lane: string, outcomes: number]
  /** The journal tells of a call that had its outcome before that it has one. */
  | readonly [kind: "again", n: number, at: number]
  /** A call or its reply went on by another lane; blanks of the reason are underlined. */
  | readonly [kind: "rerouted", at: number, why: string]
  /** A handler of calls began; `until`: when the caller stops waiting. */
  | readonly [kind: "began", n: number, at: number, until: number, handler: string]
  /** A handler came to its end. */
  | readonly [kind: "handled", n: number, at: number, handler: string]
  /** The process did nothing from one time to the other: it was not given the machine, or one thing took so long. */
  | readonly [kind: "stood", from: number, to: number]
  /** A sample of what the process holds; -1: this runtime does not tell. */
  | readonly [
    kind: "holds",
    at: number,
    heap: number,
    rss: number,
    fibers: number,
    timers: number,
    sockets: number,
  ]

/** Opens a file for appending. */
export const makeRecorder = (path: string): (...line: Line) => void => {
  const file = openSync(path, "a")
  return (...line) => void writeSync(file, `${line.join(" ")}\n`)
}

/** Reads a file as it grows; each call gives the lines since the last one. */
export const makeReader = (path: string): () => ReadonlyArray<Line> => {
  const bytes = new Uint8Array(1 << 18)
  const decoder = new TextDecoder()
  let offset = 0
  let rest = ""
  return () => {
    const file = openSync(path, "r")
    try {
      const lines: Array<Line> = []
      for (;;) {
        const count = readSync(file, bytes, 0, bytes.length, offset)
        if (count === 0) return lines
        offset += count
        // what is not yet a whole line waits for the next look
        const texts = `${rest}${decoder.decode(bytes.subarray(0, count), { stream: true })}`.split("\n")
        rest = texts.pop() ?? ""
        for (const text of texts) lines.push(parse(text))
      }
    } finally {
      closeSync(file)
    }
  }
}

const parse = (text: string): Line =>
  text.split(" ").map((field, i) => i > 0 && /^-?\d/.test(field) ? Number(field) : field) as unknown as Line
