/**
 * What a process holds now: its heap after a collection, resident memory, timers, sockets. Each runtime tells it its own way.
 *
 * Node and Deno collect when they are started with `--expose-gc` (`children.ts` does). Deno and Node count resources by
 * their names; Bun counts objects.
 */
import { readdirSync, readlinkSync } from "node:fs"
import process from "node:process"

/** Bytes, bytes, and counts; -1: this runtime, or this system, does not tell. */
export interface Holding {
  readonly heap: number
  readonly rss: number
  readonly timers: number
  readonly sockets: number
}

interface Jsc {
  readonly heapStats: () => { readonly heapSize: number; readonly objectTypeCounts: Readonly<Record<string, number>> }
  readonly fullGC: () => void
}

const jsc = "bun" in process.versions ? await import("bun:jsc") as unknown as Jsc : undefined

/** Collects, then looks. */
export const holding = (): Holding => {
  const { rss } = process.memoryUsage()
  if (jsc !== undefined) {
    jsc.fullGC()
    const { heapSize, objectTypeCounts } = jsc.heapStats()
    return { heap: heapSize, rss, timers: objectTypeCounts["Timeout"] ?? 0, sockets: sockets() }
  }
  const { gc } = globalThis as { readonly gc?: () => void }
  gc?.()
  const names = process.getActiveResourcesInfo()
  const timers = names.filter((name) => name === "Timeout").length
  return { heap: process.memoryUsage().heapUsed, rss, timers, sockets: sockets() }
}

/** Open sockets; Linux tells them all alike. */
const sockets = (): number => {
  try {
    return readdirSync("/proc/self/fd").filter(isSocket).length
  } catch {
    return -1
  }
}

const isSocket = (descriptor: string): boolean => {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith("socket:")
  } catch {
    // closed meanwhile, as the one that listed them is
    return false
  }
}
