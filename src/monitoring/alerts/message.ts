import type { Instant } from '../../base/instant.ts'
import type { AlertChannel } from '../../config/alerts.ts'
import type { Told } from './queries.ts'

/** What a channel is told. */
export type AlertMessage = {
  event: 'opened' | 'over' | 'test'
  rule: string
  severity: 'info' | 'warn' | 'critical'
  metric: string
  /** What to do. */
  next: string
  at: Instant
  /** How many figures of the rule; `alerts` names the first of them. */
  count: number
  alerts: readonly Told[]
}

export type SentMessage = AlertMessage & {
  /** The same when it comes a second time. */
  id: number
}

/** Takes a message to a channel of its kind; throws when it was not taken. */
export type Door = (channel: AlertChannel, message: SentMessage) => Promise<void>

/** In one line. */
export function titleOf({ event, rule, severity, count }: SentMessage): string {
  if (event === 'test') return `[test] ${rule}: a message to try the channel`
  const what = event === 'over' ? 'is over' : severity
  return `[${what}] ${rule}${count > 1 ? ` (${count} figures)` : ''}`
}

/** As plain text, for people. */
export function textOf(message: SentMessage, link: string | null): string {
  const { alerts, count, next, event } = message
  const lines = [titleOf(message), '', ...alerts.map(({ says }) => `- ${says}`)]
  if (count > alerts.length) lines.push(`- and ${count - alerts.length} more`)
  if (event === 'opened') lines.push('', `What to do: ${next}`)
  if (link !== null) lines.push('', link)
  return lines.join('\n')
}
