import { describe, expect, it } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import type { Project } from '../../src/config/project.ts'
import type { EntityKey } from '../../src/features/define/keys.ts'
import type { Features } from '../../src/features/features.ts'
import { createLastKnown } from '../../src/serving/last-known.ts'

const HOUR = 3_600_000

function rig({ entities = 10, maxAgeMs = HOUR } = {}) {
  let now = 0
  let error: Error | undefined
  let before = async () => {}
  const project = {
    models: [
      { name: 'allows', serving: { lastKnownFeatures: { maxAgeMs, entities } } },
      { name: 'also', serving: { lastKnownFeatures: { maxAgeMs, entities } } },
      { name: 'forbids', serving: { lastKnownFeatures: null } },
    ],
  } as unknown as Pick<Project, 'models'>
  const features = {
    readEntities: async (_service: string, keys: readonly EntityKey[]) => {
      await before()
      if (error) throw error
      return keys.map((key) => ({
        found: !key[0]!.startsWith('nobody'),
        values: [key[0], now],
        statuses: ['PRESENT', 'PRESENT'],
        viewTimes: [null],
        lostViews: [],
      }))
    },
  } as unknown as Pick<Features, 'readEntities'>
  const known = createLastKnown({ project, features, nowMs: () => now })
  return {
    known,
    read: (model: string, ...keys: string[]) =>
      known.read(
        model,
        's',
        keys.map((key) => [key]),
      ),
    away(is: Error | undefined = new PlatformError('unavailable', 'the database does not answer')) {
      error = is
    },
    pass(ms: number) {
      now += ms
    },
    meanwhile(what: () => void) {
      before = async () => what()
    },
  }
}

describe('the last known features', () => {
  it('used only while a read fails because something is away, for a model that allows it, with the moment of the reading', async () => {
    const r = rig()
    r.pass(5)
    await r.read('allows', 'a', 'b')
    await r.read('forbids', 'a')
    r.pass(10)
    r.away()
    expect(await r.read('allows', 'b', 'a')).toMatchObject([
      { values: ['b', 5], readAtMs: 5 },
      { values: ['a', 5], readAtMs: 5 },
    ])
    await expect(r.read('forbids', 'a')).rejects.toMatchObject({ code: 'unavailable' })
    await expect(r.read('also', 'a')).rejects.toMatchObject({ code: 'unavailable' })
    r.away(new PlatformError('invalid_argument', 'a key'))
    await expect(r.read('allows', 'a')).rejects.toMatchObject({ code: 'invalid_argument' })
    r.away(new TypeError('a fault of ours'))
    await expect(r.read('allows', 'a')).rejects.toThrow(TypeError)
  })

  it('keys that are not remembered are refused each for itself; when none is, all of it', async () => {
    const r = rig()
    await r.read('allows', 'a', 'nobody')
    r.away()
    expect(await r.read('allows', 'a', 'nobody', 'c')).toMatchObject([
      { readAtMs: 0 },
      { away: { code: 'unavailable' } },
      { away: { code: 'unavailable' } },
    ])
    await expect(r.read('allows', 'c', 'nobody')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('never when they were read longer ago than the project file says', async () => {
    const r = rig()
    await r.read('allows', 'a')
    r.away()
    r.pass(HOUR)
    expect(await r.read('allows', 'a')).toMatchObject([{ readAtMs: 0 }])
    r.pass(1)
    await expect(r.read('allows', 'a')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('bounded: of each model so many entities, those read last', async () => {
    const r = rig({ entities: 1_000 })
    for (let i = 0; i < 70_000; i++) {
      await r.read('allows', `key ${i}`)
      if (i % 500 === 0) await r.read('allows', 'often')
    }
    expect(r.known.count('allows')).toBe(1_000)
    r.away()
    expect(await r.read('allows', 'often', 'key 69999')).toMatchObject([{ readAtMs: 0 }, { readAtMs: 0 }])
    await expect(r.read('allows', 'key 1')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('forgotten whole when something changes; what was being read meanwhile is not kept', async () => {
    const r = rig()
    await r.read('allows', 'a')
    r.known.forget()
    r.meanwhile(() => r.known.forget())
    await r.read('allows', 'b')
    r.away()
    for (const key of ['a', 'b']) await expect(r.read('allows', key)).rejects.toMatchObject({ code: 'unavailable' })
  })
})
