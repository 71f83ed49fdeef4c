import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { CollectedAnswer, StorageAnswer } from '../../../src/wire/installation.ts'
import { get, send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { KeyValues } from '../../ui/key-values.tsx'
import { Bytes, Num } from '../../ui/num.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { toast, toastError } from '../../ui/toast.tsx'
import { useLanguage } from '../../words/words.tsx'

/** What is kept, how long, and what can go. */
export function Page() {
  const { words, language } = useLanguage()
  const w = words.settings
  const storage = useQuery({
    queryKey: ['storage'],
    queryFn: ({ signal }) => get<StorageAnswer>(paths.storage(), signal),
  })
  const shown = (value: number) => value.toLocaleString(language)
  return (
    <Frame title={w.storage} crumbs={[{ title: w.title, to: '/settings' }]}>
      <Answer of={storage}>
        {({ objects, tables, database_bytes: all, retention, collectible }) => (
          <>
            <Section title={w.objects} about={<Bytes value={objects.reduce((sum, { bytes }) => sum + bytes, 0)} />}>
              {objects.length === 0 ? (
                <Empty title={w.nothing} />
              ) : (
                <Table
                  label={w.objects}
                  rows={objects}
                  keyOf={({ name }) => name}
                  columns={[
                    { id: 'name', name: w.folder, cell: ({ name }) => name || w.loose },
                    { id: 'files', name: w.files, number: true, cell: ({ files }) => <Num value={files} /> },
                    { id: 'bytes', name: w.size, number: true, cell: ({ bytes }) => <Bytes value={bytes} /> },
                  ]}
                />
              )}
            </Section>
            <Section title={w.database} about={<Bytes value={all} />}>
              <Table
                label={w.database}
                rows={tables}
                keyOf={({ name }) => name}
                columns={[
                  { id: 'name', name: w.schema, cell: ({ name }) => name },
                  { id: 'bytes', name: w.size, number: true, cell: ({ bytes }) => <Bytes value={bytes} /> },
                ]}
              />
            </Section>
            <Section title={w.retention} about={w.retentionAbout}>
              <KeyValues
                items={[
                  [w.datasets, w.days(shown(retention.datasets_days))],
                  [w.flowRuns, w.daysAndRuns(shown(retention.flows_days), shown(retention.flows_runs))],
                  [w.cacheMost, <Bytes key="cache" value={retention.cache_bytes} />],
                ]}
              />
            </Section>
            <Collectible {...collectible} shown={shown} />
          </>
        )}
      </Answer>
    </Frame>
  )
}

type Size = { files: number; bytes: number }

function Collectible({ shown, ...of }: StorageAnswer['collectible'] & { shown: (value: number) => string }) {
  const { words } = useLanguage()
  const w = words.settings
  const queries = useQueryClient()
  const size = ({ files, bytes }: Size): ReactNode =>
    files === 0 ? (
      w.nothing
    ) : (
      <>
        {w.filesOf(shown(files))}, <Bytes value={bytes} />
      </>
    )
  const collect = async () => {
    try {
      await send<CollectedAnswer>('POST', paths.collectStorage(), {})
      toast('good', w.collected)
    } catch (error) {
      toastError(error)
    }
    await queries.invalidateQueries({ queryKey: ['storage'] })
  }
  return (
    <Section
      title={w.collectible}
      about={w.collectibleAbout}
      actions={
        <Confirm
          title={w.collectTitle}
          action={w.collect}
          danger
          trigger={<Button>{w.collect}</Button>}
          onConfirm={collect}
        >
          <p>{w.collectWhat}</p>
        </Confirm>
      }
    >
      <KeyValues
        items={[
          [w.models, size(of.models)],
          [w.datasets, of.datasets === null ? w.notKnown : size(of.datasets)],
          [w.handedOver, size(of.handed_over)],
          [w.merged, size(of.merged)],
          [w.cache, size(of.cache)],
          [w.flowRuns, of.flow_runs === 0 ? w.nothing : w.runsOf(shown(of.flow_runs))],
        ]}
      />
    </Section>
  )
}
