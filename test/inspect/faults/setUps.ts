/**
 * Every set-up of the laboratory: what is broken, and what is not.
 */
import { brokers } from "./broken/brokers.ts"
import { calls as brokenCalls } from "./broken/calls.ts"
import { consumers } from "./broken/consumers.ts"
import { emitters } from "./broken/emitters.ts"
import { handlers } from "./broken/handlers.ts"
import { queues } from "./broken/queues.ts"
import { calls as healthyCalls } from "./healthy/calls.ts"
import { events } from "./healthy/events.ts"
import type { Ground } from "./Ground.ts"
import type { SetUp } from "./SetUp.ts"

/** In which there is a fault to be named. */
export const broken: ReadonlyArray<SetUp> = [
  ...emitters,
  ...queues,
  ...consumers,
  ...handlers,
  ...brokenCalls,
  ...brokers,
]

/** In which none may be named. */
export const healthy: ReadonlyArray<SetUp> = [...events, ...healthyCalls]

/** Those that can be brought about on a broker. */
export const possible = ({ lacks }: Ground): ReadonlyArray<SetUp> =>
  [...broken, ...healthy].filter(({ needs }) => needs === undefined || lacks[needs] === undefined)
