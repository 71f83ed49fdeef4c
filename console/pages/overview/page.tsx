import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Badge } from '../../ui/badge.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { LastFlows } from './last-flows.tsx'
import { Picture } from './picture.tsx'
import { Problems } from './problems.tsx'
import { overviewQuery } from './query.ts'
import './overview.css'

/** How the project stands: whether and where it hurts first, then the picture of it, then what ran last. */
export function Page() {
  const w = useWords().overview
  const overview = useQuery(overviewQuery)
  return (
    <Frame
      title={overview.data?.project ?? w.title}
      about={overview.data && <Badge>Weir {overview.data.weir}</Badge>}
      actions={
        <>
          <Link className="button" to="/data/deliver">
            {w.deliver}
          </Link>
          <Link className="button" to="/train">
            {w.train}
          </Link>
        </>
      }
    >
      <Answer of={overview}>
        {(answer) => (
          <>
            <Problems problems={answer.problems} />
            <Picture {...answer} />
            <Section title={w.flows} actions={<Link to="/flows">{w.allFlows}</Link>}>
              {answer.flows.length === 0 ? (
                <Empty title={w.noFlows} what={w.noFlowsWhat} />
              ) : (
                <LastFlows flows={answer.flows} />
              )}
            </Section>
          </>
        )}
      </Answer>
    </Frame>
  )
}
