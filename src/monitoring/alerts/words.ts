import type { AlertRule } from '../../config/alerts.ts'
import type { Reading } from './readings.ts'

/** `drift.share of model churn (version 3)`, what is wrong in a sentence. */
export function saysOf(rule: AlertRule, reading: Reading, why: string): string {
  const { on, part, arm, version } = reading
  const details = [
    part === null ? [] : [part],
    arm === null ? [] : [arm],
    version === null ? [] : [`version ${version}`],
  ].flat()
  const of = `${on.kind} ${on.name}${details.length > 0 ? ` (${details.join(', ')})` : ''}`
  return `${rule.metric} of ${of} is ${rounded(reading.value)}: ${why}`
}

function rounded(value: number | null): string {
  return value === null ? 'unknown' : String(Number(value.toPrecision(6)))
}
