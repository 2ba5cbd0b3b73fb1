/**
 * Pipes by themselves: marks of messages and of bytes, in both directions.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { type Line, type Marks, Pipe } from "../../../../adapters/zeromq/zmtp/Pipe.ts"
import type { Message, PeerInfo } from "../../../../adapters/zeromq/zmtp/Session.ts"

const peer: PeerInfo = { type: "PULL", identity: new Uint8Array(0), minor: 1, key: undefined }

const of = (...lengths: ReadonlyArray<number>): Message => lengths.map((length) => new Uint8Array(length))

const open = (marks: Partial<Marks>) => {
  const told = { room: 0, arrived: 0, resumed: 0 }
  const pipe = new Pipe({ send: 1_000, sendBytes: Infinity, receive: 1_000, receiveBytes: Infinity, ...marks }, {
    onRoom: () => told.room++,
    onArrived: () => told.arrived++,
  })
  const sent: Array<Message> = []
  const line: Line = {
    send: (message) => void sent.push(message),
    sendSubscription: () => {},
    isFull: () => false,
    resume: () => told.resumed++,
    close: () => {},
  }
  return { pipe, told, sent, line }
}

describe("Pipe.send()", () => {
  test("lets so many bytes wait and no more, but one message of any length", () => {
    const { pipe, told, sent, line } = open({ sendBytes: 100 })
    pipe.send(of(400, 100))
    assert.equal(pipe.hasRoom(), false)
    pipe.attach(line, peer)
    assert.deepEqual([sent.length, pipe.hasRoom(), told.room], [1, true, 1])
    pipe.detach()
    pipe.send(of(60))
    assert.equal(pipe.hasRoom(), true)
    pipe.send(of(30, 20))
    assert.equal(pipe.hasRoom(), false)
    pipe.end()
    assert.equal(pipe.hasRoom(), true)
  })
})

describe("Pipe.receive()", () => {
  test("holds the peer back at so many bytes, until half of them are read", () => {
    const { pipe, told, line } = open({ receiveBytes: 100 })
    pipe.attach(line, peer)
    assert.equal(pipe.receive(of(40)), true)
    assert.equal(pipe.receive(of(40, 30)), false)
    pipe.take()
    assert.equal(told.resumed, 0)
    pipe.take()
    assert.equal(told.resumed, 1)
    assert.equal(pipe.receive(of(99)), true)
  })
})

describe("Pipe.pump()", () => {
  test("is not begun again by what it sends, however much waits", () => {
    const { pipe, sent, line } = open({ send: 100_000 })
    for (let i = 0; i < 50_000; i++) pipe.send(of(1))
    // a line that writes at once, and then asks for more
    const eager: Line = {
      ...line,
      send: (message) => {
        sent.push(message)
        pipe.pump()
      },
    }
    pipe.attach(eager, peer)
    assert.deepEqual([sent.length, pipe.unsent], [50_000, 0])
  })
})
