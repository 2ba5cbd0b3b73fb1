/**
 * Door of the management adapter: surveys of a broker through RabbitMQ's HTTP API.
 */
export type { ManagementOptions } from "./openManagement.ts"
export { openManagement } from "./openManagement.ts"
