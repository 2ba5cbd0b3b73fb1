/**
 * Our sockets against libzmq in Python, as Debian has it.
 */
import process from "node:process"
import { findPython } from "../../../../scripts/python.ts"
import { inPython } from "./Other.ts"
import { interopSuite } from "./suite.ts"

const python = findPython("zmq")
const missing = "missing" in python ? python.missing : undefined

interopSuite({
  name: "libzmq in Python",
  command: () => {
    if ("missing" in python) throw new Error(python.missing)
    return inPython(python.program)
  },
  // where everything is meant to be there, its absence is a failure
  skip: process.env["CI"] === "true" ? undefined : missing,
})
