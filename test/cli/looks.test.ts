import { once } from 'node:events'
import { createServer } from 'node:net'
import { Command } from 'commander'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Instant } from '../../src/base/instant.ts'
import { commandsByGroup } from '../../src/cli/command-table.ts'
import { printProject } from '../../src/cli/commands/check.ts'
import { statisticsRow } from '../../src/cli/commands/stats.ts'
import { formatDuration, formatSize, shortId, shownFrom, shownMs, shownTime } from '../../src/cli/format.ts'
import { nextFreePort, requireFreePort } from '../../src/cli/free-port.ts'
import { createOutput } from '../../src/cli/output.ts'
import type { FeatureStatistics } from '../../src/features/offline/statistics.ts'
import { loadStreamflow } from '../features/real-data.ts'

afterEach(() => vi.restoreAllMocks())

/** What makes a project has none yet, and none of its settings. */
const commands = commandsByGroup()
  .flatMap(([, list]) => list.map(({ name, load }) => ({ name, load })))
  .filter(({ name }) => name !== 'init')

async function helpOf(name: string): Promise<string> {
  const { load } = commands.find((c) => c.name === name)!
  const command = new Command(name)
  ;(await load()).define(command)
  return command.helpInformation()
}

describe('the help of each command', () => {
  test.each(commands.map(({ name }) => name))(
    '%s: its own options, then the three for all, then the settings',
    async (name) => {
      const help = await helpOf(name)
      const headings = [...help.matchAll(/^(\S.*):$/gm)].map((m) => m[1])
      const expected = ['Arguments', 'Options', 'Common options', 'Settings, also from the environment']
      expect(headings).toEqual(expected.filter((heading) => headings.includes(heading)))
      expect(/^Common options:\n +--project .*(?:\n {6,}.*)*\n +--json .*\n +-h, --help/m.test(help)).toBe(true)
      expect(help.indexOf('--home')).toBeGreaterThan(help.indexOf('-h, --help'))
    },
  )

  test.each(commands.map(({ name }) => name))('%s names no default twice', async (name) => {
    for (const line of (await helpOf(name)).replaceAll(/\n {10,}/g, ' ').split('\n'))
      expect(line.match(/\(default/g)?.length ?? 0).toBeLessThan(2)
  })
})

test('a Bool has no least, mean or greatest value; a Float32 is shown by its fewest digits', () => {
  const base = { nulls: 0, nullShare: 0, distinct: 2, quantiles: null, top: [{ value: 'true', count: 3 }] }
  const bool = { ...base, name: 'active', type: 'Bool', min: 0, max: 1, mean: 0.75 } as FeatureStatistics
  expect(statisticsRow(bool)).toEqual(['active', 'Bool', '0.0 %', null, null, null, 2, 'true 3'])
  const float = {
    ...bool,
    type: 'Float32',
    min: Math.fround(18.6),
    max: Math.fround(0.1),
    mean: 1,
    top: null,
  } as FeatureStatistics
  expect(statisticsRow(float).slice(3, 6)).toEqual(['18.6', 1, '0.1'])
})

test.each([80, 120])('check prints one feature a line, none wider than %i columns', async (columns) => {
  let text = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    text += piece
    return true
  })
  const project = await loadStreamflow()
  printProject({ ...project, dir: '/project' }, createOutput({}))
  const features = project.featureViews.flatMap((view) => view.features)
  for (const { name } of features) expect(text).toMatch(new RegExp(`^${name} +\\w+ +\\w+$`, 'm'))
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns)
})

test('times of tables are whole seconds, and ids are short; what is given to --known-at names what is shown', () => {
  const instant = '2026-11-26T21:45:27.123456Z' as Instant
  expect(shownTime(instant)).toBe('2026-11-26T21:45:27Z')
  expect(shownFrom(instant)).toBe('2026-11-26T21:45:28Z')
  expect(shownFrom('2026-11-26T21:45:27.000000Z' as Instant)).toBe('2026-11-26T21:45:27Z')
  expect(shownTime('2026-11-26T00:00:00.000000Z' as Instant)).toBe('2026-11-26')
  expect(shownFrom('2026-12-31T23:59:59.000001Z' as Instant)).toBe('2027-01-01')
  expect(shortId('0123456789abcdef0123456789abcdef')).toBe('0123456789ab')
  expect(shortId('my-run')).toBe('my-run')
  expect([formatSize(812), formatSize(1_234_567), formatSize(250e9)]).toEqual(['812 bytes', '1.2 MB', '250 GB'])
  expect([45_000, 200_000, 7_500_000].map(formatDuration)).toEqual(['45 s', '3 min 20 s', '2 h 5 min'])
})

test('a taken port is refused with what to do, and the next one is found', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  try {
    const place = { host: '127.0.0.1', port }
    await expect(requireFreePort(place)).rejects.toThrow(/port \d+ on 127\.0\.0\.1 is taken.*--port/)
    expect(await nextFreePort(place)).toBeGreaterThan(port)
    await requireFreePort({ ...place, port: 0 })
    expect(await nextFreePort({ ...place, port: 0 })).toBe(0)
  } finally {
    taken.close()
  }
})

test('the start of a run that has no date is shown as it was given, and keeps no other from being shown', () => {
  const micros = 1_706_659_200_000_000
  expect([Date.UTC(2024, 0, 31), micros, -(2 ** 53)].map(shownMs)).toEqual([
    '2024-01-31',
    `${micros} ms`,
    `${-(2 ** 53)} ms`,
  ])
})
