/**
 * Where a broker is, as people write it: one URL, several hosts in one URL, or several URLs, separated by commas.
 *
 * `amqp://user:password@a:5672,b:5672/vhost?heartbeat=5` names two nodes of one cluster, whose user, virtual host and
 * query are the same; `amqp://a,amqps://b` names them one by one. Read by the CLI, by `connect()` and by the AMQP
 * adapter; dialling is the adapter's business. A comma in a password is written `%2C`.
 */

const one = /^(amqps?:\/\/)([^@/?]*@)?([^/?@]+)(\/[^?]*)?(\?.*)?$/
/** A host and its port. */
const place = /^(\[[\da-f:.]+\]|[^:[\]]+)(:\d+)?$/i

/** The single URLs that a text stands for, in order; `undefined` when it is none. */
export const brokerUrls = (text: string): ReadonlyArray<string> | undefined => {
  const urls: Array<string> = []
  for (const part of text.trim().split(/,\s*(?=amqps?:\/\/)/)) {
    const found = one.exec(part)
    if (found === null) return undefined
    const [, scheme = "", user = "", hosts = "", path = "", query = ""] = found
    for (const host of hosts.split(",")) {
      const url = `${scheme}${user}${host.trim()}${path}${query}`
      if (!place.test(host.trim()) || !URL.canParse(url)) return undefined
      urls.push(url)
    }
  }
  return urls
}

/** The same text for people to see: passwords are `***`. */
export const withoutPassword = (text: string): string => {
  const urls = brokerUrls(text)
  if (urls === undefined) return "an address that cannot be read"
  return urls.map((each) => {
    const url = new URL(each)
    if (url.password !== "") url.password = "***"
    return url.href
  }).join(",")
}
