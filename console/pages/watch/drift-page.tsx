import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { DriftReportAnswer, DriftReportLine, DriftReportsAnswer } from '../../../src/wire/drift-requests.ts'
import type { TrainingsAnswer } from '../../../src/wire/trainings.ts'
import { get, send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/fields.tsx'
import { momentText, percentText } from '../../ui/format.ts'
import { More } from '../../ui/more.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { Answer, Broken, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useLanguage } from '../../words/words.tsx'

/** Compares two moments, and lists what was compared. */
export function DriftPage() {
  const w = useLanguage().words
  return (
    <Page title={w.drift.title} crumbs={[{ title: w.watch.title, to: '/watch' }]}>
      <Compare />
      <Section title={w.drift.reports}>
        <Reports />
      </Section>
    </Page>
  )
}

function Compare() {
  const w = useLanguage().words.drift
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [of, setOf] = useState('')
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  // Which names are models; all others are sources.
  const trainings = useQuery({
    queryKey: ['trainings'],
    queryFn: ({ signal }) => get<TrainingsAnswer>('trainings', signal),
  })
  const make = useMutation({
    mutationFn: () => {
      const model = trainings.data?.models.some(({ name }) => name === of.trim()) ?? false
      const side = (date: string) => {
        const as_of = date.trim()
        return model ? { kind: 'features', model: of.trim(), as_of } : { kind: 'snapshot', source: of.trim(), as_of }
      }
      return send<DriftReportAnswer>('POST', paths.driftReports(), { reference: side(from), current: side(to) })
    },
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: ['drift-reports'] })
      void navigate({ to: '/watch/reports/$id', params: { id } })
    },
  })
  const ready = of.trim() !== '' && from.trim() !== '' && to.trim() !== '' && !make.isPending
  return (
    <Section about={w.what}>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) make.mutate()
        }}
      >
        <TextField label={w.of} value={of} onChange={setOf} />
        <TextField label={w.from} value={from} onChange={setFrom} placeholder="2024-01-31" />
        <TextField label={w.to} value={to} onChange={setTo} placeholder="2024-02-29" />
        <Button look="main" type="submit" isDisabled={!ready}>
          {make.isPending ? w.comparing : w.compare}
        </Button>
      </form>
      {make.isError && <Broken error={make.error} />}
    </Section>
  )
}

function Reports() {
  const { words, language } = useLanguage()
  const w = words.drift
  const asked = useInfiniteQuery({
    queryKey: ['drift-reports'],
    queryFn: ({ pageParam, signal }) =>
      get<DriftReportsAnswer>(paths.driftReports({ limit: 50, page_token: pageParam }), signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_page_token ?? undefined,
  })
  const columns: Column<DriftReportLine>[] = [
    {
      id: 'of',
      name: w.report,
      cell: ({ id, of }) => (
        <Link to="/watch/reports/$id" params={{ id }}>
          {of.name}
        </Link>
      ),
    },
    { id: 'at', name: w.at, cell: ({ at }) => momentText(at) },
    { id: 'verdict', name: w.verdict, cell: (line) => <Verdict drifted={line.drifted} /> },
    {
      id: 'share',
      name: w.share,
      number: true,
      cell: ({ share }) => (share === null ? '' : percentText(share, language)),
    },
    { id: 'made', name: w.made, cell: ({ made_at }) => <When at={made_at} /> },
    { id: 'by', name: w.by, cell: ({ made_by }) => made_by },
  ]
  return (
    <Answer of={asked}>
      {({ pages }) => {
        const rows = pages.flatMap(({ reports }) => reports)
        if (rows.length === 0) return <Empty title={w.noReports} what={w.noReportsWhat} />
        return (
          <>
            <Table label={w.reports} columns={columns} rows={rows} keyOf={({ id }) => id} />
            <More of={asked}>{w.more}</More>
          </>
        )
      }}
    </Answer>
  )
}

export function Verdict({ drifted }: { drifted: boolean }) {
  const w = useLanguage().words.drift
  return <Badge tone={drifted ? 'warn' : 'good'}>{drifted ? w.drifted : w.quiet}</Badge>
}
