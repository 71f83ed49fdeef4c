import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { RowsAnswer } from '../../../src/wire/snapshots.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/fields.tsx'
import { numberText } from '../../ui/format.ts'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useLanguage } from '../../words/words.tsx'
import { Cell, isNumeric } from './cell.tsx'
import { PageButtons } from './page-buttons.tsx'

const LIMIT = 50

type Row = RowsAnswer['rows'][number]

/** A page of the rows of a snapshot, or the rows of one key; `|` stands between the parts of a key of several columns. */
export function Rows({ id, page, keyText }: { id: string; page: string | undefined; keyText: string | undefined }) {
  const { language, words } = useLanguage()
  const w = words.data
  const navigate = useNavigate({ from: '/data/snapshots/$id' })
  const [typed, setTyped] = useState(keyText ?? '')
  const key = keyText?.split('|')
  const asked = useQuery({
    queryKey: ['snapshots', 'rows', id, page ?? null, keyText ?? null],
    queryFn: ({ signal }) => get<RowsAnswer>(paths.snapshotRows(id, { limit: LIMIT, page_token: page, key }), signal),
    placeholderData: keepPreviousData,
  })
  const show = (next: { page?: string | undefined; key?: string | undefined }) =>
    void navigate({ search: { page: next.page, key: next.key } })
  const look = (event: FormEvent) => {
    event.preventDefault()
    show({ key: typed.trim() || undefined })
  }
  const from = Number(page ?? 0)
  const text = (value: number) => numberText(value, language)
  return (
    <>
      <form className="row data-find" onSubmit={look}>
        <TextField label={w.findKey} labelUnseen placeholder={w.findKey} value={typed} onChange={setTyped} />
        <Button type="submit">{w.find}</Button>
      </form>
      <Answer of={asked}>
        {(found) => {
          if (found.rows.length === 0) return <Empty title={keyText ? w.noRow : w.emptySnapshot} />
          const columns = found.columns.map(({ name, type }, at): Column<Row> => {
            return { id: name, name, number: isNumeric(type), cell: (row) => <Cell text={row.cells[at]} /> }
          })
          return (
            <>
              <Table label={w.rows} columns={columns} rows={found.rows} keyOf={(row) => row.number} />
              {!keyText && (
                <PageButtons page={page} limit={LIMIT} next={found.next_page_token} onPage={(to) => show({ page: to })}>
                  <span className="quiet small">
                    {w.rowsFrom(text(from + 1), text(from + found.rows.length), text(found.total))}
                  </span>
                </PageButtons>
              )}
            </>
          )
        }}
      </Answer>
    </>
  )
}
