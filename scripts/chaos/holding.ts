/**
 * What a process holds now: its heap after a collection, resident memory, timers. Each runtime tells it its own way.
 *
 * Node and Deno collect when they are started with `--expose-gc` (`children.ts` does). Deno and Node count resources by
 * their names; Bun counts objects.
 */
import process from "node:process"

/** Bytes, bytes, and a count; -1: this runtime does not tell. */
export interface Holding {
  readonly heap: number
  readonly rss: number
  readonly timers: number
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
    return { heap: heapSize, rss, timers: objectTypeCounts["Timeout"] ?? 0 }
  }
  const { gc } = globalThis as { readonly gc?: () => void }
  gc?.()
  const names = process.getActiveResourcesInfo()
  return { heap: process.memoryUsage().heapUsed, rss, timers: names.filter((name) => name === "Timeout").length }
}
