/**
 * Where the console's lines come from: a person at a terminal, or a script on standard input.
 *
 * At a terminal by node:readline, with history and completion; ctrl-c is told to whoever waits for it, a second one, or
 * ctrl-d, ends the lines. Knows nothing of what a line says.
 */
import { Effect, type Scope } from "effect"
import process from "node:process"
import { createInterface } from "node:readline"
import { exit } from "../../../adapters/runtime/mod.ts"
import { untilEnded } from "../ending.ts"
import type { Completion } from "./completion.ts"
import type { History } from "./history.ts"

/** Lines, one after another. */
export interface Lines {
  /** The next one; `undefined`: there are no more. `begun`: what it goes on with, `""`: nothing. */
  readonly next: (begun: string) => Effect.Effect<string | undefined>
  /** Succeeds when somebody gives up what runs. */
  readonly givenUp: Effect.Effect<void>
  /** Whether a person types them. */
  readonly isTyped: boolean
}

/** What a terminal needs. */
export interface TypedOptions {
  readonly history: History
  /** Completes at the end of a text, which may have several lines. */
  readonly complete: (text: string) => Promise<Completion>
}

const prompts = { first: "warren> ", more: "   ...> " }

/** ctrl-c was pressed twice while something runs that does not let itself be given up. */
const forced = 130

/** Lines that a person types, until the scope closes. */
export const typedLines = (options: TypedOptions): Effect.Effect<Lines, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(Effect.sync(() => openTyped(options)), ({ close }) => Effect.sync(close)),
    ({ lines }) => lines,
  )

const openTyped = ({ history, complete }: TypedOptions): { readonly lines: Lines; readonly close: () => void } => {
  const reader = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: true,
    history: [...history.lines],
    historySize: 1_000,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: Error | null, completion: [Array<string>, string]) => void) => {
      complete(before === "" ? line : `${before}\n${line}`).then(
        ([offers, replaced]) => done(null, [[...offers], replaced]),
        // there is nothing to complete with: that is no error of whoever types
        () => done(null, [[], line]),
      )
    },
  })
  // what is typed while something runs is said afterwards
  const typed: Array<string> = []
  let isOver = false
  let wakeLine: (() => void) | undefined
  let wakeGivenUp: (() => void) | undefined
  let isRunning = false
  /** The lines that the one that is typed goes on with. */
  let before = ""
  /** Whether ctrl-c was pressed at an empty prompt, or upon what runs. */
  let isAsked = false

  const end = () => {
    isOver = true
    wakeLine?.()
  }
  reader.on("line", (line) => {
    isAsked = false
    typed.push(line)
    wakeLine?.()
  })
  reader.on("close", end)
  reader.on("SIGINT", () => {
    if (isRunning) {
      if (isAsked) return void exit(forced)
      isAsked = true
      process.stdout.write("^C\n")
      return wakeGivenUp?.()
    }
    const isEmpty = reader.line === "" && before === ""
    if (isEmpty && isAsked) return reader.close()
    isAsked = isEmpty
    process.stdout.write(isEmpty ? "\n(ctrl-c again, ctrl-d or exit ends the console)\n" : "^C\n")
    // an empty text gives up what was begun, on as many lines as it has
    reader.write(null, { ctrl: true, name: "e" })
    reader.write(null, { ctrl: true, name: "u" })
    typed.push(givenUpLine)
    wakeLine?.()
  })

  const next = (begun: string): Effect.Effect<string | undefined> =>
    Effect.callback<string | undefined>((resume) => {
      isRunning = false
      before = begun
      const take = () => {
        if (typed.length === 0 && !isOver) return
        wakeLine = undefined
        isRunning = true
        resume(Effect.succeed(typed.length > 0 ? typed.shift() : undefined))
      }
      wakeLine = take
      if (!isOver && typed.length === 0) {
        reader.setPrompt(begun === "" ? prompts.first : prompts.more)
        reader.prompt()
      }
      take()
    })
  const givenUp = Effect.callback<void>((resume) => {
    isAsked = false
    wakeGivenUp = () => resume(Effect.void)
    return Effect.sync(() => wakeGivenUp = undefined)
  })
  return { lines: { next, givenUp, isTyped: true }, close: () => reader.close() }
}

/** Stands for a line that was given up: no line that is typed holds it. */
export const givenUpLine = "\u0003"

/** Lines of a script on standard input, until the scope closes; a signal that asks for the end gives up the rest. */
export const scriptLines: Effect.Effect<Lines, never, Scope.Scope> = Effect.gen(function* () {
  const ended = yield* untilEnded
  const reader = yield* Effect.acquireRelease(
    Effect.sync(() => createInterface({ input: process.stdin, terminal: false, crlfDelay: Number.POSITIVE_INFINITY })),
    (reader) => Effect.sync(() => reader.close()),
  )
  const read: Array<string> = []
  let isOver = false
  let wake: (() => void) | undefined
  reader.on("line", (line) => {
    read.push(line)
    wake?.()
  })
  reader.on("close", () => {
    isOver = true
    wake?.()
  })
  const line = Effect.callback<string | undefined>((resume) => {
    const take = () => {
      if (read.length === 0 && !isOver) return
      wake = undefined
      resume(Effect.succeed(read.shift()))
    }
    wake = take
    take()
  })
  return {
    next: () => Effect.raceFirst(Effect.as(ended, undefined), line),
    givenUp: ended,
    isTyped: false,
  }
})
