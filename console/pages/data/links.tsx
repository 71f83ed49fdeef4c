import { Link } from '@tanstack/react-router'
import { momentText } from '../../ui/format.ts'

export function SnapshotLink({ id, children }: { id: string; children?: string }) {
  return (
    <Link to="/data/snapshots/$id" params={{ id }} className={children === undefined ? undefined : 'one-line'}>
      {children ?? id}
    </Link>
  )
}

export function MonthLink({ of }: { of: { id: string; as_of: string; version: number } }) {
  const text = `${momentText(of.as_of)}${of.version > 1 ? ` v${of.version}` : ''}`
  return <SnapshotLink id={of.id}>{text}</SnapshotLink>
}

export function SourceLink({ name }: { name: string }) {
  return (
    <Link to="/data/sources/$source" params={{ source: name }}>
      {name}
    </Link>
  )
}

export function DeliveryLink({ id, children }: { id: number; children: string }) {
  return (
    <Link to="/data/deliveries/$id" params={{ id: String(id) }}>
      {children}
    </Link>
  )
}
