/**
 * The console's loop: reads a line, runs it as `warren` would, and goes on whatever came of it.
 *
 * Above `lines.ts` and `words.ts`; each line is a command line of the commands that ask something of what runs, over the session
 * that is open. An error ends its line, never the console.
 */
import { Console, Effect, Exit } from "effect"
import { ExitCode } from "../Failure.ts"
import type { Paint } from "../paint.ts"
import { ownWords } from "./completion.ts"
import { givenUpLine, type Lines } from "./lines.ts"
import { readLine } from "./words.ts"

/** What the loop stands on. */
export interface Repl<R> {
  readonly lines: Lines
  /** Runs the words of a line; succeeds with an exit code. Fails never. */
  readonly run: (words: ReadonlyArray<string>) => Effect.Effect<number, never, R>
  /** Names of all commands, for help. */
  readonly commands: ReadonlyArray<readonly [name: string, description: string]>
  /** Is told each line that was said. */
  readonly onLine: (line: string) => void
  /** For standard error. */
  readonly paint: Paint
}

/** Flags that would lead a line elsewhere than the console is. */
const elsewhere = /^--(broker|url|token|management)(=|$)/

/** Runs until there are no more lines; succeeds with whether one of them failed. */
export const repl = Effect.fnUntraced(function* <R>({ lines, run, commands, onLine, paint }: Repl<R>) {
  let hasFailed = false
  let begun = ""
  const fault = (problem: string, remedy?: string) => {
    hasFailed = true
    const text = remedy === undefined ? "" : `\n       ${paint("dim", remedy)}`
    return Console.error(`${paint("red", "error")}  ${problem}${text}`)
  }
  for (;;) {
    const typed = yield* lines.next(begun)
    if (typed === undefined) {
      if (begun !== "") yield* fault("The last line is not finished: a brace or bracket is open")
      return hasFailed
    }
    if (typed === givenUpLine) {
      begun = ""
      continue
    }
    const text = begun === "" ? typed : `${begun}\n${typed}`
    const line = readLine(text)
    if (line.kind === "open") {
      begun = text
      continue
    }
    begun = ""
    onLine(text.replaceAll("\n", " "))
    if (line.kind === "fault") {
      yield* fault(`Cannot read the line: ${line.problem}`, excerpt(text, line.offset))
      continue
    }
    const [first, ...rest] = line.words
    if (first === undefined) continue
    if (first === "exit" || first === "quit") return hasFailed
    if (first === "help" && rest.length === 0) {
      yield* Console.log(helpText(commands))
      continue
    }
    const lead = rest.find((word) => elsewhere.test(word))
    if (lead !== undefined) {
      yield* fault(
        `The console stays where it is, and ${lead.split("=")[0]} leads elsewhere`,
        "Open another console there",
      )
      continue
    }
    if (rest.includes("-")) {
      yield* fault('"-" would read standard input, from where the lines come', "Write the payload into the line")
      continue
    }
    const words = first === "help" ? [...rest, "--help"] : line.words
    const exit = yield* Effect.exit(
      Effect.raceFirst(run(words), Effect.as(lines.givenUp, ExitCode.failed)),
    )
    if (Exit.isFailure(exit) || exit.value !== ExitCode.done) hasFailed = true
  }
})

/** The line around a place, and a mark below it. */
const excerpt = (text: string, offset: number): string => {
  const start = text.lastIndexOf("\n", offset - 1) + 1
  const from = Math.max(start, offset - 40)
  const line = text.slice(from, offset + 40).split("\n")[0] ?? ""
  return `${line}\n       ${" ".repeat(Math.max(0, offset - from))}^`
}

const helpText = (commands: Repl<never>["commands"]): string => {
  const own: Readonly<Record<typeof ownWords[number], string>> = {
    help: "This text; `help <command>` shows all that a command takes",
    exit: "End the console; so does ctrl-d",
  }
  const all = [...commands, ...ownWords.map((word) => [word, own[word]] as const)]
  const width = Math.max(...all.map(([name]) => name.length))
  return [
    ...all.map(([name, description]) => `  ${name.padEnd(width)}  ${description}`),
    "",
    '  A payload needs no quotes: call parts.lookup {sku: "P-100"}. The tab key completes names and fields;',
    "  ctrl-c gives up what runs.",
  ].join("\n")
}
