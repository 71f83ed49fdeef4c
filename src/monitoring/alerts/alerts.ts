/**
 * Alerts: the rules of the project are looked at, and who should know is told. Owns the tables `monitoring.alert`,
 * `alert_message`, `silence`, `alert_turn` and `traffic`.
 *
 * Invariants:
 * - One process of all looks at a time, each 10 s (`look.ts`). A figure that is missing changes nothing.
 * - What becomes of an alert and the messages of it are one transaction. A message is sent until it is taken (`send.ts`): none is
 *   lost with a process, and one that comes twice has the same id.
 * - While a rule is silenced nobody is told; when the silence is over and it is still wrong, somebody is. What came and went within
 *   the cool-down is told once.
 * - A webhook is called at an address of the settings alone; no message holds a key of a person or a feature value of one.
 */
import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { instantOfMs } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import { parseDurationMs } from '../../config/duration.ts'
import type { Project } from '../../config/project.ts'
import { suggestion } from '../../config/suggest.ts'
import type { Database } from '../../db/sql.ts'
import type { Events } from '../../events/events.ts'
import { recordChange } from '../../identity/audit.ts'
import { actorNow } from '../../identity/principal.ts'
import { fileDoor } from './file.ts'
import { LOOK_MS, look } from './look.ts'
import { mailDoor } from './mail.ts'
import type { Door } from './message.ts'
import {
  type AlertRow,
  type AlertsQuery,
  acknowledgeAlert,
  endSilence,
  insertSilence,
  type SilenceRow,
  selectAlert,
  selectAlerts,
  selectSilences,
} from './queries.ts'
import type { Probe } from './readings.ts'
import { sendMessages } from './send.ts'
import { rulesShown, type Standing } from './standing.ts'
import { type WebhookAddresses, webhookDoor } from './webhook.ts'

export type { AlertRow, SilenceRow }

export type AlertSettings = {
  webhooks: WebhookAddresses
  smtpUrl: string | null
  mailFrom: string
  /** Where messages of a channel `file` go. */
  file: string
  /** The page of alerts, as people reach it. */
  link: string | null
}

export type AlertDeps = {
  sql: Database
  project: Pick<Project, 'alerts' | 'alertChannels'>
  settings: AlertSettings
  /** By metric. */
  probes: Readonly<Record<string, Probe>>
  events: Pick<Events, 'tell'>
  clock: Clock
  log: Log
}

export type Alerts = ReturnType<typeof createAlerts>

const SILENCE_MS_MAX = 366 * 86_400_000

