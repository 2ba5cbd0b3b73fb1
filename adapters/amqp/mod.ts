/**
 * Door of the AMQP adapter: `Transport` on RabbitMQ, or on whatever else speaks AMQP 0-9-1.
 */
export type { AmqpOptions } from "./AmqpTransport.ts"
export { layer } from "./AmqpTransport.ts"
// looking into the broker, for tools
export type { Place, Stewardship } from "./openSteward.ts"
export { openSteward } from "./openSteward.ts"
