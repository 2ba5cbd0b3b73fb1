/**
 * Door of the broker room: the queue engine, and the in-process transport on it.
 */
// the broker inside the process
export { Broker, layer } from "./InProcess.ts"
// the engine, for servers that stand on it
export type { EngineOptions, Published } from "./Engine.ts"
export { Engine } from "./Engine.ts"
export type { Consumer, ConsumerOptions, Hand, Owner, Settlement } from "./Consumer.ts"
export type { EngineQueueSpec, FullSpec, Refusal } from "./declare.ts"
export type { Death, DeathReason } from "./deaths.ts"
export { deathsOf } from "./deaths.ts"
// what it looks like, and handing it over
export type { Counters, QueueCounters } from "./Counters.ts"
export type { QueueView, View } from "./View.ts"
export type { SavedMessage, Snapshot } from "./Snapshot.ts"
