/**
 * libzmq as a driver of sockets: the reference of our own, on Node alone.
 *
 * The door of this part of the room; its port is `../zmtp/ZmtpSocket.ts`.
 */
export { openLibzmqSocket } from "./openLibzmqSocket.ts"
