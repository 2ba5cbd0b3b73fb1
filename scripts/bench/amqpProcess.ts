/**
 * Starts the processes of the AMQP bench: `amqpWarren.ts` and `amqpPlain.ts`.
 *
 * Between `amqp.ts` and `amqpMemory.ts`, which know what to ask, and `program.ts`, which starts any program.
 */
import { type Member, type RuntimeName, startProgram } from "./program.ts"

export type { Member, RuntimeName } from "./program.ts"

/** Which of the two programs. */
export type Side = "Warren" | "Plain"

/** Starts a process without waiting for it. */
export const start = (runtime: RuntimeName, side: Side, args: ReadonlyArray<string>): Member =>
  // what goes past the broker is for `calls.ts` to compare
  startProgram(runtime, `amqp${side}.ts`, args, { WARREN_LANE: "broker" })

/** Starts a process and waits until it is ready. */
export const ready = async (runtime: RuntimeName, side: Side, args: ReadonlyArray<string>): Promise<Member> => {
  const member = start(runtime, side, args)
  await member.ask()
  return member
}
