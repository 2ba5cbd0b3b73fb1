/**
 * PULL: the messages of every peer, in turn. It sends nothing.
 */
import { onlyReceives } from "./outOfTurn.ts"
import { asTheyAre, type Offered, type Pattern } from "./Pattern.ts"

/** Peers that only send. */
export class Receive implements Pattern {
  readonly refusal: Pattern["refusal"] = asTheyAre.refusal
  readonly open: Pattern["open"] = asTheyAre.open

  attach(): undefined {}

  detach(): void {}

  offer(): Offered {
    return onlyReceives("PULL")
  }
}
