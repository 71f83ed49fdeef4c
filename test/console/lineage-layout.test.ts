import { expect, test } from 'vitest'
import { layoutOf, NODE_HEIGHT, NODE_WIDTH } from '../../console/pages/lineage/layout.ts'
import { inOrder, nodeTitle, periodText } from '../../console/pages/lineage/names.ts'
import type { LineageAnswer, LineageNode } from '../../src/wire/lineage.ts'

const node = (id: string, more: Partial<LineageNode> = {}): LineageNode => {
  const kind = id.split(':')[0] as LineageNode['kind']
  const bare = { at: null, rows: null, state: null, says: null, delivery: null, experiment: null, periods: null }
  return { id, kind, name: id.slice(kind.length + 1), ...bare, ...more }
}
const answer = (nodes: LineageNode[], edges: [string, string][]): LineageAnswer => ({
  of: nodes[0]!.id,
  nodes,
  edges: edges.map(([from, to]) => ({ from, to })),
  complete: true,
  unanswered: null,
})

test('what came of something stands right of it, and no two things cover each other', () => {
  const ids = ['file:f', 'snapshot:s/1/v1', 'training_set:t', 'training_set:u', 'view:v', 'run:r']
  const found = layoutOf(
    answer(
      ids.map((id) => node(id)),
      [
        ['file:f', 'snapshot:s/1/v1'],
        ['snapshot:s/1/v1', 'training_set:t'],
        ['snapshot:s/1/v1', 'training_set:u'],
        ['snapshot:s/1/v1', 'view:v'],
        ['training_set:t', 'run:r'],
      ],
    ),
  )
  const at = (id: string) => found.places.get(id)!
  expect(at('file:f').x + NODE_WIDTH).toBeLessThan(at('snapshot:s/1/v1').x)
  expect(at('training_set:t').x + NODE_WIDTH).toBeLessThan(at('run:r').x)
  for (const a of ids) {
    for (const b of ids) {
      const apart = Math.abs(at(a).x - at(b).x) >= NODE_WIDTH || Math.abs(at(a).y - at(b).y) >= NODE_HEIGHT
      expect(a === b || apart, `${a} and ${b}`).toBe(true)
    }
  }
  expect(found.height).toBeGreaterThanOrEqual(3 * NODE_HEIGHT)
})

test('a thing that was asked about alone is drawn as well', () => {
  expect(layoutOf(answer([node('file:f')], [])).places.get('file:f')).toEqual({ x: 0, y: 0 })
})

test('things have the names that people know them by, and stand in the order in which one comes of the other', () => {
  const of = (name: string) => `Answers of ${name}`
  expect(nodeTitle(node('version:a/b/3'), of)).toBe('a/b 3')
  expect(nodeTitle(node('file:0123456789abcdef', { says: 'users.csv' }), of)).toBe('users.csv')
  expect(nodeTitle(node('file:0123456789abcdef'), of)).toBe('0123456789ab')
  expect(inOrder([node('answers:m/1'), node('run:r'), node('file:f')]).map(({ kind }) => kind)).toEqual([
    'file',
    'run',
    'answers',
  ])
  const from = '2024-01-01T00:00:00.000000Z'
  const until = (to: string) => `until ${to}`
  expect(periodText(node('answers:m/1', { periods: [{ from, to: null }] }), until, 'now')).toBe('now')
  const past = node('answers:m/1', { periods: [{ from, to: '2024-02-01T10:00:00.000000Z' }] })
  expect(periodText(past, until, 'now')).toBe('until 2024-02-01')
})
