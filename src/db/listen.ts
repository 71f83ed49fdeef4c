import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { messageOf, PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { withinMs } from '../base/within.ts'
import { asWorldError } from '../base/world.ts'
import { destroy, endClient, openClient } from './session.ts'

type Listener = { channel: string; onPayload: (payload: string) => void; onReconnect?: () => void }

export type Listening = {
  /** Rejects as `unavailable` while the connection is lost: a caller that waits for it would wait for the database. */
  listen(channel: string, onPayload: (payload: string) => void, onReconnect?: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

const RETRY_MS = [0, 50, 100, 250, 500]
/** A silent connection hears nothing, and nothing tells it so: it is asked this often. */
const BEAT_MS = 2_000
const ANSWER_MS_MAX = 2_000

/**
 * NOTIFY, on one connection for all channels, opened with the first listener. When it is lost, or silent, it is opened
 * again, and then every listener is told, because what was sent in between is gone.
 */
export function createListening(options: {
  url: string
  log: Log
  onLost?: () => void
  /** Resolves when statements are answered again: who is told of a return reads at once. */
  untilThere?: () => Promise<void>
}): Listening {
  const { url, log, onLost, untilThere } = options
  const listeners = new Set<Listener>()
  const closing = new AbortController()
  let current: Promise<pg.Client> | undefined
  let reconnecting = false
  let beating: NodeJS.Timeout | undefined

  async function connect(): Promise<pg.Client> {
    const client = await openClient({ url, name: 'weir listen' })
    let lost = false
    let ready = false
    client.on('end', () => {
      lost = true
      if (ready && !closing.signal.aborted) void reconnect()
    })
    client.on('notification', ({ channel, payload }) => tell(channel, payload ?? ''))
    try {
      for (const channel of new Set([...listeners].map((l) => l.channel))) await subscribe(client, channel)
      if (lost) throw new PlatformError('unavailable', 'the connection was lost while it was set up')
      if (closing.signal.aborted) throw closing.signal.reason
    } catch (error) {
      destroy(client)
      throw error
    }
    ready = true
    beat(client)
    return client
  }

  function beat(client: pg.Client): void {
    clearTimeout(beating)
    beating = setTimeout(async () => {
      try {
        await withinMs('the database', ANSWER_MS_MAX, () => client.query('select 1'))
        if (!closing.signal.aborted) beat(client)
      } catch {
        destroy(client)
      }
    }, BEAT_MS).unref()
  }

  async function reconnect(): Promise<void> {
    if (reconnecting) return
    reconnecting = true
    onLost?.()
    log.debug('the connection for notifications was lost; connecting again')
    for (let attempt = 0; !closing.signal.aborted; attempt++) {
      await delay(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], undefined, { signal: closing.signal }).catch(
        () => {},
      )
      try {
        const client = await connect()
        current = Promise.resolve(client)
        reconnecting = false
        await untilThere?.().catch(() => {})
        for (const listener of listeners) if (listener.onReconnect) guarded(listener.onReconnect)
        return
      } catch (error) {
        log.debug({ error: messageOf(error) }, 'no connection for notifications yet')
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
      if (reconnecting) throw new PlatformError('unavailable', 'the database does not answer: no notifications come')
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
        throw asWorldError(error, 'the database')
      }
      return async () => {
        listeners.delete(listener)
      }
    },
    async close() {
      closing.abort(new PlatformError('unavailable', 'the database was closed'))
      clearTimeout(beating)
      listeners.clear()
      const client = await current?.catch(() => undefined)
      if (client) await endClient(client)
    },
  }
}

async function subscribe(client: pg.Client, channel: string): Promise<void> {
  await withinMs('the database', ANSWER_MS_MAX, () => client.query(`listen ${client.escapeIdentifier(channel)}`))
}
