import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Broken, Empty, Loading } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { sourcesQuery } from '../data/queries.ts'
import { Machine } from './machine.tsx'
import { momentsQuery, viewsQuery } from './queries.ts'
import { timeRoutes } from './routes.tsx'
import type { TimeSearch } from './search.ts'
import { namesOf } from './setting.ts'
import { SubjectBar } from './subject-bar.tsx'
import './time.css'

/** What was true at a moment, by what was known at another: of a source, a view, an entity or a training set. */
export function Page() {
  const w = useWords().time
  const search = timeRoutes[0].useSearch()
  const navigate = useNavigate()
  const views = useQuery(viewsQuery)
  const sources = useQuery(sourcesQuery)
  const kind = search.kind ?? 'feature-views'
  const names = namesOf(kind, views.data?.feature_views ?? [], sources.data?.sources ?? [])
  const name = search.name ?? names[0]
  const go = (next: TimeSearch) => void navigate({ to: '/time', search: next, replace: true })
  return (
    <Frame title={w.title} about={w.about}>
      <SubjectBar kind={kind} name={name} search={search} onChange={go} />
      {name === undefined ? (
        <Names asked={kind === 'sources' ? [sources.isPending, sources.error] : [views.isPending, views.error]} />
      ) : (
        <Subject key={`${kind} ${name}`} of={{ kind, name }} search={search} onGo={go} />
      )}
    </Frame>
  )
}

function Names({ asked: [pending, error] }: { asked: [boolean, unknown] }) {
  const w = useWords().time
  if (pending) return <Loading />
  if (error) return <Broken error={error} />
  return (
    <Section>
      <Empty title={w.nothingKnown} what={w.nothingKnownWhat} />
    </Section>
  )
}

type Given = {
  of: { kind: NonNullable<TimeSearch['kind']>; name: string }
  search: TimeSearch
  onGo: (next: TimeSearch) => void
}

function Subject({ of, search, onGo }: Given) {
  const w = useWords().time
  const moments = useQuery(momentsQuery(of, search.mode ?? 'restated'))
  return (
    <Answer of={moments}>
      {(answer) =>
        answer.snapshots.length === 0 ? (
          <Section>
            <Empty title={w.nothingKnown} what={w.nothingKnownWhat}>
              <Link className="button" to="/data/deliver">
                {w.deliver}
              </Link>
            </Empty>
          </Section>
        ) : (
          <Machine of={of} search={search} moments={answer} onGo={onGo} />
        )
      }
    </Answer>
  )
}
