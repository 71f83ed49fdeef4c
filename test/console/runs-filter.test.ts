import { describe, expect, it } from 'vitest'
import {
  completionAt,
  fieldText,
  suggestionsFor,
  valueText,
} from '../../console/pages/experiments/filter-completion.ts'
import { parseFilter } from '../../src/mlflow/search/parser.ts'

/** `|` is the caret. */
function at(text: string) {
  const caret = text.indexOf('|')
  return completionAt(text.replace('|', ''), caret)
}
const names = [
  { column: 'metrics.val/loss', runs: 9 },
  { column: 'metrics.my metric', runs: 2 },
  { column: 'params.kind', runs: 9 },
]
const texts = (filter: string, more: Parameters<typeof suggestionsFor>[1] = { names }) =>
  suggestionsFor(at(filter)!, more).map(({ text }) => text)

describe('the completion of a filter', () => {
  it.each([
    ['|', 'field', ''],
    ['met|', 'field', 'met'],
    ['metrics.|', 'field', 'metrics.'],
    ['metrics.`val lo|', 'field', 'metrics.`val lo'],
    ['metrics.loss |', 'operator', ''],
    ['metrics.loss >|', 'operator', '>'],
    ['metrics.loss > |', 'value', ''],
    ["params.kind = 'for|", 'value', "'for"],
    ['params.kind NOT |', 'operator', ''],
    ["params.kind IN ('a', |", 'value', ''],
    ["params.kind IN ('a') |", 'and', ''],
    ['params.kind IS NULL a|', 'and', 'a'],
    ['metrics.loss > 1 AND |', 'field', ''],
    ["params.kind = 'a and b' and tags.|", 'field', 'tags.'],
    ['metrics."a ""b"" > 1" < 2 |', 'and', ''],
  ])('%s expects %s', (text, kind, typed) => {
    expect(at(text)).toMatchObject({ kind, typed })
  })

  it('replaces the whole of what the caret stands in', () => {
    expect(at('met|rics.loss > 1')).toMatchObject({ from: 0, to: 12 })
    expect(at('metrics.loss > 1 AND par|ams.x = 1')).toMatchObject({ from: 21, to: 29 })
  })

  it('offers kinds, names that fit, and what is known of a run', () => {
    expect(texts('|')).toEqual(expect.arrayContaining(['metrics.', 'params.', 'metrics.val/loss ', 'params.kind ']))
    expect(texts('metrics.LO|')).toEqual(['metrics.val/loss '])
    expect(texts('max.|')).toEqual(['max.val/loss ', 'max.`my metric` '])
    expect(texts('stat|')).toEqual(['attributes.status '])
    expect(texts('metrics.loss |')).toEqual(['> ', '>= ', '< ', '<= ', '= ', '!= '])
    expect(texts('params.kind i|')).toEqual(['ILIKE ', 'IN ', 'IS NULL ', 'IS NOT NULL '])
    expect(texts("status = 'F|")).toEqual(["'FINISHED' ", "'FAILED' "])
    expect(texts("params.kind = 'it|", { values: [{ value: "it's", runs: 3 }] })).toEqual(["'it''s' "])
    expect(texts('metrics.a > 1 |')).toEqual(['AND '])
  })

  it('writes every name and value so that the search reads it back', () => {
    const keys = ['loss', 'val/loss', 'a b', 'a.b', 'sys/gpu-1', 'ta`ck', 'quo"te', 'both`"', '1st', 'é', 'a > 1 AND b']
    for (const key of keys) {
      const value = `${key}'s`
      expect(parseFilter(`${fieldText('params', key)} = ${valueText(value)}`)).toEqual([
        { identifier: { entity: 'params', key }, operator: '=', values: [{ kind: 'string', text: value }] },
      ])
    }
  })
})
