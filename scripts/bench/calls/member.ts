/**
 * One process of the calls bench: the servers, or the callers, of one system.
 *
 * `member.ts <system> server|client <options as JSON> [address…]`; started and told what to do by `pair.ts`. Its first line
 * says where it serves (a client: nothing), or why it cannot.
 */
import process from "node:process"
import { obey, repeat } from "../amqpCase.ts"
import type { Call, System, SystemOptions } from "./System.ts"

const [name, part, options = "{}", ...addresses] = process.argv.slice(2)
const settings = JSON.parse(options) as SystemOptions

/** Members that are started at a time. */
const atOnce = 8

/** Does it once for each member. */
const each = async <A>(once: () => Promise<A>): Promise<ReadonlyArray<A>> => {
  const all: Array<A> = []
  while (all.length < settings.members) {
    const length = Math.min(atOnce, settings.members - all.length)
    all.push(...await Promise.all(Array.from({ length }, once)))
  }
  return all
}

const say = (what: unknown): void => console.log(JSON.stringify(what))

try {
  const { system }: { readonly system: System } = await import(`./${name}.ts`)
  if (part === "server") {
    say({ addresses: await each(() => system.serve(settings)) })
    await obey()
  } else {
    const callers = await each(() => system.connect(addresses, settings))
    const call = (lane: number): ReturnType<Call> => callers[lane % callers.length]!()
    for (let i = 0; i < callers.length; i++) await call(i)
    say({ addresses: [] })
    await obey((job) => job.job === "call" ? repeat(job.count, job.flight, call) : undefined)
  }
} catch (error) {
  say({ failed: error instanceof Error ? error.message.split("\n")[0] : String(error) })
}
process.exit(0)
