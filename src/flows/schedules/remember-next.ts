import { dueAfter } from '../../base/due-times.ts'
import { type Instant, instantOfMs } from '../../base/instant.ts'
import type { Rule } from './rule.ts'

const NEXT = 5

/** The next due times of schedules: a list is read often, and they change seldom. */
export function rememberNext(): (rule: Rule, fromMs: number) => Instant[] {
  const times = new Map<string, { fromMs: number; due: number[] }>()
  return ({ name, timing }, fromMs) => {
    if (timing === null) return []
    const kept = times.get(name)
    const still = kept && kept.fromMs <= fromMs && fromMs < (kept.due[0] ?? Number.POSITIVE_INFINITY)
    const due = still ? kept.due : dueAfter(timing, fromMs, NEXT)
    if (!still) times.set(name, { fromMs, due })
    return due.map((ms) => instantOfMs(ms))
  }
}
