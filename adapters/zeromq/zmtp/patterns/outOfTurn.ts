/**
 * Why a socket may not send or receive now, in the same words whoever drives it.
 */
import { OutOfTurn } from "../SocketError.ts"
import type { SocketType } from "../SocketType.ts"

const send = (detail: string): OutOfTurn => new OutOfTurn({ operation: "send", detail })
const receive = (detail: string): OutOfTurn => new OutOfTurn({ operation: "receive", detail })

/** A kind of socket that sends and never receives. */
export const onlySends = (type: SocketType): OutOfTurn => receive(`a ${type} socket only sends`)

/** A kind of socket that receives and never sends. */
export const onlyReceives = (type: SocketType): OutOfTurn => send(`a ${type} socket only receives`)

/** REQ: a question before the answer to the last. */
export const isAsking = (): OutOfTurn => send("the last question is not answered yet; receive its answer first")

/** REQ: no question to be answered. */
export const askedNothing = (): OutOfTurn => receive("nothing was asked; send a question first")

/** REP: no question to answer. */
export const nobodyAsked = (): OutOfTurn => send("nobody asked; receive a question first")

/** REP: a question before the last is answered. */
export const owesAnswer = (): OutOfTurn => receive("the last question is not answered yet; send its answer first")
