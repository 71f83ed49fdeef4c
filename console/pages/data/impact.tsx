import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ImpactAnswer } from '../../../src/wire/lineage.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { momentText } from '../../ui/format.ts'
import { KeyValues } from '../../ui/key-values.tsx'
import { Section } from '../../ui/page.tsx'
import { Answer } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'

const SHOWN = 12

export function useImpact(id: string) {
  return useQuery({
    queryKey: ['snapshots', 'impact', id],
    queryFn: ({ signal }) => get<ImpactAnswer>(paths.snapshotImpact(id), signal),
  })
}

/** Which training sets, runs, versions and live views read a snapshot. */
export function ImpactSection({ id }: { id: string }) {
  const w = useWords().data
  const asked = useImpact(id)
  return (
    <Section title={w.impact}>
      <Answer of={asked}>{(impact) => <Impact of={impact} />}</Answer>
    </Section>
  )
}

export function Impact({ of }: { of: ImpactAnswer }) {
  const w = useWords().data
  const { training_sets: sets, runs, versions, live_views: views, unanswered } = of
  const live = versions?.filter(({ stage }) => stage === 'Production') ?? []
  if (sets.length === 0 && views.length === 0) return <p className="quiet">{w.impactNone}</p>
  return (
    <>
      {unanswered !== null && <Status tone="warn">{w.unanswered(unanswered)}</Status>}
      {live.length > 0 && (
        <Status tone="bad">{w.inProduction(live.map(({ name, version }) => `${name} ${version}`).join(', '))}</Status>
      )}
      <KeyValues
        items={[
          [
            w.trainingSets,
            listed(sets, ({ identity, name, as_of: asOf }) => (
              <Link key={identity} to="/lineage" search={{ of: `training_set:${identity}` }}>
                {name} {asOf && momentText(asOf)}
              </Link>
            )),
          ],
          [
            w.runs,
            listed(runs ?? [], ({ run_id: run, run_name: name }) => (
              <Link key={run} to="/lineage" search={{ of: `run:${run}` }}>
                {name}
              </Link>
            )),
          ],
          [
            w.modelVersions,
            listed(versions ?? [], ({ name, version, stage }) => (
              <span key={`${name}/${version}`}>
                <Link to="/models/$name/versions/$version" params={{ name, version: String(version) }}>
                  {name} {version}
                </Link>{' '}
                {stage !== 'None' && <Badge tone={stage === 'Production' ? 'accent' : 'neutral'}>{stage}</Badge>}
              </span>
            )),
          ],
          [
            w.liveViews,
            listed(views, ({ view }) => (
              <Link key={view} to="/features/$view" params={{ view }}>
                {view}
              </Link>
            )),
          ],
        ]}
      />
    </>
  )
}

function listed<Item>(items: readonly Item[], show: (item: Item) => React.ReactNode): React.ReactNode {
  if (items.length === 0) return undefined
  return (
    <span className="data-list">
      {items.slice(0, SHOWN).map(show)}
      {items.length > SHOWN && <span className="quiet">+ {items.length - SHOWN}</span>}
    </span>
  )
}
