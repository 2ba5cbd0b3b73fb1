/**
 * What a set-up of the fault laboratory is: a team on a broker in a known state, a question, and the right answer.
 *
 * Plain vocabulary; `Situation.ts` is what a set-up prepares its state with, `runLab.ts` runs them all.
 */
import type { Needed } from "./hands.ts"
import type { Situation } from "./Situation.ts"

/** What `warren why` is asked. */
export interface Ask {
  /** `sales.orderPlaced`, as a person would write it. */
  readonly subject: string
  /** `warranty` or `warranty.register`. */
  readonly to?: string
  readonly from?: string
  /** Of one message. */
  readonly id?: string
}

/** A right answer. */
export interface Expected {
  readonly verdict: "whole" | "broken" | "unknown"
  /** The cause's code, or those of which each would be right; none for what is whole. */
  readonly code?: string | ReadonlyArray<string>
  /** What text, remedy and evidence together must say: the figures and names of this very state. */
  readonly says?: RegExp
}

/** How much of the broker can be seen: all, or what AMQP alone tells. */
export type Mode = "management" | "amqp"

/** See the top of the file. */
export interface SetUp {
  readonly name: string
  readonly ask: Ask
  /** Brings the state about, and returns only once it was seen to be there; what it returns goes before `ask`. */
  readonly prepare: (at: Situation) => Promise<Partial<Ask> | void>
  readonly expected: Expected
  /**
   * What is right where AMQP alone can be seen. Beside it `unknown` always is, if it says what could not be seen.
   *
   * @default as `expected`
   */
  readonly blind?: Expected
  /** What of a broker it cannot do without, beyond what every broker has. @default nothing */
  readonly needs?: Needed
  /** It disturbs everybody on the broker, so it has it to itself. @default false */
  readonly isAlone?: boolean
  /** It is one of the few that every runtime runs. @default false: Bun alone */
  readonly isEverywhere?: boolean
  /** It is asked on the command line too. @default false */
  readonly isCommand?: boolean
  /** The modules at hand when it is asked: a file or folder below `workers`; `null`: none. @default the whole team's */
  readonly workers?: string | null
}
