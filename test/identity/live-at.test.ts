import { expect, it } from 'vitest'
import type { Entry } from '../../src/identity/audit-read.ts'
import { liveAt } from '../../src/identity/live-at.ts'

const at = (day: number) => `2024-03-${String(day).padStart(2, '0')}T12:00:00.000000Z`

/** Rows of the trail, a day apart. */
function trail(...rows: Partial<Entry>[]): Entry[] {
  return rows.map((row, i) => ({
    ...{ seq: i + 1, at: at(i + 1), actor: 'anna', actorKind: 'token', token: null, origin: null, onKind: 'version' },
    ...{ onName: '', action: '', model: 'm', from: null, to: null, why: null, whyErased: false, hash: '' },
    ...row,
  }))
}

const stage = (version: number, to: string, model = 'm') => ({
  ...{ action: 'model.stage', onName: `${model}/${version}`, model, to: { stage: to } },
})
const alias = (name: string, version: number | null) => ({
  ...{ action: 'model.alias', onKind: 'alias', onName: `m@${name}`, to: version === null ? null : { version } },
})
const shown = (entries: Entry[], day: number) =>
  liveAt(entries, at(day)).map(({ model, place, version }) => `${model} ${place} ${version}`)

it('says what stood where at a moment, and not what came later', () => {
  const entries = trail(stage(1, 'Production'), stage(1, 'Archived'), stage(2, 'Production'), alias('champion', 2))
  expect(shown(entries, 1)).toEqual(['m Production 1'])
  expect(shown(entries, 3)).toEqual(['m Archived 1', 'm Production 2'])
  expect(shown(entries, 4)).toEqual(['m Archived 1', 'm Production 2', 'm champion 2'])
  expect(liveAt(entries, '2024-03-01T11:59:59.999999Z')).toEqual([])
  expect(liveAt(entries, at(3)).at(-1)).toMatchObject({ by: 'anna', since: at(3), seq: 3 })
})

it('an alias that moved or was taken away, and a version that was deleted, stand nowhere any more', () => {
  const gone = { action: 'version.deleted', onName: 'm/2' }
  const entries = trail(alias('a', 1), alias('a', 2), stage(2, 'Staging'), gone, alias('b', 1), alias('b', null))
  expect(shown(entries, 2)).toEqual(['m a 2'])
  expect(shown(entries, 4)).toEqual([])
  expect(shown(entries, 5)).toEqual(['m b 1'])
  expect(shown(entries, 6)).toEqual([])
})

it('a deleted model is still told of, and one made anew of its name has nothing of it', () => {
  const deleted = { action: 'model.deleted', onKind: 'model', onName: 'm' }
  const entries = trail(stage(7, 'Production'), deleted, stage(1, 'Staging'))
  expect(liveAt(entries, at(1))).toMatchObject([{ version: 7, deletedAt: at(2) }])
  expect(shown(entries, 2)).toEqual([])
  expect(liveAt(entries, at(3))).toMatchObject([{ version: 1, place: 'Staging', deletedAt: null }])
})

it('a renamed model stands under the name that it had then', () => {
  const renamed = {
    action: 'model.renamed',
    onKind: 'model',
    onName: 'n',
    model: 'n',
    from: { name: 'm' },
    to: { name: 'n' },
  }
  const deleted = { action: 'model.deleted', onKind: 'model', onName: 'n', model: 'n' }
  const entries = trail(stage(1, 'Production'), renamed, stage(2, 'Staging', 'n'), deleted)
  expect(liveAt(entries, at(1))).toMatchObject([{ model: 'm', renamedTo: 'n', deletedAt: at(4) }])
  expect(shown(entries, 3)).toEqual(['n Production 1', 'n Staging 2'])
  expect(shown(entries, 4)).toEqual([])
})
