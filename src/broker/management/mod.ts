/**
 * Door of the management answers: what RabbitMQ's management API would show of a server.
 */
export type { Answer } from "./listing.ts"
export type { Question } from "./routes.ts"
export { manage } from "./routes.ts"
