/**
 * Whether a user may do on a broker what Warren's processes do there.
 *
 * Pure, over the patterns that the management API tells. RabbitMQ asks for `configure` where something is declared, for
 * `write` where something is published or a queue is bound, and for `read` where something is consumed or an exchange is
 * bound from; the default exchange goes by the name `amq.default`.
 */
import type { PermissionFacts } from "../../transport/mod.ts"
import { Exchange, QueueName, retryTiers } from "../../wire/mod.ts"
import { list, quote } from "../why/words.ts"
import { type Check, checksOf } from "./Check.ts"

const { ok, broken, unknown } = checksOf("broker")

const exchanges = [...Object.values(Exchange), QueueName.retry(retryTiers[0]![0])]
const queues = [
  QueueName.listener("app", "handler"),
  QueueName.call("api.call"),
  QueueName.schedule("app", "handler"),
  QueueName.token("app", "handler"),
  QueueName.replies("instance"),
  QueueName.control("instance"),
  QueueName.retry(retryTiers[0]![0]),
  QueueName.dead("app"),
  QueueName.directory,
  QueueName.ledger,
  QueueName.contracts,
]

/** Names of which each stands for its kind, by what is done with them. */
const needed = {
  configure: [...exchanges, ...queues],
  write: [...exchanges, ...queues, "amq.default"],
  read: [...exchanges, ...queues],
} as const

/** How everything that Warren needs is granted. */
export const grant = (vhost: string, user: string): string =>
  `\`rabbitmqctl set_permissions -p ${shell(vhost)} ${
    shell(user)
  } '^warren\\.' '^warren\\.|^amq\\.default$' '^warren\\.'\``

/** A word for a shell to read. */
const shell = (word: string): string => /^[\w./@-]+$/.test(word) ? word : `'${quote(word).replaceAll("'", `'\\''`)}'`

/** Characters of a pattern that is tried; a longer one is nobody's permissions for Warren. */
const longest = 500

/** Whether a pattern lets a name pass; `undefined`: it cannot be read here. An empty one lets nothing pass. */
const lets = (pattern: string, name: string): boolean | undefined => {
  if (pattern === "") return false
  if (pattern.length > longest) return undefined
  try {
    return new RegExp(pattern, "u").test(name)
  } catch {
    return undefined
  }
}

/** Judges the patterns. */
export const judgePermissions = (facts: PermissionFacts, vhost: string): Check => {
  const { user } = facts
  const patterns = `configure "${quote(facts.configure)}", write "${quote(facts.write)}", read "${quote(facts.read)}"`
  const missing: Array<string> = []
  for (const [operation, names] of Object.entries(needed) as ReadonlyArray<[keyof typeof needed, readonly string[]]>) {
    const answers = names.map((name) => lets(facts[operation], name))
    if (answers.includes(undefined)) {
      return unknown("permissions", `the pattern for "${operation}" cannot be read here: ${patterns}`)
    }
    const refused = names.filter((_, i) => answers[i] === false)
    if (refused.length > 0) missing.push(`may not ${operation} ${list(refused, 3)}`)
  }
  const who = `user "${quote(user)}" in virtual host "${quote(vhost)}"`
  return missing.length === 0
    ? ok("permissions", `${who} may configure, write and read all of warren.*: ${patterns}`)
    : broken("permissions", `${who} ${missing.join("; ")}: ${patterns}`, grant(vhost, user))
}
