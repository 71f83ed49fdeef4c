import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { gatherRuns } from '../../src/events/changed-runs.ts'
import type { Happening } from '../../src/events/events.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('tells of all runs that changed within a second at once, each once, and nothing while nothing changes', () => {
  const told: Happening[] = []
  const change = gatherRuns((event) => told.push(event))
  for (let i = 0; i < 1_000; i++) change({ runId: `r${i % 3}` })
  change({ runId: 'new', made: '7' })
  expect(told).toEqual([])
  vi.advanceTimersByTime(1_000)
  expect(told).toEqual([{ type: 'tracked', runs: ['r0', 'r1', 'r2', 'new'], experiments: ['7'] }])
  vi.advanceTimersByTime(60_000)
  expect(told).toHaveLength(1)
  change({ runId: 'r1' })
  vi.advanceTimersByTime(1_000)
  expect(told[1]).toEqual({ type: 'tracked', runs: ['r1'], experiments: [] })
})

it('names none where they are too many for a notification', () => {
  const told: Happening[] = []
  const change = gatherRuns((event) => told.push(event))
  for (let i = 0; i < 151; i++) change({ runId: `r${i}` })
  vi.advanceTimersByTime(1_000)
  expect(told).toEqual([{ type: 'tracked', runs: null, experiments: null }])
})
