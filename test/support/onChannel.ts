/**
 * What another program would do to a broker: something on a channel of the plain library, on a connection of its own.
 */
import amqp from "amqplib"

/** Does it, waits for the confirms of what was sent, and closes the connection. */
export const onChannel = async <A>(url: string, use: (channel: amqp.ConfirmChannel) => Promise<A>): Promise<A> => {
  const connection = await amqp.connect(url)
  try {
    const channel = await connection.createConfirmChannel()
    const result = await use(channel)
    await channel.waitForConfirms()
    return result
  } finally {
    await connection.close()
  }
}
