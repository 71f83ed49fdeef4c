import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { RowsTable } from '../time/rows-table.tsx'
import '../time/time.css'
import { EntityHistory } from './entity-history.tsx'
import { entityHistoryQuery, entityNowQuery } from './queries.ts'
import { featuresRoutes } from './routes.tsx'
import './features.css'

/** One entity: its newest values with their statuses and moments, and all that was ever recorded of it. */
export function EntityPage() {
  const w = useWords().features
  const { entity, key } = featuresRoutes[2].useParams()
  const now = useQuery(entityNowQuery(entity, key))
  const history = useQuery(entityHistoryQuery(entity, key))
  return (
    <Frame
      title={key}
      crumbs={[
        { title: w.title, to: '/features' },
        { title: entity, to: '/features' },
      ]}
      actions={
        <Link className="button" to="/time" search={{ kind: 'entities', name: entity, key }}>
          {w.timeMachine}
        </Link>
      }
    >
      <Answer of={now}>
        {(answer) => (
          <Section title={w.newest} about={w.newestWhat}>
            {answer.rows.every((row) => row.status === 'NOT_FOUND') ? (
              <Empty title={w.unknown} what={w.unknownWhat} />
            ) : (
              <RowsTable answer={answer} />
            )}
          </Section>
        )}
      </Answer>
      <Answer of={history}>
        {(answer) => (
          <Section title={w.history} about={w.historyWhat}>
            {answer.facts.length === 0 ? (
              <Empty title={w.noHistory} what={w.noHistoryWhat} />
            ) : (
              <EntityHistory answer={answer} />
            )}
          </Section>
        )}
      </Answer>
    </Frame>
  )
}
