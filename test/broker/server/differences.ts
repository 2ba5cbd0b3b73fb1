/**
 * Where the server says something else than RabbitMQ 3.10, and why.
 */

/** What is heard here instead, by the name of the play. */
export const differences: Readonly<
  Record<string, { readonly reason: string; readonly here: ReadonlyArray<string> }>
> = {
  ...Object.fromEntries(
    ([
      ["frame_max too low", "frame_max = 100 is lower than the minimum allowed value (4096)"],
      ["frame_max too high", "frame_max = 1000000 is higher than the maximum allowed value (131072)"],
      ["frame_max without limit", "frame_max = 0 is higher than the maximum allowed value (131072)"],
      ["channel_max too high", "channel_max = 65535 is higher than the maximum allowed value (2047)"],
    ] as const).map(([play, detail]) => [`handshake: ${play}`, {
      reason: "RabbitMQ closes the connection after three seconds without a word; here the client is told why",
      here: [
        "A 0 connection.start RabbitMQ 3.10",
        "A 0 connection.tune channelMax=2047 frameMax=131072 heartbeat=60",
        `A 0 connection.close replyCode=530 replyText='NOT_ALLOWED - negotiated ${detail}' classId=10 methodId=31`,
      ],
    }]),
  ),
  "consume: one active at a time": {
    reason: "a classic queue of RabbitMQ 3.10 ends there; its quorum queues go on with the next consumer, as this does",
    here: [
      "A 1 queue.declare-ok queue='consume: one active at a time/q' messageCount=0 consumerCount=0",
      "A 1 basic.qos-ok",
      "A 1 basic.consume-ok consumerTag='one'",
      "A 1 basic.consume-ok consumerTag='two'",
      "A 1 basic.deliver consumerTag='one' deliveryTag=1 redelivered=false exchange='' " +
      "routingKey='consume: one active at a time/q'",
      "A 1 header 1",
      'A 1 body "1"',
      "A 1 basic.cancel-ok consumerTag='one'",
      "A 1 basic.deliver consumerTag='two' deliveryTag=2 redelivered=false exchange='' " +
      "routingKey='consume: one active at a time/q'",
      "A 1 header 1",
      'A 1 body "2"',
      "A 1 queue.delete-ok messageCount=1",
      "A 1 basic.cancel consumerTag='two' noWait=true",
    ],
  },
}
