import type { Clock } from '../../base/clock.ts'
import { messageOf, PlatformError } from '../../base/errors.ts'
import { instantOfMs } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import type { AlertChannel } from '../../config/alerts.ts'
import type { Database } from '../../db/sql.ts'
import type { AlertMessage, Door } from './message.ts'

export type SendDeps = {
  sql: Database
  channels: readonly AlertChannel[]
  doors: Readonly<Record<AlertChannel['kind'], Door>>
  clock: Clock
  log: Log
}

type Waiting = { id: number; channel: string; body: AlertMessage; tries: number }

/** Whoever sends a message has it for so long; if it dies with it, another one sends it again. */
const HOLD_MS = 60_000
const FIRST_WAIT_MS = 10_000
const WAIT_MS_MAX = 3_600_000
/** More than a day of trying. */
const TRIES_MAX = 30

/** Sends what waits, one by one; what is not taken is tried again, later and later. Gives how many were sent. */
export async function sendMessages(deps: SendDeps, signal?: AbortSignal): Promise<number> {
  const { sql, clock } = deps
  let sent = 0
  while (!signal?.aborted) {
    const nowMs = clock.nowMs()
    const [message] = await sql.query<Waiting>(
      `update monitoring.alert_message set next_at = $2, tries = tries + 1
       where id = (select id from monitoring.alert_message where state = 'waiting' and next_at <= $1 order by next_at, id
                   limit 1 for update skip locked)
       returning id, channel, body, tries`,
      [instantOfMs(nowMs), instantOfMs(nowMs + HOLD_MS)],
    )
    if (!message) return sent
    if (await sendOne(deps, message)) sent++
  }
  return sent
}

async function sendOne({ sql, channels, doors, clock, log }: SendDeps, message: Waiting): Promise<boolean> {
  const { id, tries } = message
  try {
    const channel = channels.find(({ name }) => name === message.channel)
    if (!channel) throw new Error(`the project has no channel '${message.channel}' any more`)
    await doors[channel.kind](channel, { ...message.body, id })
    await sql.query(`update monitoring.alert_message set state = 'sent', sent_at = $2, error = null where id = $1`, [
      ...[id, instantOfMs(clock.nowMs())],
    ])
    return true
  } catch (error) {
    const text = messageOf(error)
    const over = tries >= TRIES_MAX
    const waitMs = Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** (tries - 1))
    await sql.query('update monitoring.alert_message set state = $2, next_at = $3, error = $4 where id = $1', [
      ...[id, over ? 'given_up' : 'waiting', instantOfMs(clock.nowMs() + waitMs), text.slice(0, 1_000)],
    ])
    const what = `alert message ${id} did not reach channel '${message.channel}'`
    // What is known already says enough: a stack would only hide it.
    const about = error instanceof PlatformError ? {} : { err: error }
    if (over || tries === 1) log.warn(about, `${what}${over ? ', and is given up' : '; it is tried again'}: ${text}`)
    return false
  }
}
