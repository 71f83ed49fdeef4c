import { describe, expect, it } from 'vitest'
import { checkModelName } from '../../src/registry/names.ts'
import { invisibleIn } from '../../src/wire/visible-name.ts'

describe('names: of models', () => {
  it.each([
    ['.', 'a folder'],
    ['..', 'a folder'],
    ['a\nb', 'control character'],
    ['a\u2028b', 'control character'],
    ['churn\u202e', 'cannot be seen'],
    ['ch\u200burn', 'cannot be seen'],
    ['\u2066churn', 'cannot be seen'],
    ['churn ', 'begins or ends with a blank'],
    [' churn', 'begins or ends with a blank'],
    ['ch\u00a0urn', 'a blank other than a space'],
    ['cafe\u0301', 'NFC'],
    ['a/b', "'/' or ':'"],
  ])('%j are refused', (name, says) => {
    expect(() => checkModelName(name)).toThrow(says)
  })

  it.each(['churn', 'each call 2', 'modèle', 'モデル', 'a.b-c_d', 'v1.0', '模型 2'])('%j are taken', (name) => {
    expect(checkModelName(name)).toBe(name)
    expect(invisibleIn(name)).toBeUndefined()
  })
})
