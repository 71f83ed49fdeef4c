import type { LineageAnswer, LineageNode } from '../../../src/wire/lineage.ts'
import { momentText } from '../../ui/format.ts'

/** A thing by the name that people know it by. Pure: tests compare them. */
export function nodeTitle({ kind, name, says }: LineageNode, answersOf: (name: string) => string): string {
  if (kind === 'answers') return answersOf(name)
  if (kind === 'file') return says ?? name.slice(0, 12)
  if (kind === 'training_set') return says ?? name.slice(0, 12)
  if (kind === 'run') return says ?? name.slice(0, 8)
  if (kind === 'version') return name.replace(/\/(\d+)$/, ' $1')
  return name
}

/** What else is worth a line. */
export function nodeAbout({ kind, name, says }: LineageNode): string | null {
  if (kind === 'file' || kind === 'training_set') return name.slice(0, 12)
  return kind === 'run' ? name.slice(0, 8) : says
}

/** When a version answered, in words. */
export function periodText(node: LineageNode, until: (to: string) => string, now: string): string | null {
  const last = node.periods?.at(-1)
  if (!last) return null
  return last.to === null ? now : until(momentText(`${last.to.slice(0, 10)}T00:00:00.000000Z`))
}

const KINDS = ['file', 'snapshot', 'training_set', 'view', 'run', 'version', 'answers']

/** In the order in which one comes of the other. */
export function inOrder(nodes: LineageAnswer['nodes']): LineageAnswer['nodes'] {
  return [...nodes].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.name < b.name ? -1 : 1))
}
