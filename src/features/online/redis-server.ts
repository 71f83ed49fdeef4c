import { randomUUID } from 'node:crypto'
import { PlatformError } from '../../base/errors.ts'
import { REDIS_READ_MS } from '../../base/time-limits.ts'
import { connectRedis, REDIS, type RedisConnection } from './redis-connection.ts'

export type RedisServer = { version: string; policy: string; maxBytes: number }

/** What kind of server it is; a cluster is refused. INFO is allowed where CONFIG is not. */
export async function inspectRedis(connection: RedisConnection): Promise<RedisServer> {
  const info = await connection.ask(REDIS_READ_MS, (client) => client.info())
  const found = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''
  if (found('cluster_enabled') === '1') {
    const message = `${REDIS} is a cluster, which Weir does not speak to: one read asks for keys of several nodes; name a single server (with replicas, if you like) in WEIR_ONLINE`
    throw new PlatformError('unsupported', message)
  }
  return { version: found('redis_version'), policy: found('maxmemory_policy'), maxBytes: Number(found('maxmemory')) }
}

/** Writes, reads and deletes a small key, and tells what the server is like. */
export async function probeRedis(url: string): Promise<{ version: string; warning: string | undefined }> {
  const connection = await connectRedis(url)
  try {
    const server = await inspectRedis(connection)
    const key = `weir:doctor:${randomUUID()}`
    const read = await connection.ask(REDIS_READ_MS, async (client) => {
      await client.set(key, key)
      const found = await client.get(key)
      await client.del(key)
      return found
    })
    if (read !== key) throw new PlatformError('unavailable', `${REDIS} does not give back what was written`)
    return { version: server.version, warning: evictionWarning(server) }
  } finally {
    connection.close()
  }
}

/** What an operator should know before it hurts, or nothing. */
export function evictionWarning({ policy, maxBytes }: RedisServer): string | undefined {
  if (!policy.startsWith('allkeys')) return undefined
  const now = maxBytes > 0 ? `at ${maxBytes} bytes` : 'as soon as it is given a memory limit'
  return `${REDIS} removes values by itself ${now} (maxmemory-policy ${policy}): predictions of what it removed are refused until the next materialize; set maxmemory-policy noeviction`
}
