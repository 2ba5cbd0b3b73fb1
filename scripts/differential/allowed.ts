/**
 * What may differ between the embedded broker and RabbitMQ, each with its reason: this list and nothing else.
 *
 * Below `compare.ts`. At most ten entries; none is about routing, acknowledgements, time to live, dead letters, confirms or
 * reply codes that RabbitMQ sends.
 */
import type { Operation } from "./Operation.ts"
import type { QueuePlan } from "./world.ts"

/** Where in a sequence something is told. */
export interface Moment {
  readonly operation: Operation
  readonly queues: ReadonlyArray<QueuePlan>
}

/** One difference that is allowed. */
export interface Allowed {
  readonly name: string
  readonly reason: string
  /** What is compared instead of what a side told. */
  readonly tolerate: (lines: ReadonlyArray<string>, moment: Moment) => ReadonlyArray<string>
}

const closesOrDrops = /^(connection \d+: )(connection\.close .*|is gone without a word)$/

/** See the top of the file. */
export const allowed: ReadonlyArray<Allowed> = [
  {
    name: "connections that RabbitMQ drops without a word",
    reason:
      "for a method that does not exist and for a tune-ok beyond its limits RabbitMQ 3.10 drops the connection, the " +
      "latter after three seconds; the embedded broker says why with 503 or 530, and closes it",
    tolerate: (lines, { operation }) =>
      (operation.kind === "rude" && operation.what === "unknown-method") ||
        (operation.kind === "dial" && ["wrong-frame-max", "wrong-channel-max"].includes(operation.how))
        ? lines.map((line) => line.replace(closesOrDrops, "$1ends"))
        : lines,
  },
  {
    name: "consumers of a quorum queue",
    reason:
      "RabbitMQ counts whoever still holds a message of it, after a cancel or by a get; the embedded broker counts " +
      "consumers, as RabbitMQ itself does with classic queues",
    tolerate: (lines, { queues }) =>
      lines.map((line) => {
        const [, name] = /(%q\d+)/.exec(line) ?? []
        const isQuorum = queues.some(({ queue, arguments: args }) =>
          queue === name && args.get("x-queue-type")?.value === "quorum"
        )
        return isQuorum ? line.replace(/, \d+ consumers$|consumerCount=\d+/, "") : line
      }),
  },
]

/** The lines of both without what may differ; `besides`: without what those of this list allow. */
export const tolerated = (
  ours: ReadonlyArray<string>,
  theirs: ReadonlyArray<string>,
  moment: Moment,
  besides: ReadonlyArray<Allowed> = allowed,
): readonly [ReadonlyArray<string>, ReadonlyArray<string>] => {
  const clean = (lines: ReadonlyArray<string>) => besides.reduce((left, { tolerate }) => tolerate(left, moment), lines)
  return [clean(ours), clean(theirs)]
}
