import type { z } from 'zod'
import { ALERT_METRICS } from './alert-metrics.ts'
import type { alert, alertChannel, SEVERITIES } from './alert-shapes.ts'
import { parseDurationMs } from './duration.ts'

/** One rule: what is watched, from where on it is wrong, and who is told. */
export type AlertRule = {
  name: string
  metric: string
  of: { kind: 'model' | 'source' | 'view'; name: string } | null
  part: string | null
  arm: string | null
  condition: AlertCondition
  /** How long it must be wrong. */
  forMs: number
  windowMs: number
  severity: (typeof SEVERITIES)[number]
  coolDownMs: number
  /** Names of channels. */
  to: readonly string[]
  next: string
}

export type AlertCondition =
  | { kind: 'above' | 'below'; limit: number }
  | { kind: 'history'; periods: number; least: number; sigmas: number; side: 'above' | 'below' | 'both' }

export type AlertChannel = { name: string } & (
  | { kind: 'webhook'; address: string }
  | { kind: 'mail'; to: readonly string[] }
  | { kind: 'file' }
)

type Written = z.output<typeof alert>

export function alertsOf(alerts: Record<string, Written>, channels: Record<string, unknown>): AlertRule[] {
  return Object.entries(alerts).map(([name, rule]) => ({
    ...{ name, metric: rule.metric, of: subjectOf(rule.of), part: rule.part, arm: rule.arm },
    condition: conditionOf(rule),
    forMs: parseDurationMs(rule.for) ?? 0,
    windowMs: parseDurationMs(rule.window) ?? 0,
    severity: rule.severity,
    coolDownMs: parseDurationMs(rule.coolDown) ?? 0,
    to: rule.to ?? Object.keys(channels),
    next: rule.next ?? ALERT_METRICS[rule.metric]?.next ?? '',
  }))
}

export function channelsOf(channels: Record<string, z.output<typeof alertChannel>>): AlertChannel[] {
  return Object.entries(channels).map(([name, channel]) => {
    if ('webhook' in channel) return { name, kind: 'webhook', address: channel.webhook }
    if ('mail' in channel) return { name, kind: 'mail', to: channel.mail }
    return { name, kind: 'file' }
  })
}

function subjectOf(of: Written['of']): AlertRule['of'] {
  if (of === null) return null
  if ('model' in of) return { kind: 'model', name: of.model }
  if ('source' in of) return { kind: 'source', name: of.source }
  return { kind: 'view', name: of.view }
}

/** The first that is given; that exactly one is, is a fault of its own. */
function conditionOf({ above, below, history }: Written): AlertCondition {
  if (above !== null) return { kind: 'above', limit: above }
  if (below !== null) return { kind: 'below', limit: below }
  return { kind: 'history', ...(history ?? { periods: 12, least: 4, sigmas: 3, side: 'both' }) }
}
