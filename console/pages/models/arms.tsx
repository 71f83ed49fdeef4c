import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ArmBody, ArmMadeAnswer, ArmsAnswer } from '../../../src/wire/arms.ts'
import type { WaitingAnswer } from '../../../src/wire/registry.ts'
import { send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Select } from '../../ui/choices.tsx'
import { TextField } from '../../ui/fields.tsx'
import { Num, Percent } from '../../ui/num.tsx'
import { Answer } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { toast } from '../../ui/toast.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { WithReason } from './decisions.tsx'
import { VersionLink } from './parts.tsx'
import { armsQuery } from './queries.ts'

type Arm = ArmsAnswer['arms'][number]

const TONES: Record<Arm['role'], Tone> = { champion: 'good', canary: 'warn', shadow: 'neutral' }

/** The versions that answer or are tried, with what they came to on all servers; a canary grows, is promoted or rolled back here. */
export function Arms({ name }: { name: string }) {
  const w = useWords().arms
  const arms = useQuery(armsQuery(name))
  const columns: Column<Arm>[] = [
    {
      id: 'version',
      name: w.version,
      number: true,
      cell: ({ version }) => <VersionLink name={name} version={version} />,
    },
    { id: 'role', name: w.role, cell: ({ role }) => <Badge tone={TONES[role]}>{w[role]}</Badge> },
    {
      id: 'share',
      name: w.share,
      number: true,
      cell: ({ role, share }) =>
        role === 'shadow' ? <span className="quiet">{w.none}</span> : <Percent share={share} />,
    },
    { id: 'rows', name: w.rows, number: true, cell: ({ numbers }) => <Num value={numbers?.rows} /> },
    { id: 'failed', name: w.failed, number: true, cell: ({ numbers }) => <Num value={numbers?.failed} /> },
    {
      id: 'p99',
      name: w.p99,
      number: true,
      cell: ({ numbers }) => <Num value={numbers?.p99_ms} unit="ms" digits={3} />,
    },
    { id: 'score', name: w.score, number: true, cell: ({ numbers }) => <Num value={numbers?.mean_score} digits={3} /> },
    {
      id: 'differs',
      name: w.differs,
      number: true,
      cell: ({ role, numbers }) =>
        role === 'shadow' && numbers?.differs_share != null ? <Percent share={numbers.differs_share} /> : null,
    },
    { id: 'since', name: w.since, cell: ({ began_at: began }) => began && <When at={began} /> },
    { id: 'do', name: <span className="unseen">{w.change}</span>, cell: (arm) => <Changes name={name} arm={arm} /> },
  ]
  return (
    <Answer of={arms}>
      {(answer) => (
        <div className="stack">
          {answer.arms.length > 0 && (
            <Table label={w.title} columns={columns} rows={answer.arms} keyOf={({ version }) => version} />
          )}
          {answer.arms.length > 0 && <Try name={name} />}
        </div>
      )}
    </Answer>
  )
}

function Changes({ name, arm: { version, role, share } }: { name: string; arm: Arm }) {
  const w = useWords().arms
  const changed = useChanged()
  if (role === 'champion') return null
  return (
    <span className="row">
      {role === 'canary' && <Grow name={name} version={version} share={share} />}
      <Link className="button small" to="/models/$name" params={{ name }} search={{ promote: String(version) }}>
        {w.promote}
        <span className="unseen"> {w.versionOf(version)}</span>
      </Link>
      <WithReason title={role === 'canary' ? w.rollBack : w.stop} look="plain" before={<p>{w.stopWhat(version)}</p>}>
        {async (reason) => {
          await send('POST', paths.modelArmStop(name, version), { reason })
          await changed()
          toast('good', w.stopped(version))
        }}
      </WithReason>
    </span>
  )
}

function Grow({ name, version, share }: { name: string; version: number; share: number }) {
  const w = useWords().arms
  const [percent, setPercent] = useState(String(Number((share * 100).toPrecision(6))))
  const set = useSet(name)
  return (
    <WithReason
      title={w.grow}
      look="plain"
      before={<TextField label={w.percent} value={percent} onChange={setPercent} />}
    >
      {(reason) => set(version, { role: 'canary', share: shareOf(percent), reason })}
    </WithReason>
  )
}

/** Begins a canary or a shadow. */
function Try({ name }: { name: string }) {
  const w = useWords().arms
  const [version, setVersion] = useState('')
  const [role, setRole] = useState<ArmBody['role']>('canary')
  const [percent, setPercent] = useState('5')
  const set = useSet(name)
  const fields = (
    <div className="models-choices">
      <TextField label={w.version} value={version} onChange={setVersion} />
      <Select
        label={w.role}
        value={role}
        options={[
          { id: 'canary', name: w.canary },
          { id: 'shadow', name: w.shadow },
        ]}
        onChange={(id) => setRole(id === 'shadow' ? 'shadow' : 'canary')}
      />
      {role === 'canary' && <TextField label={w.percent} value={percent} onChange={setPercent} />}
    </div>
  )
  return (
    <div className="row">
      <WithReason title={w.tryOne} look="plain" before={fields}>
        {(reason) =>
          set(Number(version), role === 'canary' ? { role, share: shareOf(percent), reason } : { role, reason })
        }
      </WithReason>
    </div>
  )
}

/** What is no number is refused by the server, which says so in the dialog. */
function shareOf(percent: string): number {
  return Number((Number(percent.replace(',', '.').replace('%', '')) / 100).toPrecision(12))
}

function useChanged() {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: ['models'] })
}

function useSet(name: string) {
  const w = useWords().arms
  const changed = useChanged()
  return async (version: number, body: ArmBody) => {
    const done = await send<ArmMadeAnswer | WaitingAnswer>('PUT', paths.modelArm(name, version), body)
    await changed()
    if (done.state === 'waiting') toast('info', w.waits(done.request.id))
    else toast('good', w.tried(version))
  }
}
