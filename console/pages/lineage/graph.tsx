import {
  Background,
  BaseEdge,
  Controls,
  type Edge,
  type EdgeProps,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { curveBasis, line } from 'd3-shape'
import { useMemo, useSyncExternalStore } from 'react'
import type { LineageAnswer, LineageNode } from '../../../src/wire/lineage.ts'
import { useWords } from '../../words/words.tsx'
import { edgeId, layoutOf, NODE_HEIGHT, NODE_WIDTH } from './layout.ts'
import { NodeState } from './lineage-table.tsx'
import { nodeTitle } from './names.ts'
import { NodeLink } from './node-link.tsx'

type Thing = Node<{ of: LineageNode; asked: boolean; narrow: boolean }, 'thing'>

type Bent = Edge<{ points: { x: number; y: number }[] }, 'bent'>

const NODES = { thing: ThingNode }
const EDGES = { bent: BentEdge }
/** Lower where there is little to draw. */
const [HEIGHT_MIN, HEIGHT_MAX] = [260, 620]
const NARROW = '(max-width: 640px)'

function useNarrow(): boolean {
  return useSyncExternalStore(
    (hear) => {
      const query = matchMedia(NARROW)
      query.addEventListener('change', hear)
      return () => query.removeEventListener('change', hear)
    },
    () => matchMedia(NARROW).matches,
  )
}

/** The picture; the table below it says the same. */
export default function LineageGraph({ of }: { of: LineageAnswer }) {
  const w = useWords().lineage
  const narrow = useNarrow()
  const { nodes, edges, height } = useMemo(() => {
    const { places, bends, height: needed } = layoutOf(of, narrow)
    const things = of.nodes.map((node): Thing => {
      const position = places.get(node.id) ?? { x: 0, y: 0 }
      const data = { of: node, asked: node.id === of.of, narrow }
      return { id: node.id, type: 'thing', position, data, width: NODE_WIDTH, height: NODE_HEIGHT }
    })
    const lines = of.edges.map((edge): Bent => {
      const id = edgeId(edge)
      return { id, type: 'bent', source: edge.from, target: edge.to, data: { points: bends.get(id) ?? [] } }
    })
    return { nodes: things, edges: lines, height: Math.min(HEIGHT_MAX, Math.max(HEIGHT_MIN, needed + 80)) }
  }, [of, narrow])
  return (
    <div className="lineage-graph" role="region" aria-label={w.picture} style={{ height }}>
      <ReactFlow
        key={`${of.of} ${narrow}`}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODES}
        edgeTypes={EDGES}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
        minZoom={0.1}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        proOptions={{ hideAttribution: true }}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  )
}

const through = line<{ x: number; y: number }>()
  .x(({ x }) => x)
  .y(({ y }) => y)
  .curve(curveBasis)

function BentEdge({ sourceX, sourceY, targetX, targetY, data }: EdgeProps<Bent>) {
  const inner = (data?.points ?? []).slice(1, -1)
  return <BaseEdge path={through([{ x: sourceX, y: sourceY }, ...inner, { x: targetX, y: targetY }]) ?? ''} />
}

function ThingNode({ data: { of, asked, narrow } }: NodeProps<Thing>) {
  const w = useWords().lineage
  return (
    <div
      className="lineage-node"
      data-kind={of.kind}
      data-asked={asked || undefined}
      data-state={of.state ?? undefined}
    >
      <Handle type="target" position={narrow ? Position.Top : Position.Left} isConnectable={false} />
      <span className="lineage-kind">{w.kinds[of.kind]}</span>
      <NodeLink of={of}>
        <span className="lineage-name" title={of.name}>
          {nodeTitle(of, w.answersOf)}
        </span>
      </NodeLink>
      <NodeState of={of} />
      <Handle type="source" position={narrow ? Position.Bottom : Position.Right} isConnectable={false} />
    </div>
  )
}
