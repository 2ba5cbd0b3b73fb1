/**
 * Runs Erlang expressions in a node: by `erl_call`, else by `rabbitmqctl eval`.
 *
 * `erl_call` is a small C program that comes with Erlang and answers in 5 ms; `rabbitmqctl` starts an Erlang of its own,
 * which takes 0.4 s and a core (measured). The management API could close connections, but knows of them only what
 * its statistics do: a connection younger than their interval is missing.
 */
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync, globSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { tail } from "./wait.ts"

/** What a program said, and how it ended. */
export interface Ran {
  readonly code: number
  readonly output: string
  readonly errors: string
}

/** Runs a program to its end, for at most `timeout` ms; never rejects. */
export const run = (
  program: string,
  args: ReadonlyArray<string>,
  { env, input = "", timeout = 30_000 }: {
    readonly env?: Readonly<Record<string, string>>
    readonly input?: string
    readonly timeout?: number
  } = {},
): Promise<Ran> =>
  new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { ...(env === undefined ? {} : { env: { ...env } }), timeout, killSignal: "SIGKILL" },
      (error, output, errors) => {
        const said = error === null || errors !== "" ? errors : error.message
        resolve({ code: error === null ? 0 : 1, output, errors: said })
      },
    )
    child.stdin?.on("error", () => {})
    child.stdin?.end(input)
  })

/** Where `erl_call` is, if anywhere: some packages leave it out of the PATH. */
export const findErlCall = (path: string): string | undefined =>
  [
    ...path.split(delimiter).map((folder) => join(folder, "erl_call")),
    ...globSync("/usr/{,local/}lib/erlang/lib/erl_interface-*/bin/erl_call"),
  ].find((file) => existsSync(file))

/** Evaluates an expression (ending in a full stop) in a node; fails with what Erlang said. */
export type Evaluate = (expression: string) => Promise<string>

/** Evaluates in the node of this name, with the tools of this server. */
export const evaluator = (node: string, server: string, env: Readonly<Record<string, string>>): Evaluate => {
  const erlCall = findErlCall(env["PATH"] ?? "")
  const slow = ctl(join(dirname(server), "rabbitmqctl"), ["-n", node, "eval"], env)
  if (erlCall === undefined) return slow
  return async (expression) => {
    // a name of its own, or two calls at a time push each other out; the names of its flag -r repeat within a moment
    const ran = await run(erlCall, [
      "-h",
      `warren-call-${randomBytes(6).toString("hex")}`,
      "-n",
      node,
      "-timeout",
      "20",
      "-e",
    ], { env, input: `${expression}\n` })
    const value = /^\{ok, ([^]*)\}\s*$/.exec(ran.output)?.[1]
    if (ran.code === 0 && value !== undefined) return value
    throw failed(expression, node, ran)
  }
}

/** Evaluates with a `rabbitmqctl`, whose arguments end where the expression belongs. */
export const ctl =
  (program: string, args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>): Evaluate =>
  async (expression) => {
    const ran = await run(program, [...args, expression], env === undefined ? {} : { env })
    if (ran.code === 0) return ran.output.trim()
    throw failed(expression, args[1] ?? "", ran)
  }

const failed = (expression: string, node: string, { output, errors }: Ran): Error =>
  new Error(`Cannot evaluate "${expression}" on "${node}": ${tail(`${errors}\n${output}`).trim() || "no answer"}`)

/** A text as an Erlang binary, whatever is in it. */
export const binary = (text: string): string => `<<${[...new TextEncoder().encode(text)].join(",")}>>`
