import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { alert } from '../../../src/config/alert-shapes.ts'
import { alertsOf } from '../../../src/config/alerts.ts'
import { createProbes } from '../../../src/monitoring/alerts/probes.ts'
import { followTraffic, tellTraffic } from '../../../src/monitoring/alerts/traffic-told.ts'
import type { Traffic } from '../../../src/monitoring/traffic.ts'
import { openAlertRig } from './rig.ts'

let rig: Awaited<ReturnType<typeof openAlertRig>>
beforeEach(async () => {
  rig = await openAlertRig()
})
afterEach(() => rig.close())

const saw = (perSecond: number, failedPerSecond: number, brokenPerSecond: number, p99Ms: number | null): Traffic => ({
  note: () => {},
  of: () => ({ perSecond, failedPerSecond, brokenPerSecond, p99Ms }),
})
const nothing = async () => 0
const probes = () =>
  createProbes({
    ...{ sql: rig.db, clock: rig.clock, models: ['churn'], views: async () => [], sources: async () => [] },
    ...{ notLoaded: nothing, failedFlows: nothing, refusedDeliveries: nothing },
  })
const seen = async (metric: string) => (await probes()[metric]!(0)).map(({ value }) => value)

it('traffic is of all servers together, of a time the slowest; a server that is gone is not counted', async () => {
  const told = { sql: rig.db, models: ['churn', 'other'], clock: rig.clock }
  await tellTraffic({ ...told, server: 'a', traffic: saw(30, 6, 3, 20) })
  await tellTraffic({ ...told, server: 'b', traffic: saw(10, 4, 1, 80) })
  expect(await seen('serving.per_second')).toEqual([40])
  expect(await seen('serving.refused_share')).toEqual([0.25])
  expect(await seen('serving.error_share')).toEqual([0.1])
  expect(await seen('serving.p99_ms')).toEqual([80])
  rig.forward(41_000)
  await tellTraffic({ ...told, server: 'a', traffic: saw(0, 0, 0, null) })
  expect(await seen('serving.per_second')).toEqual([0])
  expect(await seen('serving.error_share')).toEqual([null])
})

it('what no rule of the project reads is not written', () => {
  const deps = {
    sql: rig.db,
    server: 'a',
    models: ['churn'],
    traffic: saw(1, 0, 0, 1),
    clock: rig.clock,
    log: silentLog,
  }
  const [slow] = alertsOf({ slow: alert.parse({ metric: 'serving.p99_ms', above: 1 }) }, {})
  const [drifts] = alertsOf({ drifts: alert.parse({ metric: 'drift.share', above: 1 }) }, {})
  vi.useFakeTimers()
  try {
    for (const [rules, timers] of [
      [[], 0],
      [[drifts!], 0],
      [[drifts!, slow!], 1],
    ] as const) {
      const stop = followTraffic({ ...deps, rules })
      expect(vi.getTimerCount()).toBe(timers)
      stop()
      expect(vi.getTimerCount()).toBe(0)
    }
  } finally {
    vi.useRealTimers()
  }
})
