import { Graph, layout } from '@dagrejs/dagre'
import type { LineageAnswer } from '../../../src/wire/lineage.ts'

export const NODE_WIDTH = 200
export const NODE_HEIGHT = 74

type Point = { x: number; y: number }
export type Layout = { places: Map<string, Point>; bends: Map<string, Point[]>; height: number }

export const edgeId = ({ from, to }: { from: string; to: string }): string => `${from} ${to}`

/**
 * Where each thing stands, from what came first at the left (where it is narrow: above) to what came last at the right
 * (below), and how lines go around what stands between.
 */
export function layoutOf({ nodes, edges }: LineageAnswer, narrow = false): Layout {
  const graph = new Graph()
  graph.setGraph({ rankdir: narrow ? 'TB' : 'LR', nodesep: 18, ranksep: 34 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of nodes) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT })
  for (const { from, to } of edges) graph.setEdge(from, to)
  layout(graph)
  const places = nodes.map(({ id }): [string, Point] => {
    const { x = 0, y = 0 } = graph.node(id) as Partial<Point>
    return [id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }]
  })
  const bends = edges.map((edge): [string, Point[]] => {
    const { points = [] } = graph.edge(edge.from, edge.to) as { points?: Point[] }
    return [edgeId(edge), points]
  })
  const height = Math.max(0, ...places.map(([, { y }]) => y)) + NODE_HEIGHT
  return { places: new Map(places), bends: new Map(bends), height }
}
