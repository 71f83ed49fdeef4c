import type { ProposalJson, SendAnswer } from '../../../src/wire/deliveries.ts'
import { ApiError } from '../../api/client.ts'
import { Code } from '../../ui/code.tsx'
import { Section } from '../../ui/page.tsx'
import { Broken } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { Outcomes } from './delivery-page.tsx'
import { type Finding, Findings } from './findings.tsx'
import { DeliveryLink } from './links.tsx'

/** What became of files that were sent: taken in, or refused in the words of the command line. */
export function Verdict({ answer, error }: { answer: SendAnswer | undefined; error: Error | null }) {
  if (error instanceof ApiError && error.code === 'delivery_refused') return <Refused error={error} />
  if (error) return <Broken error={error} />
  return answer ? <Taken answer={answer} /> : null
}

function Taken({ answer }: { answer: SendAnswer }) {
  const w = useWords().data
  const title = answer.state === 'checked' ? w.checkedFine : answer.state === 'unchanged' ? w.unchangedAll : w.takenIn
  return (
    <Section title={title} actions={'id' in answer && <DeliveryLink id={answer.id}>{w.toReport}</DeliveryLink>}>
      {'id' in answer && <Outcomes of={answer.sources} />}
      {answer.findings.length > 0 && <Findings of={answer.findings as Finding[]} />}
    </Section>
  )
}

function Refused({ error }: { error: ApiError }) {
  const w = useWords().data
  const {
    id,
    findings = [],
    proposals = [],
  } = error.body as {
    id?: number
    findings?: Finding[]
    proposals?: ProposalJson[]
  }
  return (
    <Section title={w.notTaken} actions={id !== undefined && <DeliveryLink id={id}>{w.toReport}</DeliveryLink>}>
      <div role="alert">
        <Code text={error.detail} label={w.report} />
      </div>
      {proposals.map((proposal) => (
        <Proposed key={proposal.file} of={proposal} />
      ))}
      <Findings of={findings} />
    </Section>
  )
}

function Proposed({ of }: { of: ProposalJson }) {
  const w = useWords().data
  if (of.block === null) return null
  return (
    <div className="data-proposal">
      <h3>{w.proposal(of.file)}</h3>
      <p>{w.proposalLooks(of.looks_like.join(', '))}</p>
      <Code text={of.block} />
      {of.notes.map((note) => (
        <p key={note}>{w.look(note)}</p>
      ))}
      {of.would_fit ? <p>{w.proposalFits}</p> : <p>{w.proposalNot}</p>}
      {!of.would_fit && <Findings of={of.findings as Finding[]} />}
    </div>
  )
}
