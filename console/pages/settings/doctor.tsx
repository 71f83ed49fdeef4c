import { useQuery } from '@tanstack/react-query'
import type { DoctorAnswer } from '../../../src/wire/installation.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Status, type Tone } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Code } from '../../ui/code.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useWords } from '../../words/words.tsx'

type Finding = DoctorAnswer['findings'][number]
const TONES: Record<Finding['state'], Tone> = { ok: 'good', warn: 'warn', broken: 'bad' }

/** What the server finds of itself and of what it needs. */
export function Page() {
  const w = useWords().settings
  const doctor = useQuery({
    queryKey: ['doctor'],
    queryFn: ({ signal }) => get<DoctorAnswer>(paths.doctor(), signal),
  })
  const columns: Column<Finding>[] = [
    { id: 'state', name: w.state, cell: ({ state }) => <Status tone={TONES[state]}>{w.findings[state]}</Status> },
    { id: 'part', name: w.part, cell: ({ part }) => part },
    { id: 'says', name: w.says, cell: ({ says }) => says },
  ]
  return (
    <Frame
      title={w.doctor}
      crumbs={[{ title: w.title, to: '/settings' }]}
      about={
        doctor.data && (
          <Status tone={doctor.data.healthy ? 'good' : 'bad'}>{doctor.data.healthy ? w.healthy : w.ill}</Status>
        )
      }
      actions={
        <Button isDisabled={doctor.isFetching} onPress={() => void doctor.refetch()}>
          {w.again}
        </Button>
      }
    >
      <Answer of={doctor}>
        {({ findings }) => (
          <Section>
            <Table label={w.doctor} columns={columns} rows={findings} keyOf={({ part }) => part} />
          </Section>
        )}
      </Answer>
      <Section plain>
        <p className="quiet">{w.fromOutside}</p>
        <Code text="weir doctor --verify" />
      </Section>
    </Frame>
  )
}
