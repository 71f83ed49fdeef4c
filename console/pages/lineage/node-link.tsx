import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { LineageNode } from '../../../src/wire/lineage.ts'

/** Leads to the page of a thing; what has none leads to its lineage. */
export function NodeLink({ of, children }: { of: LineageNode; children: ReactNode }) {
  const { kind, name } = of
  if (kind === 'snapshot') {
    return (
      <Link to="/data/snapshots/$id" params={{ id: name }}>
        {children}
      </Link>
    )
  }
  if (kind === 'file' && of.delivery !== null) {
    return (
      <Link to="/data/deliveries/$id" params={{ id: String(of.delivery) }}>
        {children}
      </Link>
    )
  }
  if (kind === 'view') {
    return (
      <Link to="/features/$view" params={{ view: name }}>
        {children}
      </Link>
    )
  }
  const version = kind === 'version' ? /^(.+)\/(\d+)$/.exec(name) : null
  if (version) {
    return (
      <Link to="/models/$name/versions/$version" params={{ name: version[1]!, version: version[2]! }}>
        {children}
      </Link>
    )
  }
  if (kind === 'run' && of.experiment !== null) {
    return (
      <Link to="/experiments/$experimentId/runs/$runId" params={{ experimentId: of.experiment, runId: name }}>
        {children}
      </Link>
    )
  }
  return (
    <Link to="/lineage" search={{ of: of.id }}>
      {children}
    </Link>
  )
}
