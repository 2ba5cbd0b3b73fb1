/** What a handler of the laboratory does, as the message that it is given asks of it. */

/** What of a handler's context is used. */
interface Means {
  readonly attempt: number
  readonly sleep: (ms: number) => Promise<void>
  readonly signal: AbortSignal
  readonly log: { readonly info: (message: string) => void }
}

/**
 * `throw`, `throw once`, `hang` (until it is interrupted), `sleep 200`; anything else is done at once.
 *
 * Says `begun` first and `done` last, for whoever waits for it; `quiet`, `sleep`, `block` and
 * `stumble 0.2` (fails at first in so many of all cases) leave that out.
 */
export const obey = async (note: string | undefined, { attempt, sleep, signal, log }: Means): Promise<void> => {
  const [verb, more] = note?.split(" ") ?? []
  if (verb === "quiet") return
  if (verb === "sleep") return await sleep(Number(more))
  if (verb === "stumble" && attempt === 1 && Math.random() < Number(more)) throw new Error("a hiccup")
  if (verb === "stumble") return
  if (verb === "block") {
    const late = performance.now() + Number(more)
    while (performance.now() < late);
    return
  }
  log.info("begun")
  if (verb === "throw" && (more !== "once" || attempt === 1)) throw new Error("the database is down")
  if (verb === "hang") {
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("interrupted"))))
  }
  log.info("done")
}
