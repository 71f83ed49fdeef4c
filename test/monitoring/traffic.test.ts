import { expect, test } from 'vitest'
import { createTraffic } from '../../src/monitoring/traffic.ts'

function rig() {
  let nowMs = 1_000_000
  const traffic = createTraffic(() => nowMs)
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { traffic, pass }
}

test('the last whole minute is counted, and what is older is not', () => {
  const { traffic, pass } = rig()
  for (let i = 0; i < 120; i++) traffic.note('churn', 2, i % 4 === 0, i % 8 === 0)
  expect(traffic.of('churn')).toEqual({ perSecond: 0, failedPerSecond: 0, brokenPerSecond: 0, p99Ms: null })
  pass(1_000)
  expect(traffic.of('churn')).toMatchObject({ perSecond: 2, failedPerSecond: 0.5, brokenPerSecond: 0.25 })
  pass(59_000)
  expect(traffic.of('churn')).toMatchObject({ perSecond: 2 })
  pass(1_000)
  expect(traffic.of('churn')).toEqual({ perSecond: 0, failedPerSecond: 0, brokenPerSecond: 0, p99Ms: null })
})

test('a second that comes round again starts from nothing', () => {
  const { traffic, pass } = rig()
  for (let minute = 0; minute < 5; minute++) {
    traffic.note('churn', 1, true)
    pass(61_000)
  }
  traffic.note('churn', 1, false)
  pass(1_000)
  expect(traffic.of('churn')).toMatchObject({ perSecond: 1 / 60, failedPerSecond: 0 })
})

test('99 of 100 are within the time that is told, which is a quarter too large at most', () => {
  const { traffic, pass } = rig()
  const times = Array.from({ length: 10_000 }, (_, i) => 0.2 + ((i * 7_919) % 10_000) / 100)
  for (const ms of times) traffic.note('churn', ms, false)
  pass(1_000)
  const exact = times.toSorted((a, b) => a - b)[9_899]!
  const told = traffic.of('churn').p99Ms!
  expect(told).toBeGreaterThanOrEqual(exact)
  expect(told).toBeLessThanOrEqual(exact * 1.25)
  traffic.note('slow', 1e9, false)
  traffic.note('slow', 0, false)
  pass(1_000)
  expect(traffic.of('slow').p99Ms).toBeGreaterThan(100_000)
})

test('each model has its own numbers', () => {
  const { traffic, pass } = rig()
  traffic.note('a', 1, false)
  pass(1_000)
  expect([traffic.of('a').perSecond, traffic.of('b').perSecond]).toEqual([1 / 60, 0])
})
