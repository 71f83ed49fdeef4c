import type { Cell } from '../../../src/wire/runs.ts'
import { Status, type Tone } from '../../ui/badge.tsx'
import { durationText, numberText } from '../../ui/format.ts'
import { When } from '../../ui/when.tsx'

const TONES: Record<string, Tone> = {
  RUNNING: 'info',
  SCHEDULED: 'neutral',
  FINISHED: 'good',
  FAILED: 'bad',
  KILLED: 'warn',
}

export function toneOf(status: string): Tone {
  return TONES[status] ?? 'neutral'
}

/** One value of a run. No value is left blank: a dash says so. */
export function RunCell({ column, value, language }: { column: string; value: Cell; language: string }) {
  if (value === null) return <span className="quiet">–</span>
  if (column === 'attributes.status') return <Status tone={toneOf(String(value))}>{String(value).toLowerCase()}</Status>
  if (column.startsWith('attributes.') && column.endsWith('_time')) return <When at={String(value)} />
  if (column === 'attributes.duration' && typeof value === 'number') {
    return <span title={`${value} ms`}>{durationText(value, language)}</span>
  }
  if (typeof value === 'number') return <span title={String(value)}>{numberText(value, language)}</span>
  return <span title={value}>{value}</span>
}

export function isNumberColumn(column: string): boolean {
  return /^(metrics|min|max)\./.test(column) || column === 'attributes.duration' || column === 'attributes.children'
}
