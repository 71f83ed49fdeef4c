import { describe, expect, it } from 'vitest'
import { type ListAnswer, listJson, textOrStream } from '../../src/wire/json-stream.ts'
import { withTurns } from '../helpers/turns.ts'

async function* pages(...lists: unknown[][]): AsyncGenerator<string[]> {
  for (const list of lists) yield list.map((item) => JSON.stringify(item))
}

async function text(answer: ListAnswer): Promise<{ text: string; pieces: number }> {
  const given: string[] = []
  for await (const piece of listJson(answer)) given.push(piece)
  return { text: given.join(''), pieces: given.length }
}

describe('a long list as JSON', () => {
  it.each<[string, object, unknown[][], object, object]>([
    ['nothing at all', {}, [], {}, {}],
    ['an empty list', { a: 1 }, [[]], { b: undefined }, { a: 1 }],
    ['only what comes after', {}, [], { b: 2 }, { b: 2 }],
    ['both sides of an empty list', { a: 1 }, [], { b: 2 }, { a: 1, b: 2 }],
    ['one item', {}, [[5]], {}, { l: [5] }],
    ['pages, some empty', { a: 1 }, [[1, 2], [], [3]], { b: 2 }, { a: 1, l: [1, 2, 3], b: 2 }],
  ])('with %s', async (_what, before, lists, after, expected) => {
    expect(JSON.parse((await text({ before, name: 'l', items: pages(...lists), after })).text)).toEqual(expected)
  })

  it('of many megabytes comes in pieces', async () => {
    const items = Array.from({ length: 3_000 }, (_, i) => ({ i, text: 'x"'.repeat(300) }))
    const made = await text({ name: 'l', items: pages(items.slice(0, 10), items.slice(10)), after: { end: true } })
    expect(JSON.parse(made.text)).toEqual({ l: items, end: true })
    expect(made.pieces).toBeGreaterThan(20)
  })

  it('H3: gives everybody else a turn between two pieces, also of one page', async () => {
    const items = Array.from({ length: 3_000 }, (_, i) => ({ i, text: 'x'.repeat(600) }))
    const { answer, turns } = await withTurns(() => text({ name: 'l', items: pages(items) }))
    expect(turns).toBeGreaterThanOrEqual(answer.pieces - 1)
  })

  it('is one text when it is short, and fails before the first piece as any call does', async () => {
    expect(await textOrStream(listJson({ name: 'l', items: pages([1]) }))).toBe('{"l":[1]}')
    const broken = (async function* (): AsyncGenerator<string[]> {
      yield Promise.reject(new Error('no'))
    })()
    await expect(textOrStream(listJson({ name: 'l', items: broken }))).rejects.toThrow('no')
  })
})
