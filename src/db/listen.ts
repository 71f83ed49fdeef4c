import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { isUnreachable, SESSION } from './pool.ts'

type Listener = { channel: string; onPayload: (payload: string) => void; onReconnect?: () => void }

export type Listening = {
  listen(channel: string, onPayload: (payload: string) => void, onReconnect?: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

const RETRY_MS = [0, 50, 100, 250, 500, 1_000, 2_000]

/**
 * NOTIFY, on one connection for all channels, opened with the first listener. When it is lost it is opened again, and
 * then every listener is told, because what was sent in between is gone.
 */
export function createListening(options: { url: string; log: Log; revive?: () => Promise<void> }): Listening {
  const { url, log, revive } = options
  const listeners = new Set<Listener>()
  const closing = new AbortController()
  let current: Promise<pg.Client> | undefined

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url, application_name: 'weir listen', keepAlive: true })
    let state: 'new' | 'ready' | 'lost' = 'new'
    const onLost = () => {
      const wasReady = state === 'ready'
      state = 'lost'
      if (wasReady && !closing.signal.aborted) current = reconnect()
    }
    client.on('error', onLost)
    client.on('end', onLost)
    client.on('notification', ({ channel, payload }) => tell(channel, payload ?? ''))
    try {
      await client.connect()
      await client.query(SESSION)
      for (const channel of new Set([...listeners].map((l) => l.channel))) await subscribe(client, channel)
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
    if ((state as string) === 'lost') throw new Error('the connection was lost while it was set up')
    state = 'ready'
    return client
  }

  const reconnect = async (): Promise<pg.Client> => {
    log.warn('the connection for notifications was lost; connecting again')
    for (let attempt = 0; ; attempt++) {
      await delay(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], undefined, { signal: closing.signal })
      try {
        const client = await connect()
        for (const listener of listeners) if (listener.onReconnect) guarded(listener.onReconnect)
        return client
      } catch (error) {
        log.debug({ error: messageOf(error) }, 'no connection for notifications yet')
        if (isUnreachable(error)) await revive?.().catch(() => {})
      }
    }
  }

  const tell = (channel: string, payload: string): void => {
    for (const listener of listeners) if (listener.channel === channel) guarded(() => listener.onPayload(payload))
  }

  const guarded = (callback: () => void): void => {
    try {
      callback()
    } catch (error) {
      log.error({ error: messageOf(error) }, 'a listener failed')
    }
  }

  return {
    async listen(channel, onPayload, onReconnect) {
      const listener: Listener = { channel, onPayload, onReconnect }
      listeners.add(listener)
      current ??= connect().catch((error) => {
        current = undefined
        throw error
      })
      try {
        await subscribe(await current, channel)
      } catch (error) {
        listeners.delete(listener)
        throw error
      }
      return async () => {
        listeners.delete(listener)
      }
    },
    async close() {
      closing.abort()
      listeners.clear()
      const client = await current?.catch(() => undefined)
      await client?.end().catch(() => {})
    },
  }
}

async function subscribe(client: pg.Client, channel: string): Promise<void> {
  await client.query(`listen ${client.escapeIdentifier(channel)}`)
}