export function createAlerts(deps: AlertDeps) {
  const { sql, project, settings, events, clock, log } = deps
  const { alerts: rules, alertChannels: channels } = project
  const doors = {
    webhook: webhookDoor(settings.webhooks, settings.link),
    mail: mailDoor({ url: settings.smtpUrl, from: settings.mailFrom }, settings.link),
    file: fileDoor(settings.file),
  } satisfies Record<string, Door>
  const looking = { ...deps, rules }
  const now = () => instantOfMs(clock.nowMs())

  function requireNamed<One extends { name: string }>(what: string, all: readonly One[], name: string): One {
    const found = all.find((one) => one.name === name)
    if (found) return found
    const names = all.map((one) => one.name)
    throw new PlatformError(
      'not_found',
      `there is no ${what} '${name.slice(0, 100)}' in the project${suggestion(name, names)}`,
    )
  }

  async function turn(signal?: AbortSignal, how = {}): Promise<void> {
    await look(looking, how)
    await send(signal)
  }

  async function send(signal?: AbortSignal): Promise<void> {
    await sendMessages({ sql, channels, doors, clock, log }, signal)
  }

  return {
    /** Looks now, and sends what there is to tell; for a test, and for whoever has no process that stays. */
    look: () => turn(undefined, { now: true }),
    /**
     * Looks each 10 s until the returned function is called, which waits for what is under way. Without rules one look ends what
     * those of before left open; from then on only messages are sent.
     */
    follow(): () => Promise<void> {
      const ending = new AbortController()
      let looked = false
      let under = Promise.resolve()
      let busy = false
      const timer = setInterval(() => {
        if (busy) return
        busy = true
        const isQuiet = looked && rules.length === 0
        looked = true
        under = (isQuiet ? send(ending.signal) : turn(ending.signal))
          .catch((error: unknown) => log.debug({ err: error }, 'alerts could not be looked at'))
          .finally(() => {
            busy = false
          })
      }, LOOK_MS)
      timer.unref()
      return async () => {
        clearInterval(timer)
        ending.abort()
        await under
      }
    },
    list: (query: AlertsQuery): Promise<AlertRow[]> => selectAlerts(sql, query),
    standing: (): Promise<Standing> => rulesShown(sql, rules, channels, now()),
    /** Says that somebody knows; it stays open. Refuses (conflict) one that is over. */
    acknowledge: (id: number, why: string | null): Promise<AlertRow> =>
      sql.tx(async (tx) => {
        const alert = await selectAlert(tx, id)
        if (!alert || alert.state === 'pending') throw new PlatformError('not_found', `there is no alert ${id}`)
        if (alert.state === 'over') throw new PlatformError('conflict', `alert ${id} is over since ${alert.overAt}`)
        await acknowledgeAlert(tx, id, actorNow().name, why, now())
        const on = { kind: 'alert', name: `${alert.rule}/${id}` }
        await recordChange(tx, { action: 'alert.acknowledged', on, from: null, to: { rule: alert.rule }, why })
        return (await selectAlert(tx, id))!
      }),
    silences: (): Promise<SilenceRow[]> => selectSilences(sql, now()),
    /** Nobody is told of this rule (of any, where none is named) for so long. */
    async silence(wish: { rule: string | null; lasts: string; why: string | null }): Promise<SilenceRow> {
      const { rule, lasts, why } = wish
      if (rule !== null) requireNamed('alert rule', rules, rule)
      const ms = parseDurationMs(lasts)
      if (ms === undefined || ms <= 0 || ms > SILENCE_MS_MAX) {
        throw new PlatformError(
          'invalid_argument',
          `for: '${lasts.slice(0, 40)}' is no duration up to 366d; write 30m, 12h or 7d`,
        )
      }
      return sql.tx(async (tx) => {
        const until = instantOfMs(clock.nowMs() + ms)
        const made = await insertSilence(tx, { rule, until, why, by: actorNow().name, now: now() })
        const on = { kind: 'alert rule', name: rule ?? '(all)' }
        await recordChange(tx, { action: 'alert.silenced', on, from: null, to: { until }, why })
        events.tell({ type: 'alert' })
        return made
      })
    },
    /** Ends a silence before its time. */
    unsilence: (id: number): Promise<SilenceRow> =>
      sql.tx(async (tx) => {
        const ended = await endSilence(tx, id, now())
        if (!ended) throw new PlatformError('not_found', `there is no silence ${id} that holds`)
        const on = { kind: 'alert rule', name: ended.rule ?? '(all)' }
        await recordChange(tx, { action: 'alert.unsilenced', on, from: { until: ended.until }, to: null })
        events.tell({ type: 'alert' })
        return ended
      }),
    /** Sends a message to try a channel, at once; what went wrong is thrown. */
    async tryChannel(name: string): Promise<void> {
      const channel = requireNamed('alert channel', channels, name)
      await sql.tx((tx) =>
        recordChange(tx, { action: 'alert.channel_tried', on: { kind: 'alert channel', name }, from: null, to: {} }),
      )
      const next = 'Nothing: somebody tries whether messages arrive.'
      const tried = { id: 0, event: 'test' as const, rule: name, severity: 'info' as const, metric: '', next }
      await doors[channel.kind](channel, { ...tried, at: now(), count: 0, alerts: [] })
    },
  }
}
