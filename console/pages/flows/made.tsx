import { Link } from '@tanstack/react-router'
import { useWords } from '../../words/words.tsx'
import type { Made } from './links.ts'

/** Where what a run made is shown. */
export function MadeLinks({ made }: { made: readonly Made[] }) {
  return (
    <ul className="flows-made">
      {made.map((one) => (
        <li key={JSON.stringify(one)}>
          <MadeLink made={one} />
        </li>
      ))}
    </ul>
  )
}

function MadeLink({ made }: { made: Made }) {
  const w = useWords().flows
  switch (made.kind) {
    case 'version':
      return (
        <Link to="/models/$name/versions/$version" params={{ name: made.name, version: made.version }}>
          {made.name} {w.version} {made.version}
        </Link>
      )
    case 'run':
      return (
        <Link to="/experiments/$experimentId/runs/$runId" params={{ experimentId: '0', runId: made.run }}>
          {w.runOf} {made.run.slice(0, 8)}
        </Link>
      )
    case 'snapshot':
      return (
        <Link to="/data/snapshots/$id" params={{ id: made.id }}>
          {w.snapshot} {made.source}
        </Link>
      )
    case 'view':
      return (
        <Link to="/features/$view" params={{ view: made.view }}>
          {w.view} {made.view}
        </Link>
      )
  }
}
