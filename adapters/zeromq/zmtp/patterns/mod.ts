/**
 * The pattern of each kind of socket.
 */
import type { SocketType } from "../SocketType.ts"
import type { Pattern } from "./Pattern.ts"
import { Publish } from "./Publish.ts"
import { Receive } from "./Receive.ts"
import { Reply } from "./Reply.ts"
import { Request, type RequestOptions } from "./Request.ts"
import { RoundRobin } from "./RoundRobin.ts"
import { Router, type RouterOptions } from "./Router.ts"
import { Subscribe } from "./Subscribe.ts"

export type { Offered, Pattern } from "./Pattern.ts"
export { Subscribe } from "./Subscribe.ts"

/** Makes it. */
export const patternOf = (type: SocketType, options: RouterOptions & RequestOptions): Pattern => {
  switch (type) {
    case "DEALER":
    case "PUSH":
      return new RoundRobin(type === "DEALER")
    case "ROUTER":
      return new Router(options)
    case "REQ":
      return new Request(options)
    case "REP":
      return new Reply()
    case "PUB":
      return new Publish()
    case "SUB":
      return new Subscribe()
    case "PULL":
      return new Receive()
  }
}
