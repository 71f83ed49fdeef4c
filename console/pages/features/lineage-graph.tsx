import { graphlib, layout } from '@dagrejs/dagre'
import { Handle, type Node, type NodeProps, Position, ReactFlow } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useMemo } from 'react'
import { useWords } from '../../words/words.tsx'
import type { LineageEdge, LineageNode } from './lineage.ts'
import './lineage-graph.css'

const WIDTH = 164
const HEIGHT = 52

/** On a telephone it leads from above to below. */
const NARROW = '(max-width: 640px)'

type Box = Node<{ node: LineageNode; kind: string; down: boolean }>

/** A graph from left to right; its boxes lead to the pages of what they are. */
export function LineageGraph({ label, nodes, edges }: { label: string; nodes: LineageNode[]; edges: LineageEdge[] }) {
  const w = useWords().features
  const down = window.matchMedia(NARROW).matches
  const placed = useMemo(() => place(nodes, edges, down), [nodes, edges, down])
  const boxes: Box[] = nodes.map((node) => ({
    id: node.id,
    type: 'box',
    position: placed.at.get(node.id) ?? { x: 0, y: 0 },
    data: { node, kind: w.kinds[node.kind], down },
    draggable: false,
    connectable: false,
    focusable: false,
    width: WIDTH,
    height: HEIGHT,
  }))
  const lines = edges.map(({ from, to }) => ({ id: `${from} → ${to}`, source: from, target: to, focusable: false }))
  return (
    <div className="lineage" style={{ height: Math.max(120, placed.height + 40) }} role="group" aria-label={label}>
      <ReactFlow
        nodes={boxes}
        edges={lines}
        nodeTypes={TYPES}
        fitView
        minZoom={0.2}
        fitViewOptions={{ padding: 0.08, maxZoom: 1 }}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
      />
    </div>
  )
}

// React Flow takes an element of class `source` or `target` for a handle of its own: a kind has another name there.
function BoxView({ data: { node, kind, down } }: NodeProps<Box>) {
  const text = (
    <>
      <span className="lineage-kind">{kind}</span>
      <span className="one-line" title={node.name}>
        {node.name}
      </span>
    </>
  )
  return (
    <>
      <Handle type="target" position={down ? Position.Top : Position.Left} className="lineage-handle" />
      {node.href === null ? (
        <div className={`lineage-box of-${node.kind}`}>{text}</div>
      ) : (
        <a className={`lineage-box nodrag nopan of-${node.kind}`} href={node.href}>
          {text}
        </a>
      )}
      <Handle type="source" position={down ? Position.Bottom : Position.Right} className="lineage-handle" />
    </>
  )
}

const TYPES = { box: BoxView }

function place(nodes: readonly LineageNode[], edges: readonly LineageEdge[], down: boolean) {
  const graph = new graphlib.Graph()
  graph.setGraph({ rankdir: down ? 'TB' : 'LR', nodesep: 18, ranksep: 34 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const node of nodes) graph.setNode(node.id, { width: WIDTH, height: HEIGHT })
  for (const edge of edges) graph.setEdge(edge.from, edge.to)
  layout(graph)
  const at = new Map(
    nodes.map(({ id }) => {
      const { x, y } = graph.node(id)
      return [id, { x: x - WIDTH / 2, y: y - HEIGHT / 2 }] as const
    }),
  )
  return { at, height: graph.graph().height ?? HEIGHT }
}
