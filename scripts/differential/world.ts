/**
 * What a sequence plays with: a few exchanges and queues, each with what it will usually be declared with.
 *
 * Drawn by chance, below `draw.ts`. Times are few: what expires does so within one wait, or not while a sequence lasts, so that
 * what has to be expired is certain at every step.
 */
import type { Field, MethodOf, Table } from "../../src/broker/amqp/mod.ts"
import type { Random } from "../chaos/random.ts"

/** What expires within a wait, ms. */
export const short = 300

/** So long a queue may be unused that expires within a wait, ms; never at the same time as what is in it. */
const unused = short * 1.5

/** What does not expire while a sequence lasts, ms. */
export const long = 3_600_000

/** What sequences are about. */
export type Profile = "plain" | "timed" | "quorum"

/** An exchange as it is usually declared. */
export type ExchangePlan = Omit<MethodOf<"exchange.declare">, "name" | "passive" | "noWait">

/** A queue as it is usually declared. */
export type QueuePlan = Omit<MethodOf<"queue.declare">, "name" | "passive" | "noWait">

/** See the top of the file. */
export interface World {
  readonly profile: Profile
  readonly exchanges: ReadonlyArray<ExchangePlan>
  readonly queues: ReadonlyArray<QueuePlan>
}

/** What is left out, for a server that does not do it: methods, `tx`, `priorities`, `cc`, `quorum`. */
export type Without = ReadonlySet<string>

/** One of several. */
export const pick = <A>(random: Random, values: ReadonlyArray<A>): A => values[random.between(0, values.length - 1)]!

/** Whether something happens that happens so often. */
export const chance = (random: Random, share: number): boolean => random.next() < share

/** A text in a table. */
export const longstr = (value: string): Field => ({ type: "longstr", value })

/** A whole number in a table, in one of the forms that clients use. */
export const whole = (random: Random, value: number): Field => {
  const types = value < 128
    ? ["signedint", "signedint", "long", "short", "byte"] as const
    : ["signedint", "long"] as const
  return { type: pick(random, types), value }
}

/** Routing keys, short, so that they meet. */
export const keys = ["a", "b", "a.b", "a.b.c", "b.c", "", "a..b"]

/** Patterns of a topic exchange, and keys. */
export const patterns = [...keys, "#", "*", "a.*", "*.b", "#.c", "a.#", "*.*", "a.#.c", "#.b.#", "*.#", "a.*.c"]

/** Headers that bindings ask for. */
export const drawHeaders = (random: Random): ReadonlyArray<readonly [string, Field]> => {
  const values: ReadonlyArray<readonly [string, ReadonlyArray<Field>]> = [
    ["h1", [longstr("x"), longstr("y"), { type: "signedint", value: 1 }, { type: "long", value: 1 }]],
    ["h2", [{ type: "bool", value: true }, { type: "void", value: undefined }, { type: "double", value: 1 }]],
    ["x-h3", [longstr("x")]],
  ]
  return values.filter(() => chance(random, 0.6)).map(([name, fields]) => [name, pick(random, fields)] as const)
}

const drawExchange = (random: Random, index: number, count: number): ExchangePlan => {
  const args: Array<readonly [string, Field]> = []
  if (chance(random, 0.25)) args.push(["alternate-exchange", longstr(`%x${random.between(0, count - 1)}`)])
  return {
    exchange: `%x${index}`,
    type: pick(random, ["direct", "topic", "fanout", "headers"]),
    durable: chance(random, 0.5),
    autoDelete: chance(random, 0.12),
    internal: chance(random, 0.08),
    arguments: new Map(args),
  }
}

const limits = (random: Random): ReadonlyArray<readonly [string, Field]> => {
  if (!chance(random, 0.4)) return []
  const limit: readonly [string, Field] = chance(random, 0.8)
    ? ["x-max-length", whole(random, random.between(0, 4))]
    : ["x-max-length-bytes", whole(random, random.between(0, 20))]
  const overflow = pick(random, [undefined, "drop-head", "reject-publish", "reject-publish", "reject-publish-dlx"])
  return overflow === undefined ? [limit] : [limit, ["x-overflow", longstr(overflow)]]
}

