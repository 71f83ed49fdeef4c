import { Link } from '@tanstack/react-router'
import { Badge, type Tone } from '../../ui/badge.tsx'

/** A version by its number. */
export function VersionLink({ name, version }: { name: string; version: number }) {
  return (
    <Link to="/models/$name/versions/$version" params={{ name, version: String(version) }}>
      {version}
    </Link>
  )
}

const TONES: Record<string, Tone> = { Production: 'good', Staging: 'info', Archived: 'neutral', None: 'neutral' }

export function StageBadge({ stage }: { stage: string }) {
  return <Badge tone={TONES[stage] ?? 'neutral'}>{stage}</Badge>
}

export function AliasBadge({ alias }: { alias: string }) {
  return <Badge tone="accent">@{alias}</Badge>
}

/** A stage or an alias with who has it. */
export function Place({
  name,
  version,
  stage,
  alias,
}: {
  name: string
  version: number
  stage?: string
  alias?: string
}) {
  return (
    <span className="models-place">
      {stage !== undefined && <StageBadge stage={stage} />}
      {alias !== undefined && <AliasBadge alias={alias} />}
      <VersionLink name={name} version={version} />
    </span>
  )
}
