import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import type { FeatureViewAnswer } from '../../../src/wire/features.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { KeyValues } from '../../ui/key-values.tsx'
import { Num } from '../../ui/num.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Loading } from '../../ui/states.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { SourceLink } from '../data/links.tsx'
import { FRESHNESS_TONE, freshnessOf, ttlText } from './freshness.ts'
import { lineageOf } from './lineage.ts'
import { FeaturesOverMonths } from './over-months.tsx'
import { viewQuery } from './queries.ts'
import { featuresRoutes } from './routes.tsx'
import './features.css'

// The graph and its layout are a third of the page's weight, and the facts need not wait for them.
const LineageGraph = lazy(() => import('./lineage-graph.tsx').then((module) => ({ default: module.LineageGraph })))

/** One view: what it is, how fresh, where it comes from and goes to, and what its values were like month by month. */
export function ViewPage() {
  const w = useWords().features
  const { view: name } = featuresRoutes[1].useParams()
  const view = useQuery(viewQuery(name))
  return (
    <Frame
      title={name}
      crumbs={[{ title: w.title, to: '/features' }]}
      about={view.data && <Head view={view.data} />}
      actions={
        <Link className="button" to="/time" search={{ kind: 'feature-views', name }}>
          {w.timeMachine}
        </Link>
      }
    >
      <Answer of={view}>
        {(answer) => (
          <>
            <div className="features-two">
              <Section title={w.about1}>
                <Facts view={answer} />
              </Section>
              <Section title={w.lineage}>
                <Suspense fallback={<Loading />}>
                  <LineageGraph label={w.lineage} {...lineageOf(answer)} />
                </Suspense>
              </Section>
            </div>
            <FeaturesOverMonths view={answer} />
          </>
        )}
      </Answer>
    </Frame>
  )
}

function Head({ view }: { view: FeatureViewAnswer }) {
  const w = useWords().features
  const is = freshnessOf(view, Date.now())
  return (
    <>
      <Status tone={FRESHNESS_TONE[is]}>{w.fresh[is]}</Status>
      {view.valid_at !== null && (
        <span>
          {w.describes} <When at={view.valid_at} />
        </span>
      )}
      <Badge>{view.entity ?? w.everybody}</Badge>
    </>
  )
}

function Facts({ view }: { view: FeatureViewAnswer }) {
  const w = useWords().features
  const dash = <span className="quiet">–</span>
  const keys = view.keys.map((key) =>
    key.column === key.name ? `${key.name} ${key.type}` : `${key.name} ${key.type} ← ${key.column}`,
  )
  return (
    <KeyValues
      items={[
        [w.owner, view.owner ?? dash],
        [w.entity, view.entity ?? w.everybody],
        [w.keys, keys.length > 0 ? keys.join(', ') : dash],
        [w.source, <SourceLink key="source" name={view.source} />],
        [w.kind, w.sourceKinds[view.source_kind]],
        [w.ttl, ttlText(view.ttl_seconds, w.noTtl)],
        [w.rows, <Num key="rows" value={view.rows} />],
        [w.materialized, <When key="at" at={view.materialized_at} />],
        [w.services, view.services.length > 0 ? view.services.map(({ name }) => name).join(', ') : dash],
        [w.computed, view.on_demand_views.length > 0 ? view.on_demand_views.join(', ') : undefined],
      ]}
    />
  )
}
