/**
 * Door of the broker room: the queue engine, and the in-process transport on it.
 */
// the broker inside the process
export { Broker, layer } from "./InProcess.ts"
export { Client } from "./Connection.ts"
// looking into it
export { makeSteward } from "./steward.ts"
// the engine, for servers that stand on it
export type { DeleteOptions, EngineOptions, GetOptions, Got, Moved, Published, Seen, Sifted } from "./operations.ts"
export { Engine } from "./Engine.ts"
export type { Consumer, ConsumerOptions, Hand, Owner, Settlement } from "./Consumer.ts"
export { Share } from "./Share.ts"
export type { Difference, FullSpec, Refusal } from "./declare.ts"
export type { Binding, ExchangeBinding, ExchangeSpec, QueueSpec } from "./specs.ts"
export type { Arguments, Value } from "./Arguments.ts"
export { alike, noArguments, sameArguments, sameValue } from "./Arguments.ts"
// what it carries, and where it reports what must outlive it
export type { Carbons, DeathFact, Payload } from "./Payload.ts"
export { packets } from "./packets.ts"
export type { Entry, Journal, Loaded } from "./Journal.ts"
export type { Durability } from "./server/Durability.ts"
export type { Death, DeathReason } from "./deaths.ts"
export { deathsOf } from "./deaths.ts"
// what it looks like, and handing it over
export type { Counters, QueueCounters } from "./Counters.ts"
export type { QueueView, View } from "./View.ts"
export type { SavedMessage, Snapshot } from "./Snapshot.ts"
// the AMQP server, without sockets
export type {
  ChannelFigures,
  Complaint,
  ConnectionFigures,
  ConsumerFigures,
  Content,
  Credentials,
  KeptContent,
  Limits,
  Origin,
  ServerFigures,
  ServerOptions,
  SessionOptions,
  SessionState,
  VirtualHostFigures,
} from "./server/mod.ts"
export { defaultLimits, kept, Server, Session } from "./server/mod.ts"
// what RabbitMQ's management API would show of it
export type { Answer, Question } from "./management/mod.ts"
export { manage } from "./management/mod.ts"
// its wire, for whoever asks who is there
export { FrameReader, isWireError, protocolHeader } from "./amqp/mod.ts"
