/**
 * How a handler reaches the transaction that its message is completed in.
 *
 * A key of the user's own, filled while an inbox has a transaction open around the handler and empty elsewhere. Opens no
 * transaction and knows no database.
 */
import { Context, Schema } from "effect"

/** A handler asked for its transaction, and none is open: it is not deduped, or its inbox keeps none. */
export class NoTransaction extends Schema.TaggedError<NoTransaction>()("NoTransaction", { key: Schema.String }) {
  override get message(): string {
    return `Cannot use "${this.key}": no transaction is open; give the handler \`dedupe: true\`, and its worker's layer the inbox of that key`
  }
}

/** The key of a transaction: `yield* Tx` in Effects, `get(Tx)` in other handlers. */
export type TransactionKey<Tx> = Context.Reference<Tx>

/**
 * Makes the key under which handlers find their transaction.
 *
 * @example export const Tx = transactionKey<postgres.TransactionSql>("shop/Tx")
 */
export const transactionKey = <Tx>(key: string): TransactionKey<Tx> =>
  Context.Reference<Tx>(key, {
    defaultValue: () => {
      throw new NoTransaction({ key })
    },
  })
