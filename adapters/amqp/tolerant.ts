/**
 * Declares a queue that may exist with other arguments than are wanted now, where the declaration tolerates that.
 *
 * Between `declare.ts` and `Connection.ts`. Arguments of a queue cannot be changed, and removing it would lose what it
 * holds; so it is used as it is, and the log says once what can be done. Any other difference is refused.
 */
import { Effect } from "effect"
import type { QueueSpec } from "../../src/transport/mod.ts"
import type { Channel, Connection } from "./Connection.ts"
import { type BrokerFailure, inequality } from "./Failure.ts"
import { queueDeclaration } from "./queueArguments.ts"

/** The arguments that a declaration may tolerate. */
const argumentOf = { deliveryLimit: "x-delivery-limit" } as const satisfies Record<
  NonNullable<QueueSpec["tolerates"]>[number],
  string
>

/** Declares it, each try on a channel of its own, since a refusal closes its channel; `told`: of which the log has said it. */
export const declareTolerant = (
  connection: Connection,
  queue: QueueSpec,
  told: Set<string>,
): Effect.Effect<void, BrokerFailure> => {
  const declaration = queueDeclaration(queue)
  const attempt = (given: typeof declaration): Effect.Effect<void, BrokerFailure> =>
    Effect.acquireUseRelease(
      connection.openChannel("plain", {}),
      (channel: Channel) => channel.declareQueue(queue.name, given),
      (channel) => channel.close,
    )
  return Effect.catch(attempt(declaration), (failed) => {
    const differs = inequality(failed)
    const tolerated = queue.tolerates?.find((one) => argumentOf[one] === differs?.argument)
    if (differs === undefined || tolerated === undefined) return Effect.fail(failed)
    const { [differs.argument]: wanted, ...others } = declaration.arguments
    const present = differs.present === undefined ? others : { ...others, [differs.argument]: Number(differs.present) }
    // as it is there, it must be the same in everything else
    return Effect.andThen(
      attempt({ ...declaration, arguments: present }),
      Effect.suspend(() => {
        if (told.has(queue.name)) return Effect.void
        told.add(queue.name)
        return say(queue.name, wanted, differs)
      }),
    )
  })
}

const say = (
  name: string,
  wanted: string | number | boolean | undefined,
  { argument, present }: { readonly argument: string; readonly present: string | undefined },
): Effect.Effect<void> => {
  const there = present === undefined ? "without" : `with "${argument}" ${present} in place of`
  const policy = `rabbitmqctl set_policy --apply-to queues "${name}" "^${name.replaceAll(".", String.raw`\.`)}$" ` +
    `'{"${argument.slice("x-".length)}":${wanted}}'`
  return Effect.logWarning(
    `"${name}" exists ${there} the "${argument}" ${wanted} of today, and is used as it is; RabbitMQ drops a message after ` +
      `${present ?? "20"} looks at it there${
        present === undefined ? ", from version 4 on" : ""
      }. Delete the queue once it is ` +
      `empty, and it is made anew${present === undefined ? `; until then a policy does the same (${policy})` : ""}`,
  )
}
