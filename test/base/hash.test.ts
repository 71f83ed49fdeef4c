import { expect, it } from 'vitest'
import { canonicalJson, digestOf, sha256Hex } from '../../src/base/hash.ts'

it('writes equal values as equal text, whatever the order of their keys', () => {
  expect(canonicalJson({ b: 1, a: [{ d: 2, c: undefined }] })).toBe('{"a":[{"d":2}],"b":1}')
  expect(digestOf({ a: 1, b: 2 })).toBe(digestOf({ b: 2, a: 1 }))
})

it('keeps integers beyond 2^53 exact', () => {
  expect(canonicalJson({ n: 9007199254740993n })).toBe('{"n":"9007199254740993"}')
})

it('is SHA-256', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
