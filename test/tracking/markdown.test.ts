import { expect, test } from 'vitest'
import { markdownBlocks } from '../../src/tracking/preview/markdown.ts'

test('quotes that are too deep to be taken apart in time are shown as text, others are not', () => {
  expect(markdownBlocks(`${'> '.repeat(39)}end`, '.')).toMatchObject([{ kind: 'quote' }])
  expect(markdownBlocks(`${'> '.repeat(41)}end`, '.')).toBeUndefined()
})

test('a paragraph that is too long to be taken apart in time is shown as its text, others are not', () => {
  const long = `**b** ${'a'.repeat(3_000)}`
  expect(markdownBlocks(long, '.')).toEqual([{ kind: 'paragraph', parts: [{ kind: 'text', text: long }] }])
  expect(markdownBlocks('**b** a', '.')).toMatchObject([{ parts: [{ kind: 'strong' }, { kind: 'text' }] }])
})
