/**
 * The guard: a small shell script that runs programs, and ends them and removes their folder when this process ends.
 *
 * It lives as long as a pipe to it is open: `close()` closes the pipe, and so does the end of this process, however it
 * ends. A program is the file `<folder>/<name>/run`; what is known of it is in files beside it (`pid` while it lives),
 * so that nothing depends on this process reading a pipe in time. Knows nothing of RabbitMQ.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { until } from "./wait.ts"

/** Runs programs that end with this process. */
export interface Guard {
  /** Starts `<folder>/<name>/run`, with its output in `<folder>/<name>/server.log`; resolves when it has a process. */
  readonly launch: (name: string) => Promise<void>
  /** The process id of the program, while it lives. */
  readonly pid: (name: string) => number | undefined
  /** Kills every program and removes the folder, unless it is kept. Can be repeated. */
  readonly close: () => Promise<void>
}

// Two shells, so that everything is ended even if one is killed: the first waits for the second, which reads names
// until standard input ends (`read` needs no process of its own) and then clears everything away. A file `end` beside a
// `run` is for what a signal does not reach. "started.<number>" is seen before the next name is read: no program can be
// missed. Each start has a number of its own, and nobody removes them while others look.
const script = `
exec 3<&0
trap '' INT HUP TERM PIPE
folder=$1
launch() {
  sh "$folder/$1/run" </dev/null >>"$folder/$1/server.log" 2>&1 3<&- &
  echo $! >"$folder/$1/pid.new"
  mv "$folder/$1/pid.new" "$folder/$1/pid"
  : >"$folder/$1/started.$2"
  wait $!
  rm -f "$folder/$1/pid"
}
{
  while read -r name number <&3; do
    launch "$name" "$number" &
    until [ -e "$folder/$name/started.$number" ]; do sleep 0.02; done
  done
  for pid in "$folder"/*/pid; do [ -f "$pid" ] && kill -KILL "$(cat "$pid")"; done
  for end in "$folder"/*/end; do [ -f "$end" ] && sh "$end"; done
  if [ "$2" = keep ]; then wait; rm -f "$folder/guard.pid"
  else rm -rf "$folder" || { sleep 0.2; rm -rf "$folder"; }
  fi
} &
wait $!
`

/** Begins to guard a folder; fails when another guard holds it. */
export const guard = async (
  folder: string,
  { keep, env }: { readonly keep: boolean; readonly env: Readonly<Record<string, string>> },
): Promise<Guard> => {
  await refuseShared(folder)
  const child = spawn("/bin/sh", ["-c", script, "guard", folder, keep ? "keep" : "remove"], {
    env,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  })
  let launches = 0
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve())
    child.once("error", () => resolve())
  })
  child.stdin?.on("error", () => {})
  release(child)
  await writeFile(join(folder, "guard.pid"), `${child.pid}\n`)
  const pid = (name: string): number | undefined => {
    try {
      return Number(readFileSync(join(folder, name, "pid"), "utf8"))
    } catch {
      return undefined
    }
  }
  return {
    pid,
    launch: async (name) => {
      const number = ++launches
      const started = join(folder, name, `started.${number}`)
      // a folder that is kept may have one from before
      await rm(started, { force: true })
      child.stdin?.write(`${name} ${number}\n`)
      await until(`run "${join(folder, name, "run")}"`, () => {
        if (child.exitCode !== null) throw new Error(`Cannot run "${name}": its guard has ended`)
        return existsSync(started)
      })
    },
    close: async () => {
      child.ref()
      child.stdin?.end()
      let ended = false
      void gone.then(() => ended = true)
      // it cannot hang, but a machine may be slow
      await until(`end what runs in "${folder}"`, () => ended, { timeout: 15_000, pause: 10 })
      if (!keep) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Whether a process exists. */
export const exists = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as { code?: string }).code === "EPERM"
  }
}

const refuseShared = async (folder: string): Promise<void> => {
  const file = join(folder, "guard.pid")
  if (!existsSync(file)) return
  const pid = Number(readFileSync(file, "utf8"))
  if (pid > 0 && exists(pid)) {
    throw new Error(`Cannot use "${folder}": the broker of process ${pid} runs in it; end that, or remove "${file}"`)
  }
  await rm(file)
}

/** Lets this process end while the programs run; the guard notices. */
const release = (child: ChildProcess): void => {
  child.unref()
  ;(child.stdin as { unref?: () => void } | null)?.unref?.()
}
