import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { OverviewProblem } from '../../../src/wire/overview.ts'
import { useWords } from '../../words/words.tsx'

/** The first thing that somebody sees at 3 a.m.: whether it hurts, where, and what to do. */
export function Problems({ problems }: { problems: readonly OverviewProblem[] }) {
  const w = useWords().overview
  const bad = problems.filter(({ severity }) => severity === 'bad').length
  if (problems.length === 0) {
    return (
      <div className="health good" role="status">
        <span className="health-mark" aria-hidden="true" />
        <p>
          <strong>{w.well}.</strong> {w.wellWhat}
        </p>
      </div>
    )
  }
  const said = [bad > 0 && w.bad(bad), problems.length > bad && w.warn(problems.length - bad)].filter(Boolean)
  return (
    <div className={bad > 0 ? 'health bad' : 'health warn'} role="status">
      <p>
        <span className="health-mark" aria-hidden="true" />
        <strong>{said.join(' · ')}</strong>
      </p>
      <ul>
        {problems.map((problem) => (
          <li key={`${problem.code} ${problem.about.name}`}>
            <span className={`health-kind ${problem.severity}`}>{w.severity[problem.severity]}</span>
            <span>
              {problem.what}
              <span className="health-do">{w.do[problem.code] ?? problem.do}</span>
            </span>
            <To {...problem}>{w.look}</To>
          </li>
        ))}
      </ul>
    </div>
  )
}

function To({ about: { kind, name }, children }: Pick<OverviewProblem, 'about'> & { children: ReactNode }) {
  if (kind === 'model')
    return (
      <Link to="/models/$name" params={{ name }}>
        {children}
      </Link>
    )
  if (kind === 'view')
    return (
      <Link to="/features/$view" params={{ view: name }}>
        {children}
      </Link>
    )
  if (kind === 'source')
    return (
      <Link to="/data/sources/$source" params={{ source: name }}>
        {children}
      </Link>
    )
  if (kind === 'flow')
    return (
      <Link to="/flows/$id" params={{ id: name }}>
        {children}
      </Link>
    )
  if (kind === 'delivery') return <Link to="/data">{children}</Link>
  if (kind === 'alert') return <Link to="/watch">{children}</Link>
  return <Link to="/settings/doctor">{children}</Link>
}
