/**
 * Collections for what comes and goes with every message. Know nothing of messages.
 */

// in no order
export { Bag, type Bagged, nowhere } from "./Bag.ts"
// in order
export { Ring } from "./Ring.ts"
// by key
export { type Keyed, Table } from "./Table.ts"
