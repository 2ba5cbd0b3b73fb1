/**
 * Door of the inbox room: inboxes that outlive a process, for handlers with `dedupe`.
 */
// in a file that the processes of one machine share
export type { InboxFileOptions } from "./InboxFile.ts"
export type { SqliteInboxOptions } from "./sqliteInbox.ts"
export { sqliteInbox } from "./sqliteInbox.ts"
// the handler's SQL in the same transaction: SQLite
export type { SqliteTransactionInboxOptions, SqliteTx } from "./SqliteTransaction.ts"
export { SqliteTransaction, sqliteTransactionInbox } from "./SqliteTransaction.ts"
export type { SqliteReason, SqliteRow, SqliteValue } from "../../adapters/runtime/mod.ts"
export { SqliteError } from "../../adapters/runtime/mod.ts"
// the same on a database of your own
export type { EffectTransactions, PromiseTransactions } from "./transactionInbox.ts"
export { transactionInbox, transactionInboxEffect } from "./transactionInbox.ts"
export type { TransactionKey } from "./Transaction.ts"
export { NoTransaction, transactionKey } from "./Transaction.ts"
