/**
 * Our sockets against libzmq in Node, through the package `zeromq`.
 */
import { inNode } from "./Other.ts"
import { interopSuite } from "./suite.ts"

interopSuite({ name: "libzmq in Node", command: () => inNode, large: true })
