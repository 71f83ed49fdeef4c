import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { paths } from '../../api/paths.ts'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { Answers } from '../predictions/answers.tsx'
import { RowsTable } from '../time/rows-table.tsx'
import '../time/time.css'
import { EntityHistory } from './entity-history.tsx'
import { entityHistoryQuery, entityNowQuery } from './queries.ts'
import { featuresRoutes } from './routes.tsx'
import './features.css'

/** One entity: its newest values with their statuses and moments, and all that was ever recorded of it. */
export function EntityPage() {
  const words = useWords()
  const { features: w, predictions: said } = words
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
      <Section title={said.ofEntity} about={said.ofEntityWhat}>
        <Answers
          queryKey={['answers', 'entity', entity, key]}
          pathOf={(token) => paths.entityAnswers(entity, { key, limit: 20, page_token: token })}
          filtered={false}
          withModel
        />
      </Section>
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