const drawQueue = (
  random: Random,
  index: number,
  queues: number,
  exchanges: number,
  profile: Profile,
  without: Without,
): QueuePlan => {
  const isQuorum = profile === "quorum" && (index === 0 || chance(random, 0.4))
  const args: Array<readonly [string, Field]> = [...limits(random)]
  const time = (share: number) => profile === "timed" ? chance(random, share) : chance(random, share / 5)
  const soon = (): number =>
    profile === "timed" ? pick(random, [short, short, short, long, 0]) : pick(random, [long, 0])
  if (time(0.4)) args.push(["x-message-ttl", whole(random, soon())])
  if (time(0.2)) {
    args.push(["x-expires", whole(random, profile === "timed" ? pick(random, [unused, unused, long]) : long)])
  }
  if (chance(random, 0.5)) {
    const exchange = chance(random, 0.6) ? "" : `%x${random.between(0, exchanges - 1)}`
    args.push(["x-dead-letter-exchange", longstr(exchange)])
    if (chance(random, 0.75)) {
      const key = chance(random, 0.8) ? `%q${random.between(0, queues - 1)}` : pick(random, keys)
      args.push(["x-dead-letter-routing-key", longstr(key)])
    }
  }
  if (chance(random, 0.15)) args.push(["x-single-active-consumer", { type: "bool", value: true }])
  if (isQuorum) {
    args.push(["x-queue-type", longstr("quorum")])
    if (chance(random, 0.6)) args.push(["x-delivery-limit", whole(random, random.between(0, 2))])
  } else {
    if (chance(random, 0.1)) args.push(["x-queue-type", longstr("classic")])
    // RabbitMQ forgets in which time messages of a lazy queue were to expire
    if (chance(random, 0.1)) args.push(["x-queue-mode", longstr("default")])
    if (!without.has("priorities") && profile === "plain" && chance(random, 0.15)) {
      args.push(["x-max-priority", whole(random, random.between(1, 5))])
    }
  }
  const table: Table = new Map(isQuorum ? args.filter(([, { value }]) => value !== "reject-publish-dlx") : args)
  return {
    queue: `%q${index}`,
    durable: isQuorum || chance(random, 0.5),
    exclusive: !isQuorum && chance(random, 0.12),
    autoDelete: !isQuorum && chance(random, 0.12),
    arguments: table,
  }
}

/** Draws one. */
export const drawWorld = (random: Random, without: Without): World => {
  const drawn = pick<Profile>(random, ["plain", "plain", "plain", "plain", "timed", "timed", "quorum"])
  const profile = without.has(drawn) ? "plain" : drawn
  const exchanges = random.between(2, 4)
  const queues = random.between(2, 4)
  return {
    profile,
    exchanges: Array.from({ length: exchanges }, (_, i) => drawExchange(random, i, exchanges)),
    queues: Array.from({ length: queues }, (_, i) => drawQueue(random, i, queues, exchanges, profile, without)),
  }
}

/**
 * Whether a letter of a quorum queue that is full, or keeps nothing, may come to another queue at the same time as the message
 * itself: which is first there is a matter of time on RabbitMQ.
 */
export const overtakes = ({ profile, queues }: World): boolean =>
  profile === "quorum" && queues.some(({ arguments: args }) => {
    const isLimited = args.has("x-max-length") || args.has("x-max-length-bytes")
    const dies = args.get("x-message-ttl")?.value === 0 ||
      (isLimited && args.get("x-overflow")?.value !== "reject-publish")
    return dies && args.has("x-dead-letter-exchange")
  })

/** How many queues there may be that something expires in: so often one wait may lead to another. */
export const timedQueues = ({ queues }: World): number =>
  queues.filter(({ arguments: args }) => [...args.values()].some(({ value }) => value === short || value === unused))
    .length
