/**
 * Door of the inspect room: what is in a broker, whose it is, and what can go.
 */
// what is known beforehand
export type { Known, KnownHandler } from "./Known.ts"
// what is there
export type { Holding, Inventory, Orphan, StaleBinding, Used } from "./inventory.ts"
export { sortQueues, takeInventory } from "./inventory.ts"
export type { QueueName, Role } from "./queueNames.ts"
export { readQueueName } from "./queueNames.ts"
export type { Difference, Reader } from "./differences.ts"
export { differences } from "./differences.ts"
// what can go
export type { Policy, Preview, Retired } from "./retire.ts"
export { previewOrphans, retireOrphan } from "./retire.ts"
