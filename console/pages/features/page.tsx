import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { FeatureViewsAnswer } from '../../../src/wire/features.ts'
import { Status } from '../../ui/badge.tsx'
import { Num } from '../../ui/num.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { SourceLink } from '../data/links.tsx'
import { viewsQuery } from '../time/queries.ts'
import { EntityLookup } from './entity-lookup.tsx'
import { FRESHNESS_TONE, freshnessOf, ttlText } from './freshness.ts'
import './features.css'

type View = FeatureViewsAnswer['feature_views'][number]

/** The feature store at a glance: each view, how fresh it is and who uses it; and the way to one entity. */
export function Page() {
  const w = useWords().features
  const views = useQuery(viewsQuery)
  return (
    <Frame title={w.title} about={w.about}>
      <Answer of={views}>
        {({ feature_views: all }) =>
          all.length === 0 ? (
            <Section>
              <Empty title={w.noViews} what={w.noViewsWhat} />
            </Section>
          ) : (
            <>
              <EntityLookup
                entities={[...new Set(all.flatMap((view) => (view.entity === null ? [] : [view.entity])))]}
              />
              <Section title={w.views}>
                <Table label={w.views} columns={columns(w)} rows={all} keyOf={(view) => view.name} />
              </Section>
            </>
          )
        }
      </Answer>
    </Frame>
  )
}

function columns(w: ReturnType<typeof useWords>['features']): Column<View>[] {
  return [
    {
      id: 'name',
      name: w.view,
      cell: (view) => (
        <Link to="/features/$view" params={{ view: view.name }}>
          <b>{view.name}</b>
        </Link>
      ),
    },
    {
      id: 'fresh',
      name: w.freshness,
      cell: (view) => {
        const is = freshnessOf(view, Date.now())
        return <Status tone={FRESHNESS_TONE[is]}>{w.fresh[is]}</Status>
      },
    },
    { id: 'valid', name: w.describes, cell: (view) => <When at={view.valid_at} /> },
    { id: 'ttl', name: w.ttl, cell: (view) => ttlText(view.ttl_seconds, w.noTtl) },
    { id: 'rows', name: w.rows, number: true, cell: (view) => <Num value={view.rows} /> },
    { id: 'features', name: w.features, number: true, cell: (view) => <Num value={view.features.length} /> },
    { id: 'entity', name: w.entity, cell: (view) => view.entity ?? w.everybody },
    {
      id: 'source',
      name: w.source,
      cell: (view) => <SourceLink name={view.source} />,
    },
    { id: 'owner', name: w.owner, cell: (view) => view.owner ?? <span className="quiet">–</span> },
    {
      id: 'models',
      name: w.models,
      cell: (view) =>
        view.models.length === 0 ? (
          <span className="quiet">–</span>
        ) : (
          <span className="row">
            {view.models.map(({ name }) => (
              <Link key={name} to="/models/$name" params={{ name }}>
                {name}
              </Link>
            ))}
          </span>
        ),
    },
  ]
}
