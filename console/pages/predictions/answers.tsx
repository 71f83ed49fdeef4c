import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AnswerRow, AnswersAnswer } from '../../../src/wire/predictions.ts'
import { get } from '../../api/client.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { More } from '../../ui/more.tsx'
import { Duration, Num } from '../../ui/num.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'

/** Answers, the newest first; one of them opened with what it was made of. */
export function Answers({
  queryKey,
  pathOf,
  filtered,
  withModel = false,
}: {
  queryKey: readonly unknown[]
  pathOf: (pageToken: string | undefined) => string
  filtered: boolean
  withModel?: boolean
}) {
  const w = useWords().predictions
  const [open, setOpen] = useState<number>()
  const asked = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => get<AnswersAnswer>(pathOf(pageParam ?? undefined), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_page_token,
  })
  const columns: Column<AnswerRow>[] = [
    { id: 'when', name: w.when, cell: (a) => <When at={a.at} /> },
    { id: 'key', name: w.key, cell: (a) => <code>{Object.values(a.key).map(String).join(', ')}</code> },
    ...(withModel ? [{ id: 'model', name: w.model, cell: (a: AnswerRow) => a.model.name }] : []),
    { id: 'version', name: w.version, cell: (a) => <span className="num">{a.model.version}</span> },
    { id: 'arm', name: w.arm, cell: (a) => <Arm arm={a.arm} returned={a.returned} /> },
    {
      id: 'prediction',
      name: w.prediction,
      cell: (a) => (a.error === null ? String(a.prediction) : <Badge tone="warn">{w.refused(a.error)}</Badge>),
    },
    { id: 'score', name: w.score, cell: (a) => (a.score === null ? null : <Num value={a.score} digits={4} />) },
    { id: 'took', name: w.took, cell: (a) => <Duration ms={a.latency_ms} /> },
    {
      id: 'made',
      name: w.features,
      cell: (a) => (
        <Button onPress={() => setOpen(open === a.id ? undefined : a.id)}>{open === a.id ? w.hide : w.show}</Button>
      ),
    },
  ]
  return (
    <Answer of={asked}>
      {({ pages }) => {
        const rows = pages.flatMap((page) => page.answers)
        const [title, what] = filtered ? [w.noneFound, w.noneFoundWhat] : [w.none, w.noneWhat]
        if (rows.length === 0) return <Empty title={title} what={what} />
        const opened = rows.find(({ id }) => id === open)
        return (
          <>
            {opened && <MadeOf answer={opened} />}
            <Table label={w.title} columns={columns} rows={rows} keyOf={(a) => a.id} />
            <More of={asked}>{w.more}</More>
          </>
        )
      }}
    </Answer>
  )
}

function Arm({ arm, returned }: Pick<AnswerRow, 'arm' | 'returned'>) {
  const w = useWords().predictions
  return (
    <>
      <Badge tone={arm === 'champion' ? 'neutral' : 'info'}>{w[arm]}</Badge>{' '}
      {!returned && <span className="quiet">{w.notReturned}</span>}
    </>
  )
}

/** The features of one answer, with the moment that each describes. */
function MadeOf({ answer }: { answer: AnswerRow }) {
  const w = useWords().predictions
  const { features, statuses, event_timestamps: times, request_id: request, at } = answer
  const columns: Column<string>[] = [
    { id: 'feature', name: w.feature, cell: (name) => <code>{name}</code> },
    { id: 'value', name: w.value, cell: (name) => <span className="num">{String(features[name] ?? 'null')}</span> },
    { id: 'status', name: w.status, cell: (name) => String(statuses[name] ?? '') },
    { id: 'describes', name: w.describes, cell: (name) => <Describes at={times[name]} /> },
  ]
  return (
    <section aria-label={w.show}>
      <p>
        <When at={at} />
        {request !== null && (
          <>
            {' '}
            · {w.request} <code>{request}</code>
          </>
        )}
      </p>
      <Table label={w.show} columns={columns} rows={Object.keys(features)} keyOf={(name) => name} />
    </section>
  )
}

function Describes({ at }: { at: unknown }) {
  return typeof at === 'string' ? <When at={at} /> : null
}
