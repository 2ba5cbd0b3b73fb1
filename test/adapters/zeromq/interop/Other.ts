/**
 * The program on the other side of an interoperability test: started, told what to do, stopped, killed.
 *
 * Knows the commands of program.ts and program.py beside it, and no ZeroMQ.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"
import { program } from "../../../support/process.ts"

/** A frame: a text, or so many bytes of the pattern that both sides know. */
export type Frame = string | number

/** Options of a socket of the other side; the same names in both programs. */
export interface OtherOptions {
  readonly identity?: string
  readonly curveServer?: boolean
  readonly publicKey?: string
  readonly secretKey?: string
  readonly serverKey?: string
  /** ms, as are the next two. */
  readonly heartbeat?: number
  readonly silence?: number
  readonly ttl?: number
  readonly relaxed?: boolean
  readonly correlate?: boolean
  readonly mandatory?: boolean
}

/** How to start one. */
export type Command = readonly [program: string, ...args: ReadonlyArray<string>]

/** The one in Node. */
export const inNode: Command = [
  program("node"),
  "--disable-warning=ExperimentalWarning",
  join(import.meta.dirname, "program.ts"),
]

/** The one in Python, by its program. */
export const inPython = (python: string): Command => [python, "-u", join(import.meta.dirname, "program.py")]

type Answer = Readonly<Record<string, unknown>>

/** A socket of the other side. */
export interface OtherSocket {
  readonly bind: (at?: string) => Promise<string>
  readonly connect: (at: string) => Promise<void>
  readonly subscribe: (topic: string) => Promise<void>
  readonly send: (...frames: ReadonlyArray<Frame>) => Promise<void>
  /** The next message that is no "mark". */
  readonly receive: () => Promise<ReadonlyArray<Frame>>
  /** Sends back so many messages. */
  readonly echo: (times: number) => Promise<void>
  /** Waits for the next "mark". */
  readonly mark: () => Promise<void>
  readonly close: () => Promise<void>
}

/** See the top of the file. */
export class Other {
  readonly #child: ChildProcess
  readonly #answers = new Map<number, (answer: Answer) => void>()
  readonly #ended: Promise<void>
  #hasEnded = false
  #count = 0
  #errors = ""

  constructor([command, ...args]: Command) {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env })
    this.#child = child
    this.#ended = new Promise((resolve) => child.on("close", () => resolve()))
    child.on("error", (error) => this.#errors += error.message)
    child.stderr.on("data", (chunk) => this.#errors += chunk)
    child.stdin.on("error", () => {})
    createInterface({ input: child.stdout }).on("line", (line) => {
      const answer = JSON.parse(line) as Answer
      this.#answers.get(Number(answer["n"]))?.(answer)
    })
    // whoever waits for it then waits in vain
    void this.#ended.then(() => {
      this.#hasEnded = true
      for (const answer of this.#answers.values()) answer(this.#gone)
    })
  }

  /** Opens a socket there. */
  async open(type: string, options: OtherOptions = {}): Promise<OtherSocket> {
    const id = `${++this.#count}`
    const tell = (what: string, more: object = {}) => this.#tell({ do: what, id, ...more })
    await tell("open", { type, options })
    return {
      bind: async (at = "tcp://127.0.0.1:*") => String((await tell("bind", { at }))["at"]),
      connect: async (at) => void await tell("connect", { at }),
      subscribe: async (topic) => void await tell("subscribe", { topic }),
      send: async (...frames) => void await tell("send", { frames }),
      receive: async () => (await tell("receive"))["frames"] as ReadonlyArray<Frame>,
      echo: async (times) => void await tell("echo", { times }),
      mark: async () => void await tell("mark"),
      close: async () => void await tell("close"),
    }
  }

  /** Stops it where it is, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    process.kill(this.#child.pid!, signal)
  }

  /** Ends it without a goodbye. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(this.#child.pid!, "SIGKILL")
    await this.#ended
  }

  get #gone(): Answer {
    return { error: `it has ended: ${this.#errors}` }
  }

  async #tell(command: object): Promise<Answer> {
    const n = ++this.#count
    const answer = await new Promise<Answer>((resolve) => {
      if (this.#hasEnded) return resolve(this.#gone)
      this.#answers.set(n, resolve)
      this.#child.stdin!.write(`${JSON.stringify({ n, ...command })}\n`)
    })
    this.#answers.delete(n)
    if ("error" in answer) throw new Error(`The other side: ${String(answer["error"])}`)
    return answer
  }
}
