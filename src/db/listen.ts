import pg from 'pg'
import type { Log } from '../base/log.ts'
import { SESSION } from './pool.ts'

type Listener = { channel: string; onPayload: (payload: string) => void; onReconnect?: () => void }

export type Listening = {
  listen(channel: string, onPayload: (payload: string) => void, onReconnect?: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

const RETRY_MS = [50, 100, 250, 500, 1_000, 2_000]

/**
 * NOTIFY, on one connection for all channels, opened with the first listener. When it is lost it is opened again, and
 * every listener is told, because what was sent in between is gone.
 */
export function createListening({ url, log }: { url: string; log: Log }): Listening {
  const listeners = new Set<Listener>()
  let current: Promise<pg.Client> | undefined
  let closed = false

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url, application_name: 'weir listen', keepAlive: true })
    client.on('notification', ({ channel, payload }) => {
      for (const listener of listeners) if (listener.channel === channel) call(() => listener.onPayload(payload ?? ''))
    })
    let lost = false
    const onLost = () => {
      if (lost) return
      lost = true
      client.end().catch(() => {})
      if (!closed && client === ready) reconnect(0)
    }
    let ready: pg.Client | undefined
    client.on('error', onLost)
    client.on('end', onLost)
    await client.connect()
    await client.query(SESSION)
    for (const channel of new Set([...listeners].map((l) => l.channel))) await subscribe(client, channel)
    if (lost) throw new Error('the connection was lost while it was set up')
    ready = client
    return client
  }

  const reconnect = (attempt: number): void => {
    if (attempt === 0) log.warn('the connection for notifications was lost; connecting again')
    const next = new Promise<pg.Client>((resolve, reject) => {
      const timer = setTimeout(() => connect().then(resolve, reject), RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)])
      timer.unref()
    })
    current = next
    next.then(
      () => {
        for (const listener of listeners) if (listener.onReconnect) call(listener.onReconnect)
      },
      () => {
        if (!closed) reconnect(attempt + 1)
      },
    )
  }

  const call = (callback: () => void): void => {
    try {
      callback()
    } catch (error) {
      log.error({ error }, 'a listener failed')
    }
  }

  return {
    async listen(channel, onPayload, onReconnect) {
      const listener: Listener = { channel, onPayload, onReconnect }
      listeners.add(listener)
      if (current === undefined) {
        current = connect()
        current.catch(() => {
          current = undefined
        })
        await current
      } else await subscribe(await current, channel)
      return async () => {
        listeners.delete(listener)
      }
    },
    async close() {
      closed = true
      listeners.clear()
      const client = await current?.catch(() => undefined)
      await client?.end().catch(() => {})
    },
  }
}

async function subscribe(client: pg.Client, channel: string): Promise<void> {
  await client.query(`listen ${client.escapeIdentifier(channel)}`)
}
