/**
 * An Inbox on transactions: the handler's SQL and the mark of completion commit together, or neither does.
 *
 * The mark is written first, inside the transaction, and others see it only if that commits: one statement both asks and
 * marks, and the database itself makes a second delivery of the message wait for the first. The handler runs on its own
 * fiber in between, so that deadlines, interruption and the test clock reach it. Knows no database and no driver.
 */
import { Cause, Context, Effect, Exit, Layer } from "effect"
import { Inbox, InboxError, type InboxShape, type Processed } from "../runtime/mod.ts"
import { fronted } from "./fronted.ts"
import { promised } from "./promised.ts"
import type { TransactionKey } from "./Transaction.ts"

/** A database whose transactions are Effects, such as Effect's own `SqlClient`. */
export interface EffectTransactions<Tx, E, R> {
  /** Where handlers find the transaction. */
  readonly key: TransactionKey<Tx>
  /** Runs `body` once, in a transaction of its own: commits when it succeeds, rolls back when it fails or is interrupted. */
  readonly transaction: <A, E2, R2>(body: (tx: Tx) => Effect.Effect<A, E2, R2>) => Effect.Effect<A, E | E2, R | R2>
  /**
   * Inserts the message's key into a table of yours whose primary key it is; `false` if it was there before. In SQL:
   * `insert into inbox (key) values ($1) on conflict do nothing`, and whether that inserted a row.
   */
  readonly mark: (tx: Tx, key: string) => Effect.Effect<boolean, E, R>
}

/** A database whose transactions are promises, as most drivers have them. */
export interface PromiseTransactions<Tx> {
  /** Where handlers find the transaction. */
  readonly key: TransactionKey<Tx>
  /** Runs `body` once, in a transaction of its own: commits when it resolves, rolls back when it rejects. */
  readonly transaction: (body: (tx: Tx) => Promise<void>) => PromiseLike<unknown>
  /**
   * Inserts the message's key into a table of yours whose primary key it is; `false` if it was there before. In SQL:
   * `insert into inbox (key) values ($1) on conflict do nothing`, and whether that inserted a row.
   */
  readonly mark: (tx: Tx, key: string) => PromiseLike<boolean> | boolean
}

/**
 * An Inbox on the transactions of a driver with promises, for a worker's layer.
 *
 * @example transactionInbox({ key: Tx, transaction: (body) => sql.begin(body), mark: async (tx, key) =>
 *   (await tx`insert into inbox (key) values (${key}) on conflict do nothing`).count === 1 })
 */
export const transactionInbox = <Tx>({ key, transaction, mark }: PromiseTransactions<Tx>): Layer.Layer<never> =>
  transactionInboxEffect({
    key,
    transaction: promised(transaction),
    mark: (tx, messageKey) => Effect.tryPromise({ try: async () => await mark(tx, messageKey), catch: (e) => e }),
  })

/** An Inbox on transactions that are Effects, for a worker's layer. What they need is the layer's. */
export const transactionInboxEffect = <Tx, E, R = never>(
  transactions: EffectTransactions<Tx, E, R>,
): Layer.Layer<never, never, R> =>
  Layer.effect(Inbox, Effect.contextWith((own: Context.Context<R>) => Effect.succeed(makeInbox(transactions, own))))

/** The Inbox itself, given what the transactions need. */
export const makeInbox = <Tx, E, R>(
  { key: service, transaction, mark }: EffectTransactions<Tx, E, R>,
  own: Context.Context<R>,
): InboxShape =>
  fronted({
    process: <E2, R2>(key: string, effect: Effect.Effect<unknown, E2, R2>) =>
      Effect.suspend(() => {
        /** How the handler ended; drivers may wrap what they roll back for. */
        let ended: Exit.Exit<unknown, E2> | undefined
        const body = (tx: Tx): Effect.Effect<Processed, E | E2, R | R2> =>
          Effect.flatMap(mark(tx, key), (isNew): Effect.Effect<Processed, E2, R2> =>
            isNew
              ? Effect.onExit(Effect.as(Effect.provideService(effect, service, tx), "processed"), (exit) =>
                Effect.sync(() => {
                  ended = exit
                }))
              : Effect.succeed("duplicate"))
        const done: Effect.Effect<Processed, E2 | InboxError, R | R2> = Effect.catchCause(transaction(body), (
          cause,
        ): Effect.Effect<never, E2 | InboxError> => {
          if (ended !== undefined && Exit.isFailure(ended)) return Effect.failCause(ended.cause)
          if (Cause.hasInterruptsOnly(cause)) {
            return Effect.failCause(cause as Cause.Cause<never>)
          }
          const operation = ended === undefined ? "claim" : "mark"
          return Effect.fail(new InboxError({ key, operation, detail: textOf(Cause.squash(cause)) }))
        })
        // beneath the handler's services, which go before
        return Effect.updateContext(done, (handlers: Context.Context<R2>) =>
          Context.merge(own, handlers))
      }),
  })

const textOf = (error: unknown): string => error instanceof Error ? error.message : String(error)
