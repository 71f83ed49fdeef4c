import { Link } from '@tanstack/react-router'
import type { HistoryAnswer } from '../../../src/wire/registry.ts'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { StageBadge, VersionLink } from './parts.tsx'

type Line = HistoryAnswer['transitions'][number]

/** The whole history, newest first: who moved what, from where to where, when and why. */
export function Timeline({ name, lines, dead = false }: { name: string; lines: readonly Line[]; dead?: boolean }) {
  const w = useWords().models
  const newestFirst = [...lines].reverse()
  return (
    <>
      <ol className="models-timeline">
        {newestFirst.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a history are never reordered
          <li key={newestFirst.length - at}>
            <span className="models-when">
              <When at={line.at} />
            </span>
            <span className="models-what">
              <span className="row">
                <strong>
                  {w.version} {dead ? line.version : <VersionLink name={name} version={line.version} />}
                </strong>
                <Moved line={line} />
                <span className="quiet">
                  {w.by} {line.actor}
                </span>
              </span>
              {line.comment && <span className="models-why">{line.comment}</span>}
            </span>
          </li>
        ))}
      </ol>
      <p className="small">
        <Link to="/settings/audit" search={{ model: name }}>
          {w.inTrail}
        </Link>
      </p>
    </>
  )
}

function Moved({ line: { kind, from, to } }: { line: Line }) {
  const w = useWords().models
  // The words of the history itself, such as `canary 5 %`.
  if (kind === 'arm' || kind === 'serving') return <span>{[from, to ?? w.over].filter(Boolean).join(' → ')}</span>
  if (kind === 'alias') return <span>{to === null ? w.aliasGone(from ?? '') : w.aliasSet(to)}</span>
  return (
    <span className="row">
      {from !== null && <StageBadge stage={from} />}
      <span aria-hidden="true">→</span>
      {to === null ? <span className="quiet">{w.gone}</span> : <StageBadge stage={to} />}
    </span>
  )
}
