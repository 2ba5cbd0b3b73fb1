/**
 * Which broker a run is made against.
 *
 * Between `run.ts` and the two that there are.
 */
import type { Child } from "./children.ts"
import { embeddedTarget } from "./embedded.ts"
import type { ChaosOptions } from "./options.ts"
import { startRabbitTarget } from "./rabbit.ts"
import type { Target } from "./Target.ts"

/** Starts it; `children`: the processes of the run, of which some may host it, as soon as there are any. */
export const startTarget = (
  { on, cluster }: ChaosOptions,
  folder: string,
  children: ReadonlyArray<Child>,
): Promise<Target> => on === "embedded" ? Promise.resolve(embeddedTarget(folder, children)) : startRabbitTarget(cluster)
