/**
 * Every play.
 */
import type { Play } from "../Stage.ts"
import { channels } from "./channels.ts"
import { confirms } from "./confirms.ts"
import { consuming } from "./consuming.ts"
import { deaths } from "./deaths.ts"
import { exchanges } from "./exchanges.ts"
import { found } from "./found.ts"
import { foundDeaths } from "./foundDeaths.ts"
import { foundPrefetch } from "./foundPrefetch.ts"
import { handshake } from "./handshake.ts"
import { publishing } from "./publishing.ts"
import { queues } from "./queues.ts"
import { replies } from "./replies.ts"
import { settling } from "./settling.ts"
import { transactions } from "./transactions.ts"

/** See the top of the file. */
export const plays: ReadonlyArray<Play> = [
  ...handshake,
  ...channels,
  ...exchanges,
  ...queues,
  ...publishing,
  ...consuming,
  ...settling,
  ...confirms,
  ...transactions,
  ...replies,
  ...deaths,
  ...found,
  ...foundPrefetch,
  ...foundDeaths,
]
