/**
 * Ends the process once what it has written is out.
 *
 * A pipe takes its time on some runtimes, and leaving at once would cut the last lines off.
 */
import process from "node:process"

/** Longest wait for somebody to read what was written, ms; a pipe that nobody reads must not keep the process. */
const patience = 1_000

/** Waits for standard output and error, then ends the process with this code. */
export const exit = async (code: number): Promise<never> => {
  const flush = (stream: NodeJS.WriteStream) =>
    new Promise<void>((resolve) => {
      if (stream.writableEnded || stream.destroyed) return resolve()
      // nobody reads it any more: nothing is left to be waited for
      stream.on("error", () => resolve())
      stream.write("", () => resolve())
    })
  // the real clock: nothing but this line is left of the program
  const late = new Promise<void>((resolve) => setTimeout(resolve, patience).unref())
  await Promise.race([Promise.all([flush(process.stdout), flush(process.stderr)]), late])
  process.exit(code)
}

/** Calls `listener` when nobody reads standard output or error any more; without one that would be a failure. */
export const onBrokenPipe = (listener: () => void): () => void => {
  const streams = [process.stdout, process.stderr]
  for (const stream of streams) stream.on("error", listener)
  return () => {
    for (const stream of streams) stream.off("error", listener)
  }
}
