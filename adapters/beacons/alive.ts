/**
 * Whether a process of this machine still runs, and is the one that was meant: ids are given out again.
 */
import { readFileSync } from "node:fs"
import process from "node:process"
import { permitted } from "./permitted.ts"

/** When a process was started, as the system counts; `undefined`: it does not tell (only Linux does). */
export const startOf = (pid: number): string | undefined => {
  // Deno keeps this folder for programs that may do everything
  const mayLook = (["read", "write", "run"] as const).every((name) => permitted({ name }))
  if (process.platform !== "linux" || !mayLook) return undefined
  try {
    // the name, in brackets, may hold anything
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)\s+/s, "").split(" ")
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
    return fields[19] === undefined ? undefined : `${boot} ${fields[19]}`
  } catch {
    return undefined
  }
}

/** Whether the process of this id runs and was started then; `undefined`: that cannot be told here. */
export const isAlive = (pid: number, since: string | undefined): boolean | undefined => {
  if (!permitted({ name: "run" })) return pid === process.pid ? true : undefined
  try {
    process.kill(pid, 0)
  } catch (error) {
    // one of another user is another one
    const { code } = error as NodeJS.ErrnoException
    return code === "ESRCH" || code === "EPERM" ? false : undefined
  }
  const now = startOf(pid)
  return since === undefined || now === undefined || now === since
}
