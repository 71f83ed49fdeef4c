import { addMs, type Instant, nextInstant, parseInstant } from '../../src/base/instant.ts'
import type { Prng } from '../../src/base/prng.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Project, Source } from '../../src/config/project.ts'
import type { Cell, Rig } from './rig.ts'

/**
 * Random histories for the time machine: a source of whole states and one of changes with tombstones, composite keys, two
 * deliveries of one moment, rows that are known late, microseconds, the hour that daylight saving gives twice, withdrawals.
 */
export const DAY_MS = 86_400_000
const START = parseInstant('2024-10-20')
/** 02:30 of the day on which clocks are set back, before and after. */
const TWICE = ['2024-10-27T02:30:00+02:00', '2024-10-27T02:30:00+01:00'].map((text) => parseInstant(text))
export const KEYS: [number, string][] = [
  [1, 'x'],
  [12, '3'],
  [1, '23'],
  [-5, "o'b"],
]

export type Made = { project: Project; known: Instant[]; moments: Instant[] }

export async function makeHistory(rig: Rig, random: Prng, name: string): Promise<Made> {
  const project = projectOf(name)
  const [states, changes] = project.sources as [Source, Source]
  const known: Instant[] = []
  // Later than all that is described: nothing may be asked of the future.
  rig.clock.set(Math.max(rig.clock.nowMs(), Date.UTC(2024, 10, 5)))
  const moments = [...TWICE, ...Array.from({ length: 8 }, () => randomMoment(random))].sort()
  const moment = () => moments[random.int(moments.length)] as Instant
  const value = () => (random.int(4) === 0 ? null : random.int(50))
  for (let i = 0; i < 9; i++) {
    if (random.int(2) === 0) {
      const rows = someKeys(random).map((key) => [...key, value(), random.int(3) === 0 ? 0 : 1])
      await rig.deliverRows(states, addMs(START, random.int(10) * DAY_MS), rows)
    } else {
      const rows = Array.from({ length: 1 + random.int(5) }, () => {
        const at = moment()
        const created = random.int(4) === 0 ? null : random.int(2) === 0 ? at : moment()
        return [...KEYS[random.int(KEYS.length)]!, at, created, value(), random.int(5) === 0] as Cell[]
      })
      await rig.deliverRows(changes, '2024-11-01', rows)
    }
    known.push(await rig.lake.pinKnownAt())
    rig.clock.advance(DAY_MS)
    if (random.int(4) === 0) await withdrawOne(rig, project, random, `${name} ${i}`)
    known.push(await rig.lake.pinKnownAt())
  }
  return { project, known, moments: [...moments, ...moments.map(nextInstant), START, addMs(START, 10 * DAY_MS)] }
}

async function withdrawOne(rig: Rig, project: Project, random: Prng, request: string): Promise<void> {
  const there = (await Promise.all(project.sources.map((s) => rig.lake.list({ source: s.name })))).flat()
  const one = there[random.int(there.length)]
  if (one === undefined) return
  const { source, validAt, version } = one
  await rig.lake.withdraw({ source, validAt, version, actor: 'test', reason: 'wrong', request })
}

function someKeys(random: Prng): [number, string][] {
  return KEYS.filter(() => random.int(4) > 0)
}

function randomMoment(random: Prng): Instant {
  const day = addMs(START, random.int(12) * DAY_MS)
  return random.int(2) === 0 ? day : nextInstant(addMs(day, random.int(DAY_MS)))
}

function projectOf(name: string): Project {
  return normalizeProject(
    {
      name: 'random',
      sources: {
        [`${name}_states`]: { key: ['a', 'b'], columns: { a: 'Int64', b: 'String', v: 'Int64', d: 'Float64' } },
        [`${name}_changes`]: {
          kind: 'changes',
          key: ['a', 'b'],
          columns: { a: 'Int64', b: 'String', ts: 'UnixTimestamp', created: 'UnixTimestamp', w: 'Int64', gone: 'Bool' },
          eventTime: 'ts',
          availableAt: 'created',
          deleted: 'gone',
        },
      },
      entities: { thing: { joinKeys: { a: 'Int64', b: 'String' } } },
      featureViews: {
        states_fv: {
          entity: 'thing',
          source: `${name}_states`,
          ttl: '3d',
          // NaN, infinite, or a number: a value that JSON cannot hold is one nevertheless.
          features: {
            v: 'Int64',
            ratio: { type: 'Float64', sql: "CASE WHEN d = 0 THEN 'nan'::DOUBLE ELSE v / d END" },
          },
        },
        changes_fv: { entity: 'thing', source: `${name}_changes`, ttl: '5d', features: { w: 'Int64' } },
      },
      featureServices: { service: ['states_fv', 'changes_fv'] },
    },
    '/',
  )
}
