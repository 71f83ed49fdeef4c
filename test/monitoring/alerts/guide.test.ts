import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ALERT_METRICS } from '../../../src/config/alert-metrics.ts'

const GUIDE = readFileSync(fileURLToPath(new URL('../../../docs/guide/alerts.md', import.meta.url)), 'utf8')

test('the guide names every figure that an alert can watch, and no other', () => {
  const rows = GUIDE.slice(GUIDE.indexOf('## What can be watched'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  const named = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([a-z_.0-9]+)`/g)].map(([, name]) => name!))
  const estimates = named
    .filter((name) => name.startsWith('quality.'))
    .map((name) => name.replace('quality.', 'estimate.'))
  expect([...named, ...estimates].sort()).toEqual(Object.keys(ALERT_METRICS).sort())
})

test('each figure says what to do', () => {
  for (const { next } of Object.values(ALERT_METRICS)) expect(next).toMatch(/\w{3}/)
})
