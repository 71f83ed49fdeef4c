import { setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { createClient } from 'redis'
import { messageOf, PlatformError } from '../../base/errors.ts'
import { REDIS_CONNECT_MS } from '../../base/time-limits.ts'
import { withinMs } from '../../base/within.ts'
import { worldError } from '../../base/world.ts'

export type RedisClient = ReturnType<typeof newClient>

export type RedisConnection = {
  /**
   * Runs commands; unavailable while there is no connection, and when they are not answered within `ms`. A connection
   * that did not answer in time is given up, since it may stay silent for ever, and a new one is made.
   */
  ask<T>(ms: number, call: (client: RedisClient) => Promise<T>): Promise<T>
  /** Ends it at once; what is under way is refused. */
  close(): void
}

export const REDIS = 'the online store (Redis)'

const FIRST_WAIT_MS = 50
const WAIT_MS_MAX = 1000

/** One connection, made again by itself whenever it is lost. One that was never made is a wrong address: refused. */
export async function connectRedis(url: string): Promise<RedisConnection> {
  const closing = new AbortController()
  // Each command that is under way listens.
  setMaxListeners(0, closing.signal)
  let reason = 'it is not connected'
  let current: RedisClient | undefined = await connected()
  watch(current)

  async function connected(): Promise<RedisClient> {
    const client = newClient(url)
    // Without a listener a lost connection would end the process.
    client.on('error', () => {})
    try {
      // The limit covers the greeting too: a silent server takes the connection and says nothing.
      await withinMs(REDIS, REDIS_CONNECT_MS, () => client.connect(), closing.signal)
      return client
    } catch (error) {
      client.destroy()
      throw refusal(error)
    }
  }

  function watch(client: RedisClient): void {
    client.on('error', (error) => drop(client, error))
    client.on('end', () => drop(client, new Error('the connection ended')))
  }

  function drop(client: RedisClient, error: unknown): void {
    if (client !== current) return
    current = undefined
    reason = messageOf(error)
    client.destroy()
    void reconnect()
  }

  async function reconnect(): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS; !closing.signal.aborted; waitMs = Math.min(waitMs * 2, WAIT_MS_MAX)) {
      try {
        await setTimeout(waitMs, undefined, { signal: closing.signal, ref: false })
        const client = await connected()
        if (closing.signal.aborted) return client.destroy()
        current = client
        return watch(client)
      } catch (error) {
        reason = messageOf(error)
      }
    }
  }

  return {
    async ask(ms, call) {
      const client = current
      if (!client) throw new PlatformError('unavailable', `${REDIS} does not answer: ${reason}`)
      try {
        return await withinMs(REDIS, ms, () => call(client), closing.signal)
      } catch (error) {
        if (error instanceof PlatformError && error.details.afterMs === ms) drop(client, error)
        throw refusal(error)
      }
    },
    close() {
      closing.abort(new PlatformError('unavailable', `${REDIS} is being closed`))
      const client = current
      current = undefined
      client?.destroy()
    },
  }
}

function newClient(url: string) {
  return createClient({
    url,
    // Who asks while it is away is told so at once; a lost connection is made again by us.
    disableOfflineQueue: true,
    socket: { reconnectStrategy: false, connectTimeout: REDIS_CONNECT_MS },
  })
}

function refusal(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error
  const known = worldError(error, REDIS)
  if (known && known.code !== 'unavailable') return known
  return new PlatformError('unavailable', `${REDIS} does not answer: ${messageOf(error)}`, { cause: error })
}
