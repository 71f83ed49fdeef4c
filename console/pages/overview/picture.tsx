import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { OverviewAnswer } from '../../../src/wire/overview.ts'
import { Status, type Tone } from '../../ui/badge.tsx'
import { numberText, percentText } from '../../ui/format.ts'
import { When } from '../../ui/when.tsx'
import { useLanguage } from '../../words/words.tsx'

const CARD = 58
const GAP = 10
const WIRE = 56

type Edge = readonly [from: number, to: number, tone: Tone]
const TONES = { fresh: 'good', stale: 'bad', not_materialized: 'bad', empty: 'warn' } as const

/** The picture of the house with this project's own things in it: sources → feature views → models → answers. */
export function Picture({ sources, feature_views: views, models }: OverviewAnswer) {
  const { words, language } = useLanguage()
  const w = words.overview
  const sourceOf = new Map(sources.map(({ name }, at) => [name, at]))
  const viewOf = new Map(views.map(({ name }, at) => [name, at]))
  const reads: Edge[] = views.flatMap(({ source, state }, at) => {
    const from = sourceOf.get(source)
    return from === undefined ? [] : [[from, at, TONES[state]] as const]
  })
  const asks: Edge[] = models.flatMap((model, at) =>
    model.views.flatMap((view) => {
      const from = viewOf.get(view)
      return from === undefined ? [] : [[from, at, model.live ? TONES[views[from]!.state] : 'neutral'] as const]
    }),
  )
  const answers: Edge[] = models.map(({ live }, at) => [at, at, live ? 'good' : 'bad'] as const)
  return (
    <section className="picture" aria-label={w.picture}>
      <Lane title={w.sources}>
        {sources.map(({ name, newest }) => (
          <Link key={name} className="card" to="/data/sources/$source" params={{ source: name }}>
            <span className="card-name">{name}</span>
            <span className="card-fact">
              {newest ? (
                <span>
                  <Day at={newest.valid_at} /> · {w.rows(numberText(newest.rows, language))}
                </span>
              ) : (
                <Status tone="warn">{w.never}</Status>
              )}
            </span>
          </Link>
        ))}
      </Lane>
      <Wires edges={reads} />
      <Lane title={w.views}>
        {views.map(({ name, source, state, valid_at: validAt }) => (
          <Link key={name} className="card" to="/features/$view" params={{ view: name }}>
            <span className="card-name">{name}</span>
            <span className="card-fact">
              {validAt && state !== 'not_materialized' && <Day at={validAt} />}
              {state === 'fresh' && isBehind(sources[sourceOf.get(source) ?? -1], validAt) ? (
                <Status tone="warn">{w.behind}</Status>
              ) : (
                <Status tone={TONES[state]}>{w.state[state]}</Status>
              )}
            </span>
          </Link>
        ))}
      </Lane>
      <Wires edges={asks} />
      <Lane title={w.models}>
        {models.map(({ name, live, problem }) => (
          <Link key={name} className="card" to="/models/$name" params={{ name }}>
            <span className="card-name">{name}</span>
            <span className="card-fact">
              <Status tone={live ? (problem ? 'warn' : 'good') : 'bad'}>
                {live ? w.version(live.version) : w.noVersion}
              </Status>
            </span>
          </Link>
        ))}
      </Lane>
      <Wires edges={answers} />
      <Lane title={w.answers}>
        {models.map(({ name, requests_per_second: all, refused_per_second: refused, p99_ms: p99 }) => (
          <Link key={name} className="card" to="/predict" search={{ model: name } as never}>
            <span className="card-name num-left">
              {numberText(all, language, 3)} {w.perSecond}
            </span>
            <span className="card-fact">
              {p99 === null ? w.quiet : `${w.p99} ${numberText(p99, language, 2)} ms`}
              {refused > 0 && <Status tone="bad">{w.refused(percentText(refused / all, language))}</Status>}
            </span>
          </Link>
        ))}
      </Lane>
    </section>
  )
}

function Lane({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="lane">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

/** Which thing feeds which, from the cards at the left to those at the right; all cards are equally high. */
function Wires({ edges }: { edges: readonly Edge[] }) {
  const rows = Math.max(1, ...edges.flatMap(([from, to]) => [from + 1, to + 1]))
  const height = rows * (CARD + GAP)
  const middle = (at: number) => at * (CARD + GAP) + CARD / 2
  return (
    <svg className="wires" width={WIRE} height={height} viewBox={`0 0 ${WIRE} ${height}`} aria-hidden="true">
      {edges.map(([from, to, tone]) => (
        <path
          key={`${from} ${to}`}
          className={tone}
          d={`M0 ${middle(from)}C${WIRE / 2} ${middle(from)} ${WIRE / 2} ${middle(to)} ${WIRE} ${middle(to)}`}
        />
      ))}
    </svg>
  )
}

/** The source has a newer month than the one that answers. */
function isBehind(source: OverviewAnswer['sources'][number] | undefined, validAt: string | null): boolean {
  return source?.newest != null && validAt !== null && source.newest.valid_at > validAt
}

/** Midnight is a day; another moment is told from now. */
function Day({ at }: { at: string }) {
  const midnight = /T00:00:00(\.0+)?Z$/.test(at)
  return midnight ? <time dateTime={at}>{at.slice(0, 10)}</time> : <When at={at} />
}
