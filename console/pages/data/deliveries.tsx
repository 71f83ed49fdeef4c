import { useInfiniteQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { deliveriesAnswer } from '../../../src/wire/deliveries.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Status } from '../../ui/badge.tsx'
import { momentText } from '../../ui/format.ts'
import { More } from '../../ui/more.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { DeliveryLink } from './links.tsx'
import { DELIVERY_TONES } from './tones.ts'

type Deliveries = z.output<typeof deliveriesAnswer>
type Delivery = Deliveries['deliveries'][number]

/** The deliveries so far, of one source or of all, the newest first. */
export function DeliveryTable({ source, limit }: { source?: string; limit: number }) {
  const w = useWords().data
  const asked = useInfiniteQuery({
    queryKey: ['deliveries', source ?? null, limit],
    queryFn: ({ pageParam, signal }) =>
      get<Deliveries>(paths.deliveries({ source, limit, page_token: pageParam ?? undefined }), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_page_token,
  })
  const columns: Column<Delivery>[] = [
    { id: 'when', name: w.when, cell: (d) => <When at={d.finished_at} /> },
    { id: 'of', name: w.report, cell: (d) => <DeliveryLink id={d.id}>{w.delivery(d.id)}</DeliveryLink> },
    { id: 'as_of', name: w.asOf, cell: (d) => <span className="num">{momentText(d.as_of)}</span> },
    {
      id: 'state',
      name: w.state,
      cell: (d) => <Status tone={DELIVERY_TONES[d.state] ?? 'neutral'}>{w.deliveryStates[d.state]}</Status>,
    },
    { id: 'found', name: w.found, cell: (d) => <Found {...d} /> },
    { id: 'files', name: w.files, cell: (d) => d.files.map((file) => file.file).join(', ') },
    { id: 'who', name: w.who, cell: (d) => d.actor ?? '' },
  ]
  return (
    <Answer of={asked}>
      {({ pages }) => {
        const rows = pages.flatMap((page) => page.deliveries)
        if (rows.length === 0) return <Empty title={w.noDeliveries} what={w.noDeliveriesWhat} />
        return (
          <>
            <Table label={w.deliveries} columns={columns} rows={rows} keyOf={(d) => d.id} />
            <More of={asked}>{w.more}</More>
          </>
        )
      }}
    </Answer>
  )
}

export function Found({ errors, warnings }: { errors: number; warnings: number }) {
  const w = useWords().data
  if (errors + warnings === 0) return <span className="quiet">{w.nothingFound}</span>
  return (
    <>
      {errors > 0 && <Status tone="bad">{w.faults(errors)}</Status>}{' '}
      {warnings > 0 && <Status tone="warn">{w.warnings(warnings)}</Status>}
    </>
  )
}
